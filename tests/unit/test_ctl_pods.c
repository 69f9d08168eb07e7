// SPDX-License-Identifier: Apache-2.0
// What is read out of a pod's status, as Kubernetes 1.36 writes it.
#include "controller/pods.h"

#include "ctl_world_run.h"
#include "unit.h"

#define NOW  1767225600000 // 2026-01-01T00:00:00Z
#define MAIN "'name':'flink-main-container','image':'i','imageID':''"
#define READY                                                                                      \
    "'conditions':[{'type':'PodScheduled','status':'True'},{'type':'Ready','status':'True'}]"
#define UNREADY                                                                                    \
    "'conditions':[{'type':'PodScheduled','status':'True'},{'type':'Ready','status':'False'}]"

static struct world w;

static void setup(void)
{
    world_init(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                   "'taskManager':{'replicas':1}}");
    world_converge(&w);
}

static void done(void)
{
    world_done(&w);
}

/// The TaskManager pod with that status.
static struct pod_view read_pod(const char *status)
{
    struct observed observed;
    struct pod_list pods;
    world_pod(&w, POD_TASK_MANAGER, 0)->told = status;
    world_observe(&w, &observed);
    const struct reconcile rc = {
        .observed = &observed, .settings = &WORLD_SETTINGS, .arena = &w.arena};
    pods_read(&rc, &pods);
    ck_assert_uint_eq(pods.n, 2);
    return pods.items[1];
}

static void assert_trouble(const char *status, enum trouble_kind kind, const char *what)
{
    struct pod_view p = read_pod(status);
    int64_t look;
    struct pod_trouble t = pod_trouble_of(&p, NOW, TROUBLE_NONE, &look);
    struct strbuf b = STRBUF(4096);
    ck_assert_msg(t.kind == kind, "kind %d is not %d in %s", (int)t.kind, (int)kind, status);
    if (kind != TROUBLE_NONE) {
        trouble_put_what(&b, &t);
        ck_assert_msg(sv_eq_lit(strbuf_view(&b), what), "\"%.*s\" is not \"%s\"",
                      SV_ARG(strbuf_view(&b)), what);
        ck_assert(sv_eq(t.pod, p.name));
    }
    strbuf_done(&b);
}

static void assert_in(struct strview text, const char *part)
{
    ck_assert_msg(sv_find(text, sv_from(part)) != SIZE_MAX, "\"%.*s\" lacks \"%s\"", SV_ARG(text),
                  part);
}

#define WAITING(reason, message)                                                                   \
    "{'phase':'Pending'," UNREADY ",'containerStatuses':[{" MAIN                                   \
    ",'restartCount':0,'state':{'waiting':{'reason':'" reason "','message':'" message "'}}}]}"

START_TEST(pods__an_image_that_is_not_pulled_is_one_trouble_with_one_cause)
{
    assert_trouble(WAITING("ErrImagePull", "rpc error: code = NotFound desc = not found"),
                   TROUBLE_IMAGE_PULL,
                   "ImagePullBackOff: rpc error: code = NotFound desc = not found");
    assert_trouble(WAITING("ImagePullBackOff", "Back-off pulling image i: ErrImagePull: rpc error: "
                                               "code = NotFound desc = not found"),
                   TROUBLE_IMAGE_PULL,
                   "ImagePullBackOff: rpc error: code = NotFound desc = not found");
    assert_trouble(WAITING("InvalidImageName", "could not parse image reference"),
                   TROUBLE_IMAGE_NAME, "InvalidImageName: could not parse image reference");
    assert_trouble(WAITING("ErrImageNeverPull", "Container image i is not present with pull policy "
                                                "of Never"),
                   TROUBLE_IMAGE_PULL,
                   "ErrImageNeverPull: Container image i is not present with pull policy of Never");
}
END_TEST

