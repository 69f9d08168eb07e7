// SPDX-License-Identifier: Apache-2.0
// What must hold whatever happens: a random life of a cluster, checked after every single write.
#include "controller/flink/observation.h"
#include "controller/record.h"
#include "ctl_world_run.h"
#include "unit.h"

#define LIVES 60
#define TURNS 60

static struct world w;

static void done(void)
{
    world_done(&w);
}

/// xorshift64: the same lives in every run.
static uint64_t state;

static unsigned draw(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % n);
}

struct life {
    bool session, ha, stateless, suspended;
    unsigned image, replicas, job_managers;
};

static void edit(const struct life *l)
{
    struct strview ha = l->ha ? SV("'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],") : SV("");
    struct strview job =
        l->session
            ? SV("")
            : arena_printf(&w.arena, ",'job':{'entryClass':'a.B','upgradeMode':'%s','state':'%s'}",
                           l->stateless ? "Stateless" : "Savepoint",
                           l->suspended ? "Suspended" : "Running");
    struct strview spec =
        arena_printf(&w.arena,
                     "{'image':'flink:1.20.%u','flinkVersion':'1.20','parallelism':1,%.*s"
                     "'jobManager':{'replicas':%u},'taskManager':{'replicas':%u}%.*s}",
                     l->image, SV_ARG(ha), l->job_managers, l->replicas, SV_ARG(job));
    world_edit(&w, spec.ptr);
}

static struct life new_life(void)
{
    struct life l = {.session = draw(3) == 0,
                     .ha = draw(2) == 0,
                     .stateless = draw(2) == 0,
                     .image = draw(3),
                     .replicas = 1 + draw(4)};
    l.stateless = l.stateless || !l.ha;
    l.job_managers = l.ha ? 1 + draw(3) : 1;
    return l;
}

static struct world_object *any_pod(void)
{
    for (unsigned tries = 0; tries < 20 && w.n > 0; tries++) {
        struct world_object *x = &w.objects[draw((unsigned)w.n)];
        if (x->kind == CHILD_POD) {
            return x;
        }
    }
    return NULL;
}

static void happen_to_pod(struct world_object *pod)
{
    switch (draw(5)) {
    case 0:
        if (pod->deleted_ms == 0) {
            pod->deleted_ms = w.now_ms;
            pod->ready = false;
        }
        break;
    case 1:
        world_fail(&w, pod, "Error");
        break;
    case 2:
        pod->phase = pod->phase == WORLD_PENDING ? WORLD_RUNNING : pod->phase;
        pod->started_ms = w.now_ms;
        break;
    case 3:
        pod->ready = pod->phase == WORLD_RUNNING && pod->deleted_ms == 0;
        break;
    default:
        world_remove(&w, pod);
        break;
    }
}

/// Flink tells of some TaskManagers, with some slots free, or has told it before.
static void tell(void)
{
    static struct flink_observation flink;
    static struct flink_task_manager known[WORLD_OBJECTS_MAX];
    flink = FLINK_OBSERVATION_NONE;
    for (size_t i = 0; i < world_live(&w, POD_TASK_MANAGER); i++) {
        if (draw(4) != 0) {
            known[flink.n_task_managers++] = (struct flink_task_manager){
                .id = world_pod(&w, POD_TASK_MANAGER, i)->name, .slots = 2, .slots_free = draw(3)};
        }
    }
    flink.contact = draw(3) == 0 ? FLINK_CONTACT_LOST : FLINK_CONTACT_ANSWERS;
    flink.task_managers_known = draw(4) != 0;
    flink.task_managers = known;
    w.flink = draw(5) == 0 ? NULL : &flink;
    struct world_object *leader = world_pod(&w, POD_JOB_MANAGER, draw(3));
    w.leader = leader != NULL ? leader->name : SV_NONE;
}

/// The run by whose metadata Flink works in POD, or SV_NONE.
static struct strview run_of(const struct world_object *pod)
{
    const struct json *labels =
        json_get_path(world_parse(&w, pod->body), "metadata", "labels", NULL);
    return json_get_string(labels, SV(LABEL_RUN));
}

static bool has_map(struct strview run, struct strview job)
{
    for (size_t i = 0; i < w.n_ha; i++) {
        if (sv_eq(w.ha[i].run, run) && sv_eq(w.ha[i].job_id, job)) {
            return true;
        }
    }
    return false;
}

/// Flink in POD writes metadata of its run: of the cluster, or of a job.
static void write_metadata(const struct world_object *pod)
{
    static const struct strview JOB = SV_INIT("0123456789abcdef0123456789abcdef");
    struct strview job = draw(2) == 0 ? SV_NONE : JOB;
    bool runs = pod->phase == WORLD_RUNNING && pod->deleted_ms == 0;
    if (runs && w.n_ha < WORLD_HA_MAX && !has_map(run_of(pod), job)) {
        world_ha(&w, run_of(pod), job, draw(2) == 0 ? "10.0.0.1" : NULL);
    }
}

/// What another cluster of this name left under the name of a run that is yet to come.
static void leave_foreign(void)
{
    struct observed observed;
    world_observe(&w, &observed);
    struct strview run = run_id_make(&w.arena, WORLD_SETTINGS.hash, observed.uid,
                                     record_last_number(&observed) + 1 + draw(3));
    if (w.n_ha < WORLD_HA_MAX / 2 && !has_map(run, SV_NONE)) {
        world_ha(&w, run, SV_NONE, NULL)->owner_uid = SV("another");
    }
}

