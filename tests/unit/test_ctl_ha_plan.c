// SPDX-License-Identifier: Apache-2.0
// What becomes of Flink's HA ConfigMaps, on a world in memory.
#include "ctl_world_run.h"
#include "unit.h"

#define HA_WITH(image)                                                                             \
    "{'image':'flink:" image "','flinkVersion':'1.20','parallelism':4,"                            \
    "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},"             \
    "'taskManager':{'replicas':2,'slots':2},"                                                      \
    "'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}"
#define FIRST  HA_WITH("1.20.1")
#define SECOND HA_WITH("1.20.2")

static struct world w;

static void done(void)
{
    world_done(&w);
}

static void start(void)
{
    world_init(&w, FIRST);
    world_converge(&w);
}

static const struct action *find_action(enum action_verb verb, struct strview name)
{
    for (size_t i = 0; i < w.plan.n; i++) {
        if (w.plan.items[i].verb == verb && sv_eq(w.plan.items[i].name, name)) {
            return &w.plan.items[i];
        }
    }
    return NULL;
}

/// A world of its own, before anything is done: the id that its first run would get.
static struct strview first_run(void)
{
    static char text[RUN_DIGITS];
    start();
    struct strview run = world_run(&w);
    ck_assert_uint_eq(run.len, sizeof(text));
    memcpy(text, run.ptr, sizeof(text));
    world_done(&w);
    world_init(&w, FIRST);
    return sv_make(text, sizeof(text));
}

START_TEST(ha_plan__the_run_s_config_maps_are_adopted_once)
{
    start();
    struct ha_map *m = world_ha(&w, world_run(&w), SV_NONE, "10.0.0.1");
    world_ha(&w, world_run(&w), SV("0123456789abcdef0123456789abcdef"), NULL);
    world_plan(&w);
    ck_assert_uint_eq(w.plan.n, 2);
    const struct action *a = find_action(ACTION_ADOPT, m->name);
    ck_assert_ptr_nonnull(a);
    // Nothing but the owner, of this very object; it does not hold up a foreground deletion.
    const struct json *body = world_parse(&w, a->body);
    const struct json *metadata = json_get_lit(body, "metadata");
    const struct json *owner = json_first(json_get_lit(metadata, "ownerReferences"));
    ck_assert_uint_eq(json_count(body), 1);
    ck_assert_uint_eq(json_count(metadata), 2);
    ck_assert(sv_eq(json_get_string(metadata, SV("uid")), m->uid));
    ck_assert(sv_eq_lit(json_get_string(owner, SV("uid")), WORLD_UID));
    ck_assert_ptr_null(json_get_lit(owner, "blockOwnerDeletion"));
    world_converge(&w);
    ck_assert_uint_eq(w.n_ha, 2);
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(ha_plan__those_of_a_run_that_is_over_go_after_its_last_pod)
{
    start();
    struct strview old = world_run(&w);
    world_ha(&w, old, SV_NONE, "10.0.0.1");
    world_ha(&w, old, SV("0123456789abcdef0123456789abcdef"), NULL);
    world_converge(&w);
    world_edit(&w, SECOND);
    world_settle(&w, 10);
    ck_assert(!sv_eq(world_run(&w), old));
    ck_assert_uint_eq(w.n_ha, 2); // old pods are terminating
    world_converge(&w);
    ck_assert_uint_eq(w.n_ha, 0);
}
END_TEST

START_TEST(ha_plan__a_pod_that_nobody_sees_keeps_its_run_s_config_maps)
{
    start();
    world_ha(&w, world_run(&w), SV_NONE, "10.0.0.1");
    world_converge(&w);
    struct world_object *pod = world_pod(&w, POD_JOB_MANAGER, 0);
    pod->hidden = true;
    world_edit(&w, SECOND);
    for (int i = 0; i < 5; i++) {
        world_step(&w);
        world_kubelet(&w);
    }
    ck_assert_uint_eq(w.n_ha, 1);
    world_remove(&w, world_lookup(&w, CHILD_POD, pod->name));
    world_converge(&w);
    ck_assert_uint_eq(w.n_ha, 0);
}
END_TEST

START_TEST(ha_plan__anothers_are_never_touched)
{
    start();
    struct strview run = world_run(&w);
    world_ha(&w, SV("zzz9"), SV_NONE, "10.0.0.1");          // no run of ours
    world_ha(&w, run, SV_NONE, NULL)->owner_uid = SV("u2"); // somebody else's
    world_ha(&w, run, SV("0123456789abcdef0123456789abcdef"), NULL)->created_ms = 1767225599000;
    world_converge(&w);
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    world_edit(&w, SECOND);
    world_converge(&w);
    ck_assert_uint_eq(w.n_ha, 3);
    ck_assert_uint_eq(w.ha[0].owner_uid.len, 0);
    ck_assert_uint_eq(w.ha[2].owner_uid.len, 0);
}
END_TEST

START_TEST(ha_plan__a_run_whose_config_maps_are_anothers_is_passed_over)
{
    struct strview taken = first_run();
    world_ha(&w, taken, SV_NONE, NULL)->owner_uid = SV("u2");
    world_converge(&w);
    ck_assert(!sv_eq(world_run(&w), taken));
    ck_assert_ptr_nonnull(world_find(&w, CHILD_REVISION, "fraud-r2"));
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 2);
    ck_assert_uint_eq(w.n_ha, 1);
}
END_TEST

START_TEST(ha_plan__one_that_is_older_than_the_cluster_is_anothers)
{
    struct strview taken = first_run();
    world_ha(&w, taken, SV_NONE, NULL)->created_ms = 1767225599000;
    world_converge(&w);
    ck_assert(!sv_eq(world_run(&w), taken));
    ck_assert_uint_eq(w.n_ha, 1);
}
END_TEST

START_TEST(ha_plan__no_pod_starts_upon_anothers_metadata)
{
    world_init(&w, FIRST);
    world_step(&w);
    struct ha_map *m = world_ha(&w, world_run(&w), SV_NONE, NULL);
    m->owner_uid = SV("u2");
    for (int i = 0; i < 5; i++) {
        world_step(&w);
    }
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER) + world_live(&w, POD_TASK_MANAGER), 0);
    ck_assert(world_event(&w, "ForeignMetadata"));
    ck_assert_int_eq(w.plan.requeue_after_ms, 10000);
    w.n_ha = 0;
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 2);
}
END_TEST

START_TEST(ha_plan__our_own_are_known_without_an_owner_and_without_records)
{
    start();
    struct strview run = world_run(&w);
    world_ha(&w, run, SV_NONE, NULL);
    // Somebody deleted the records; the status still tells how many there were.
    world_remove(&w, world_find(&w, CHILD_REVISION, "fraud-r1"));
    world_converge(&w);
    ck_assert_ptr_nonnull(world_find(&w, CHILD_REVISION, "fraud-r2"));
    ck_assert_uint_eq(w.n_ha, 0); // adopted, then cleaned with their run
}
END_TEST

UNIT_MAIN(NULL, done, ha_plan__the_run_s_config_maps_are_adopted_once,
          ha_plan__those_of_a_run_that_is_over_go_after_its_last_pod,
          ha_plan__a_pod_that_nobody_sees_keeps_its_run_s_config_maps,
          ha_plan__anothers_are_never_touched,
          ha_plan__a_run_whose_config_maps_are_anothers_is_passed_over,
          ha_plan__one_that_is_older_than_the_cluster_is_anothers,
          ha_plan__no_pod_starts_upon_anothers_metadata,
          ha_plan__our_own_are_known_without_an_owner_and_without_records)