START_TEST(pods__a_container_that_is_not_made_says_why)
{
    assert_trouble(WAITING("CreateContainerConfigError", "secret s not found"), TROUBLE_CONFIG,
                   "CreateContainerConfigError: secret s not found");
    assert_trouble(WAITING("RunContainerError", "exec: no such file"), TROUBLE_START,
                   "RunContainerError: exec: no such file");
    assert_trouble(WAITING("SomethingNew", ""), TROUBLE_START, "SomethingNew");
}
END_TEST

START_TEST(pods__a_crash_loop_tells_the_last_exit_and_the_log_s_cause)
{
    static const char *const LOOPS[] = {
        "{'phase':'Running'," UNREADY ",'containerStatuses':[{" MAIN
        ",'restartCount':3,'state':{'waiting':{'reason':'CrashLoopBackOff','message':'back-off 40s "
        "restarting failed container'}},'lastState':{'terminated':{'exitCode':1,'reason':'Error',"
        "'message':'a\\nCaused by: java.lang.ClassNotFoundException: a.B\\n\\tat c\\n'}}}]}",
        // Between two tries it is the same.
        "{'phase':'Running'," UNREADY ",'containerStatuses':[{" MAIN
        ",'restartCount':3,'state':{'terminated':{'exitCode':1,'reason':'Error','message':"
        "'Caused by: java.lang.ClassNotFoundException: a.B'}}}]}",
        "{'phase':'Running'," READY ",'containerStatuses':[{" MAIN
        ",'restartCount':3,'state':{'running':{'startedAt':'2025-12-31T23:59:50Z'}},'lastState':"
        "{'terminated':{'exitCode':1,'reason':'Error','message':"
        "'Caused by: java.lang.ClassNotFoundException: a.B'}}}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(LOOPS); i++) {
        assert_trouble(LOOPS[i], TROUBLE_CRASH_LOOP,
                       "CrashLoopBackOff, exit code 1: java.lang.ClassNotFoundException: a.B");
    }
}
END_TEST

#define RESTARTED(condition, restarts, reason, code, since)                                        \
    "{'phase':'Running'," condition ",'containerStatuses':[{" MAIN ",'restartCount':" restarts     \
    ",'state':{'running':{'startedAt':'" since "'}},'lastState':{'terminated':{'exitCode':" code   \
    ",'reason':'" reason "'}}}]}"

START_TEST(pods__one_restart_is_over_with_readiness_more_or_memory_with_ten_minutes)
{
    assert_trouble(RESTARTED(UNREADY, "1", "Error", "2", "2025-12-31T23:59:00Z"), TROUBLE_ENDED,
                   "Error, exit code 2");
    assert_trouble(RESTARTED(READY, "1", "Error", "2", "2025-12-31T23:59:00Z"), TROUBLE_NONE, "");
    assert_trouble(RESTARTED(READY, "2", "Error", "2", "2025-12-31T23:59:00Z"), TROUBLE_CRASH_LOOP,
                   "CrashLoopBackOff, exit code 2");
    assert_trouble(RESTARTED(READY, "9", "Error", "2", "2025-12-31T23:49:00Z"), TROUBLE_NONE, "");
    assert_trouble(RESTARTED(READY, "1", "OOMKilled", "137", "2025-12-31T23:59:00Z"),
                   TROUBLE_OUT_OF_MEMORY,
                   "OOMKilled, exit code 137: it needed more memory than its limit");
    assert_trouble(RESTARTED(READY, "1", "OOMKilled", "137", "2025-12-31T23:49:00Z"), TROUBLE_NONE,
                   "");
    assert_trouble(RESTARTED(READY, "3", "Completed", "0", "2025-12-31T23:59:00Z"), TROUBLE_NONE,
                   "");
    // And it is looked at again when that time is over.
    int64_t look;
    struct pod_view p = read_pod(RESTARTED(READY, "2", "Error", "2", "2025-12-31T23:59:00Z"));
    (void)pod_trouble_of(&p, NOW, TROUBLE_NONE, &look);
    ck_assert_int_eq(look, NOW - 60000 + POD_HEALTHY_MS);
}
END_TEST