static bool is_foreign(const struct ha_map *m)
{
    return sv_eq_lit(m->owner_uid, "another");
}

static void happen(struct life *l)
{
    struct world_object *pod = any_pod();
    w.now_ms += 1000 * draw(40);
    switch (draw(13)) {
    case 0:
        l->replicas = 1 + draw(5);
        edit(l);
        break;
    case 1:
        l->image = draw(3);
        edit(l);
        break;
    case 2:
        l->suspended = !l->session && !l->suspended;
        edit(l);
        break;
    case 3:
        world_kubelet(&w);
        break;
    case 4:
        tell();
        break;
    case 5:
        l->job_managers = l->ha ? 1 + draw(3) : 1;
        edit(l);
        break;
    case 6:
    case 7:
        if (pod != NULL && l->ha) {
            write_metadata(pod);
        }
        break;
    case 8:
        leave_foreign();
        break;
    default:
        if (pod != NULL) {
            happen_to_pod(pod);
        }
        break;
    }
}

/// What a watcher beside us may see at any moment.
static void assert_promises(size_t job_managers, size_t task_managers, bool ha)
{
    struct strview revision = SV_NONE;
    size_t running = 0;
    for (size_t i = 0; i < w.n; i++) {
        struct pod_name id;
        const struct world_object *x = &w.objects[i];
        if (x->kind != CHILD_POD || x->phase == WORLD_FAILED) {
            continue;
        }
        ck_assert(pod_name_parse(SV("fraud"), x->name, &id));
        running += id.role == POD_JOB_MANAGER;
        for (size_t k = 0; k < w.n_ha; k++) {
            ck_assert_msg(!is_foreign(&w.ha[k]) || !sv_eq(w.ha[k].run, run_of(x)),
                          "a run upon another's metadata");
        }
        ck_assert_msg(!sv_present(revision) || sv_eq(revision, id.revision),
                      "two revisions at once");
        revision = id.revision;
    }
    // A JobManager that terminates still runs: without HA it counts.
    ck_assert_uint_le(ha ? 0 : running, 1);
    ck_assert_uint_le(world_live(&w, POD_JOB_MANAGER), job_managers);
    ck_assert_uint_le(world_live(&w, POD_TASK_MANAGER), task_managers);
}

static void assert_same(const struct actions *a, const struct actions *b)
{
    ck_assert_uint_eq(a->n, b->n);
    ck_assert_int_eq(a->requeue_after_ms, b->requeue_after_ms);
    for (size_t i = 0; i < a->n; i++) {
        ck_assert_int_eq(a->items[i].verb, b->items[i].verb);
        ck_assert(sv_eq(a->items[i].name, b->items[i].name));
        ck_assert(sv_eq(a->items[i].body, b->items[i].body));
        ck_assert(sv_eq(a->items[i].event.message, b->items[i].event.message));
    }
}

/// It is deleted in the midst of what it does, and more happens to its pods.
static void end_life(void)
{
    w.deleting = true;
    w.deleted_ms = w.now_ms;
    w.generation++;
    for (int turn = 0; turn < 8 && !w.gone; turn++) {
        struct world_object *pod = any_pod();
        size_t pods = world_count(&w, CHILD_POD);
        if (pod != NULL) {
            happen_to_pod(pod);
        }
        world_step(&w);
        ck_assert_uint_le(world_count(&w, CHILD_POD), pods);
    }
    for (int i = 0; i < 20 && !w.gone; i++) {
        world_step(&w);
        world_kubelet(&w);
    }
    ck_assert(w.gone);
    ck_assert(!world_event(&w, "DeletionCutShort"));
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER) + world_live(&w, POD_TASK_MANAGER), 0);
    for (size_t i = 0; i < w.n_ha; i++) {
        ck_assert(is_foreign(&w.ha[i]));
    }
}

START_TEST(plan__never_makes_more_than_was_asked_for)
{
    state = 0x9E3779B97F4A7C15U + (uint64_t)_i * 0x1000193U;
    struct life l = new_life();
    world_init(&w, "{}");
    w.generation = 0;
    edit(&l);
    size_t most = l.replicas;
    size_t most_leading = l.job_managers;
    for (int turn = 0; turn < TURNS; turn++) {
        happen(&l);
        // Old plans may have been for more: what was ever asked for is the bound.
        most = l.replicas > most ? l.replicas : most;
        most_leading = l.job_managers > most_leading ? l.job_managers : most_leading;
        struct actions before = *world_plan(&w);
        assert_same(&before, world_plan(&w));
        world_step(&w);
        assert_promises(most_leading, most, l.ha);
        if (turn % 8 == 0) {
            world_settle(&w, 10); // a plan of its own results is empty in the end
        }
    }
    if (_i % 2 != 0 && w.finalizers.len > 0) {
        end_life();
        return;
    }
    w.now_ms += 600000;
    world_converge(&w);
    for (size_t i = 0; i < w.n_ha; i++) {
        ck_assert(is_foreign(&w.ha[i]) || sv_eq(w.ha[i].run, world_run(&w)));
    }
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    ck_assert_int_eq(w.plan.requeue_after_ms, 0);
    if (l.session || l.stateless) {
        bool runs = !l.suspended;
        ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), runs ? l.replicas : 0);
        ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), runs ? l.job_managers : 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("properties");
    TCase *tcase = tcase_create("lives");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, done);
    tcase_add_loop_test(tcase, plan__never_makes_more_than_was_asked_for, 0, LIVES);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
