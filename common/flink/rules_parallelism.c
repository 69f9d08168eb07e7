// SPDX-License-Identifier: Apache-2.0
// The parallelism law, and who may run how many JobManagers.
#include "common/flink/rules_run.h"

#include <inttypes.h>

static bool law_is_clean(const struct rule_run *r)
{
    const struct json *spec = r->now->spec.self;
    const struct json *tm = json_get_lit(spec, "taskManager");
    // A member with a schema fault was left out: the law can't be judged.
    return (!rule_stands(spec, "parallelism") || r->now->spec.parallelism.set) &&
           (!rule_stands(tm, "replicas") || r->now->spec.task_manager.replicas.set) &&
           (!rule_stands(tm, "slots") || r->now->spec.task_manager.slots.set);
}

void rule_parallelism_stored(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    if (r->e->reactive || !law_is_clean(r) || r->now->spec.parallelism.set) {
        return;
    }
    if (n->parallelism > 32768) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(SPEC, "parallelism"), SV_NONE,
                  "%" PRId64 " TaskManagers of %" PRId64 " slots make %" PRId64
                  ", more than 32768: set it",
                  n->replicas, r->e->slots, n->capacity);
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
    } else if (n->replicas > 10000) {
        rule_deny(r, CAUSE_REQUIRED, path, SV_NONE,
                  "parallelism %" PRId64 " needs %" PRId64 " TaskManagers of %" PRId64
                  " slots, more than 10000: give them more slots",
                  n->parallelism, n->replicas, r->e->slots);
    } else if (!r->before_defaults) {
        rule_deny(r, CAUSE_REQUIRED, path, SV_NONE,
                  "the mutating webhook did not run, which fills it in: set %" PRId64, n->replicas);
    }
}

void rule_parallelism_fits_slots(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    if (r->e->reactive || !law_is_clean(r) || n->fits) {
        return;
    }
    const struct path *path = UNDER(SPEC, "parallelism");
    if (r->e->adaptive || r->e->session) {
        rule_warn(r, path,
                  "%" PRId64 " is more than %" PRId64 " TaskManagers of %" PRId64
                  " slots have (%" PRId64 ")",
                  n->parallelism, n->replicas, r->e->slots, n->capacity);
        return;
    }
    rule_deny(r, CAUSE_INVALID, path, rule_number(r, n->parallelism),
              "does not fit %" PRId64 " TaskManagers of %" PRId64 " slots (%" PRId64 "): %" PRId64
              " TaskManagers would do",
              n->replicas, r->e->slots, n->capacity, n->needed);
}

void rule_slots_idle(struct rule_run *r)
{
    const struct law_result *n = &r->e->numbers;
    if (r->e->reactive || !law_is_clean(r) || n->replicas <= n->needed) {
        return;
    }
    rule_warn(r, UNDER(UNDER(SPEC, "taskManager"), "replicas"),
              "%" PRId64 " of %" PRId64 " slots are idle: parallelism %" PRId64 " needs %" PRId64
              " TaskManagers",
              n->idle, n->capacity, n->parallelism, n->needed);
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