START_TEST(pods__the_scheduler_s_words_are_told)
{
    assert_trouble("{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False',"
                   "'reason':'Unschedulable','message':'0/3 nodes are available: 3 Insufficient "
                   "cpu.'}]}",
                   TROUBLE_UNSCHEDULABLE,
                   "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.");
    assert_trouble("{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False',"
                   "'reason':'SchedulingGated','message':'held'}]}",
                   TROUBLE_GATED, "SchedulingGated: held");
}
END_TEST

START_TEST(pods__an_ended_pod_tells_its_own_reason_before_its_container_s)
{
    assert_trouble("{'phase':'Failed','reason':'Evicted','message':'The node was low on resource: "
                   "memory.','containerStatuses':[{" MAIN ",'state':{'terminated':{'exitCode':137,"
                   "'reason':'Error'}}}]}",
                   TROUBLE_EVICTED, "Evicted: The node was low on resource: memory.");
    assert_trouble("{'phase':'Failed','reason':'OutOfcpu','message':'Node did not have enough'}",
                   TROUBLE_NOT_ADMITTED, "OutOfcpu: Node did not have enough");
    assert_trouble("{'phase':'Failed','containerStatuses':[{" MAIN
                   ",'state':{'terminated':{'exitCode':137,'reason':'OOMKilled'}}}]}",
                   TROUBLE_OUT_OF_MEMORY,
                   "OOMKilled, exit code 137: it needed more memory than its limit");
    assert_trouble("{'phase':'Succeeded','containerStatuses':[{" MAIN
                   ",'state':{'terminated':{'exitCode':0,'reason':'Completed'}}}]}",
                   TROUBLE_ENDED, "Completed, exit code 0");
}
END_TEST

START_TEST(pods__an_init_container_s_failure_is_named_with_it)
{
    struct pod_view p = read_pod(
        "{'phase':'Pending'," UNREADY ",'initContainerStatuses':[{'name':'fetch','restartCount':2,"
        "'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':3,"
        "'reason':'Error'}}}],'containerStatuses':[{" MAIN
        ",'state':{'waiting':{'reason':'PodInitializing'}}}]}");
    ck_assert_int_eq(p.trouble.kind, TROUBLE_CRASH_LOOP);
    ck_assert(sv_eq_lit(p.trouble.container, "fetch"));
    ck_assert_int_eq(p.trouble.exit_code, 3);
}
END_TEST

START_TEST(pods__containers_long_in_the_making_are_told_after_five_minutes)
{
    static const char MAKING[] = "{'phase':'Pending'," UNREADY ",'containerStatuses':[{" MAIN
                                 ",'state':{'waiting':{'reason':'ContainerCreating'}}}]}";
    struct pod_view p = read_pod(MAKING);
    int64_t look;
    ck_assert_int_eq(pod_trouble_of(&p, p.created_ms + 1, TROUBLE_NONE, &look).kind, TROUBLE_NONE);
    ck_assert_int_eq(look, p.created_ms + POD_SLOW_MS);
    ck_assert_int_eq(pod_trouble_of(&p, look, TROUBLE_NONE, &look).kind, TROUBLE_SLOW);
    ck_assert_int_eq(look, 0);
}
END_TEST

