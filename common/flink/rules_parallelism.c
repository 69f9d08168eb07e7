// SPDX-License-Identifier: Apache-2.0
// The parallelism law, and who may run how many JobManagers.
#include "common/flink/rules_run.h"

#include <inttypes.h>

static bool law_is_clean(const struct rule_run *r)
{
    const struct json *spec = r->now->spec.self;
    const struct json *tm = r->now->spec.task_manager.self;
    // A member with a schema fault was left out: the law can't be judged.
    return (r->now->spec.parallelism.set || !rule_stands(spec, "parallelism")) &&
           (r->now->spec.task_manager.replicas.set || !rule_stands(tm, "replicas")) &&
           (r->now->spec.task_manager.slots.set || !rule_stands(tm, "slots"));
}

/// "1 slot", "4 TaskManagers".
static struct strview counted(const struct rule_run *r, int64_t n, const char *what)
{
    return arena_printf(r->arena, "%" PRId64 " %s%s", n, what, n == 1 ? "" : "s");
}

/// "4 TaskManagers of 2 slots".
static struct strview task_managers(const struct rule_run *r, int64_t n)
{
    return arena_printf(r->arena, "%.*s of %.*s", SV_ARG(counted(r, n, "TaskManager")),
                        SV_ARG(counted(r, r->e->slots, "slot")));
}

void rule_parallelism_stored(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    if (r->e->reactive || !law_is_clean(r) || r->now->spec.parallelism.set) {
        return;
    }
    if (n->parallelism > LAW_PARALLELISM_MAX) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(SPEC, "parallelism"), SV_NONE,
                  "%.*s make %" PRId64 ", more than %d: set it",
                  SV_ARG(task_managers(r, n->replicas)), n->capacity, LAW_PARALLELISM_MAX);
    } else if (!r->before_defaults) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(SPEC, "parallelism"), SV_NONE,
                  "the mutating webhook did not run, which fills it in: set %" PRId64,
                  n->parallelism);
    }
}

void rule_replicas_stored(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    const struct path *path = UNDER(UNDER(SPEC, "taskManager"), "replicas");
    if (!law_is_clean(r) || r->now->spec.task_manager.replicas.set) {
        return;
    }
    if (r->e->reactive) {
        rule_deny(r, CAUSE_REQUIRED, path, SV_NONE, "reactive mode uses as many as you say here");
    } else if (n->replicas > LAW_REPLICAS_MAX) {
        rule_deny(r, CAUSE_REQUIRED, path, SV_NONE,
                  "parallelism %" PRId64 " needs %.*s, more than %d: give them more slots",
                  n->parallelism, SV_ARG(task_managers(r, n->replicas)), LAW_REPLICAS_MAX);
    } else if (!r->before_defaults) {
        rule_deny(r, CAUSE_REQUIRED, path, SV_NONE,
                  "the mutating webhook did not run, which fills it in: set %" PRId64, n->replicas);
    }
}

/// Too few by `scale`. A step towards what is needed is let in.
static void scale_fits(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    const struct path *path = UNDER(SPEC, "replicas");
    bool nearer = r->old_e != NULL && n->replicas > r->old_e->numbers.replicas;
    if (r->e->adaptive || r->e->session || nearer) {
        rule_warn(r, path, "parallelism %" PRId64 " needs %.*s", n->parallelism,
                  SV_ARG(task_managers(r, n->needed)));
        return;
    }
    rule_deny(r, CAUSE_INVALID, path, rule_number(r, n->replicas),
              "parallelism %" PRId64
              " needs %.*s: change spec.parallelism of the FlinkCluster first",
              n->parallelism, SV_ARG(task_managers(r, n->needed)));
}

void rule_parallelism_fits_slots(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    if (r->e->reactive || !law_is_clean(r) || n->fits) {
        return;
    }
    if (r->scale) {
        scale_fits(r);
        return;
    }
    const struct path *path = UNDER(SPEC, "parallelism");
    if (r->e->adaptive || r->e->session) {
        rule_warn(r, path, "%" PRId64 " is more than the %.*s of %.*s", n->parallelism,
                  SV_ARG(counted(r, n->capacity, "slot")),
                  SV_ARG(counted(r, n->replicas, "TaskManager")));
        return;
    }
    rule_deny(r, CAUSE_INVALID, path, rule_number(r, n->parallelism),
              "does not fit %.*s (%" PRId64 "): %.*s would do",
              SV_ARG(task_managers(r, n->replicas)), n->capacity,
              SV_ARG(counted(r, n->needed, "TaskManager")));
}

void rule_slots_idle(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    if (r->e->reactive || !law_is_clean(r) || n->replicas <= n->needed) {
        return;
    }
    const struct path *path =
        r->scale ? UNDER(SPEC, "replicas") : UNDER(UNDER(SPEC, "taskManager"), "replicas");
    rule_warn(r, path, "%" PRId64 " of %.*s idle: parallelism %" PRId64 " needs %.*s", n->idle,
              SV_ARG(counted(r, n->capacity, "slot")), n->parallelism,
              SV_ARG(counted(r, n->needed, "TaskManager")));
}

void rule_reactive_parallelism(struct rule_run *r)
{
    if (r->e->reactive && r->e->parallelism_given) {
        rule_deny(r, CAUSE_FORBIDDEN, UNDER(SPEC, "parallelism"),
                  rule_number(r, r->now->spec.parallelism.v),
                  "reactive mode uses all slots: set taskManager.replicas alone");
    }
}

void rule_reactive_application(struct rule_run *r)
{
    if (r->e->reactive && !rule_stands(r->now->spec.self, "job")) {
        const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
        rule_deny(r, CAUSE_FORBIDDEN, &PATH_KEY_OF(&conf, SV("scheduler-mode")), SV_NONE,
                  "Flink has reactive mode for applications alone: add `job`, or drop the key");
    }
}

/// The CRD's own rule (CEL) refuses it when there is no HA directory either; not twice.
static bool schema_refuses(const struct cluster_spec *spec)
{
    const struct json *conf = json_get_lit(spec->self, "flinkConfiguration");
    return !rule_stands(conf, "high-availability.storageDir") &&
           !rule_stands(json_get_lit(conf, "high-availability"), "storageDir");
}

void rule_job_managers_need_storage(struct rule_run *r)
{
    if (r->e->job_manager_replicas > 1 && !r->e->storage_known && !schema_refuses(&r->now->spec) &&
        !rule_stands(json_get_lit(r->now->spec.self, "storage"), "root")) {
        rule_deny(r, CAUSE_INVALID, UNDER(UNDER(SPEC, "jobManager"), "replicas"),
                  rule_number(r, r->e->job_manager_replicas),
                  "more than one needs storage: set storage.root (or the checkpoint and savepoint "
                  "directories beside the HA directory)");
    }
}