START_TEST(pods__a_deleted_pod_s_end_is_a_deletion)
{
    world_pod(&w, POD_TASK_MANAGER, 0)->deleted_ms = w.now_ms;
    struct observed observed;
    struct pod_list pods;
    for (size_t i = 0; i < w.n; i++) {
        if (w.objects[i].deleted_ms != 0) {
            w.objects[i].told =
                "{'phase':'Failed','conditions':[{'type':'DisruptionTarget','status':'True',"
                "'reason':'EvictionByEvictionAPI','message':'m'}],'containerStatuses':[{" MAIN
                ",'restartCount':4,'state':{'terminated':{'exitCode':143,'reason':'Error',"
                "'startedAt':'2026-01-01T00:00:00Z','finishedAt':'2026-01-01T00:00:05Z'}}}]}";
        }
    }
    world_observe(&w, &observed);
    const struct reconcile rc = {
        .observed = &observed, .settings = &WORLD_SETTINGS, .arena = &w.arena};
    pods_read(&rc, &pods);
    const struct pod_view *p = &pods.items[1];
    int64_t look;
    ck_assert(p->ended && p->deleted_first);
    ck_assert(sv_eq_lit(pod_end_text(&rc, p), "deleted (EvictionByEvictionAPI)"));
    ck_assert_int_eq(pod_trouble_of(p, w.now_ms, TROUBLE_NONE, &look).kind, TROUBLE_NONE);
    // Who deletes a pod wants another: what the kubelet had restarted doesn't count.
    ck_assert_int_eq(pod_failures_after(p), 1);
}
END_TEST

START_TEST(pods__restarts_by_the_kubelet_count_when_the_pod_ends)
{
    world_pod(&w, POD_TASK_MANAGER, 0)->created_ms = NOW - 3600000;
    struct pod_view p = read_pod(
        "{'phase':'Failed','reason':'Evicted','message':'low','containerStatuses':[{" MAIN
        ",'restartCount':2,'state':{'terminated':{'exitCode':1,'reason':'Error','startedAt':"
        "'2025-12-31T23:59:00Z','finishedAt':'2026-01-01T00:00:00Z'}}}]}");
    ck_assert_int_eq(pod_failures_after(&p), 3);
    ck_assert_int_eq(pod_successor_due_ms(&p, NOW), NOW + 20000);
    // Ten minutes without a restart, and all is forgotten.
    p = read_pod(
        "{'phase':'Failed','reason':'Evicted','message':'low','containerStatuses':[{" MAIN
        ",'restartCount':2,'state':{'terminated':{'exitCode':1,'reason':'Error','startedAt':"
        "'2025-12-31T23:50:00Z','finishedAt':'2026-01-01T00:00:00Z'}}}]}");
    ck_assert_int_eq(pod_failures_after(&p), 1);
    ck_assert_int_eq(pod_successor_due_ms(&p, NOW), NOW);
}
END_TEST

/// A pod made ten minutes ago whose second failure was then, by the clock of its node.
static struct pod_view failed_at(int64_t ended_ms)
{
    return (struct pod_view){.created_ms = NOW - 600000,
                             .started_ms = ended_ms - 1000,
                             .ended_ms = ended_ms,
                             .ended = true,
                             .failures = 1};
}

START_TEST(pods__a_node_s_clock_that_is_off_neither_holds_up_the_next_one_nor_hurries_it)
{
    static const int64_t OFF[] = {3600000, -3600000};
    for (size_t i = 0; i < ARRAY_LEN(OFF); i++) {
        struct pod_view p = failed_at(NOW + OFF[i]);
        ck_assert_int_eq(pod_failures_after(&p), 2);
        ck_assert_int_eq(pod_successor_due_ms(&p, NOW), p.created_ms + 10000);
        ck_assert_int_eq(pod_successor_due_ms(&p, NOW + 5000), p.created_ms + 10000);
        // Ten minutes are ten minutes, on whichever clock.
        p.started_ms = p.ended_ms - POD_HEALTHY_MS;
        ck_assert_int_eq(pod_failures_after(&p), 1);
    }
    // A little ahead is usual: what is due then doesn't move from look to look.
    struct pod_view p = failed_at(NOW + 2000);
    ck_assert_int_eq(pod_successor_due_ms(&p, NOW), NOW + 12000);
    ck_assert_int_eq(pod_successor_due_ms(&p, NOW + 11000), NOW + 12000);
    // A deletion is told by the API server, a start by the node.
    p = (struct pod_view){.created_ms = NOW - 60000,
                          .started_ms = NOW - 3600000,
                          .ended_ms = NOW,
                          .deleting = true,
                          .deleted_first = true,
                          .failures = 1};
    ck_assert_int_eq(pod_failures_after(&p), 2);
    p.created_ms = NOW - 7200000;
    p.started_ms = NOW + 3600000;
    ck_assert_int_eq(pod_failures_after(&p), 1);
}
END_TEST

START_TEST(pods__when_our_own_clock_went_back_nobody_waits_for_it)
{
    struct pod_view p = failed_at(NOW);
    int64_t back = NOW - 3600000;
    ck_assert_int_le(pod_successor_due_ms(&p, back), back);
}
END_TEST

START_TEST(pods__hostile_statuses_are_read_as_nothing)
{
    static const char *const HOSTILE[] = {
        "{}",
        "null",
        "[]",
        "{'phase':1,'conditions':{},'containerStatuses':'x','initContainerStatuses':[[],1,null]}",
        "{'containerStatuses':[{'name':[],'restartCount':-5,'state':[]}]}",
        "{'containerStatuses':[{'state':{'running':{'startedAt':'yesterday'}}}]}",
        "{'containerStatuses':[{'state':{},'lastState':{'terminated':{'exitCode':''}}}]}",
        "{'conditions':[{'type':'PodScheduled','status':false,'reason':[]}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(HOSTILE); i++) {
        assert_trouble(HOSTILE[i], TROUBLE_NONE, "");
    }
}
END_TEST

START_TEST(pods__a_new_trouble_is_told_once_in_condition_and_event)
{
    world_pod(&w, POD_TASK_MANAGER, 0)->told = WAITING("ErrImagePull", "not found");
    world_step(&w);
    ck_assert(world_event(&w, "PodTrouble"));
    assert_in(world_condition(&w, "Degraded", "message"),
              ": container flink-main-container: ImagePullBackOff: not found");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    // The same in other words is no news.
    world_pod(&w, POD_TASK_MANAGER, 0)->told = WAITING("ImagePullBackOff", "Back-off");
    world_step(&w);
    ck_assert(!world_event(&w, "PodTrouble"));
}
END_TEST

START_TEST(pods__a_lone_job_manager_that_does_not_go_says_what_is_waited_for)
{
    struct observed observed;
    struct pod_list pods;
    int64_t look;
    world_pod(&w, POD_JOB_MANAGER, 0)->deleted_ms = w.now_ms;
    world_observe(&w, &observed);
    const struct reconcile rc = {
        .observed = &observed, .settings = &WORLD_SETTINGS, .arena = &w.arena};
    pods_read(&rc, &pods);
    const struct pod_view *p = &pods.items[0];
    ck_assert_int_eq(pod_trouble_of(p, w.now_ms, TROUBLE_LOCKED, &look).kind, TROUBLE_NONE);
    ck_assert_int_eq(look, w.now_ms + 30000 + POD_STUCK_MS);
    ck_assert_int_eq(pod_trouble_of(p, look, TROUBLE_LOCKED, &look).kind, TROUBLE_LOCKED);
    // Where others may stand beside it, nobody waits for it.
    ck_assert_int_eq(pod_trouble_of(p, w.now_ms + 999999, TROUBLE_NONE, &look).kind, TROUBLE_NONE);
    // The controller looks again by itself.
    world_settle(&w, 4);
    (void)world_plan(&w);
    ck_assert_int_eq(w.plan.requeue_after_ms, 30000 + POD_STUCK_MS);
    w.now_ms += 30000 + POD_STUCK_MS;
    world_settle(&w, 4);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 0);
    assert_in(world_condition(&w, "Degraded", "message"), "kubectl delete pod --force");
}
END_TEST

/// The first FROM in what is stored of POD becomes TO, in that generation.
static void edit_pod(struct world_object *pod, const char *from, const char *to, int generation)
{
    struct strview old = pod->body;
    size_t at = sv_find(old, sv_from(from));
    ck_assert_uint_ne(at, SIZE_MAX);
    struct strview text = arena_printf(&w.arena, "%.*s%s%.*s", SV_ARG(sv_sub(old, 0, at)), to,
                                       SV_ARG(sv_from_pos(old, at + strlen(from))));
    pod->body = text;
    if (generation == 0) {
        return; // it has one
    }
    at = sv_find(text, SV("\"metadata\":{"));
    pod->body =
        arena_printf(&w.arena, "%.*s\"metadata\":{\"generation\":%d,%.*s",
                     SV_ARG(sv_sub(text, 0, at)), generation, SV_ARG(sv_from_pos(text, at + 12)));
}

START_TEST(pods__edited_resources_are_compared_as_quantities_and_replaced)
{
    struct world_object *pod = world_pod(&w, POD_TASK_MANAGER, 0);
    struct strview uid = pod->uid;
    edit_pod(pod, "\"limits\":{\"memory\":\"1728Mi\"", "\"limits\":{\"memory\":\"1811939328\"", 2);
    world_settle(&w, 4);
    ck_assert(sv_eq(world_pod(&w, POD_TASK_MANAGER, 0)->uid, uid));
    edit_pod(pod, "\"limits\":{\"memory\":\"1811939328\"", "\"limits\":{\"memory\":\"2Gi\"", 0);
    world_step(&w);
    ck_assert(world_event(&w, "PodChanged"));
    world_converge(&w);
    ck_assert(!sv_eq(world_pod(&w, POD_TASK_MANAGER, 0)->uid, uid));
}
END_TEST

START_TEST(pods__an_edited_image_is_replaced_but_not_one_that_was_so_from_the_start)
{
    struct world_object *pod = world_pod(&w, POD_JOB_MANAGER, 0);
    struct strview uid = pod->uid;
    edit_pod(pod, "flink:1.20.1", "mirror/flink:1.20.1", 2);
    world_step(&w);
    ck_assert(world_event(&w, "PodChanged"));
    world_converge(&w);
    pod = world_pod(&w, POD_JOB_MANAGER, 0);
    ck_assert(!sv_eq(pod->uid, uid));
    uid = pod->uid;
    // An admission webhook's doing: it would do it again.
    edit_pod(pod, "flink:1.20.1", "mirror/flink:1.20.1", 1);
    world_settle(&w, 4);
    ck_assert(sv_eq(world_pod(&w, POD_JOB_MANAGER, 0)->uid, uid));
}
END_TEST

UNIT_MAIN(setup, done, pods__an_image_that_is_not_pulled_is_one_trouble_with_one_cause,
          pods__a_container_that_is_not_made_says_why,
          pods__a_crash_loop_tells_the_last_exit_and_the_log_s_cause,
          pods__one_restart_is_over_with_readiness_more_or_memory_with_ten_minutes,
          pods__the_scheduler_s_words_are_told,
          pods__an_ended_pod_tells_its_own_reason_before_its_container_s,
          pods__an_init_container_s_failure_is_named_with_it,
          pods__containers_long_in_the_making_are_told_after_five_minutes,
          pods__a_deleted_pod_s_end_is_a_deletion,
          pods__restarts_by_the_kubelet_count_when_the_pod_ends,
          pods__a_node_s_clock_that_is_off_neither_holds_up_the_next_one_nor_hurries_it,
          pods__when_our_own_clock_went_back_nobody_waits_for_it,
          pods__hostile_statuses_are_read_as_nothing,
          pods__a_new_trouble_is_told_once_in_condition_and_event,
          pods__a_lone_job_manager_that_does_not_go_says_what_is_waited_for,
          pods__edited_resources_are_compared_as_quantities_and_replaced,
          pods__an_edited_image_is_replaced_but_not_one_that_was_so_from_the_start)
