// SPDX-License-Identifier: Apache-2.0
#include "common/flink/rules.h"

#include "common/base/macros.h"
#include "common/flink/rules_run.h"

#define CREATE 1U
#define UPDATE 2U
#define DELETE 4U
#define SCALE  8U
#define ALWAYS (CREATE | UPDATE)

#define CONF_FAULTS_MAX 64

static const struct {
    void (*judge)(struct rule_run *r);
    const char *id;
    unsigned when;
} RULES[] = {
#define RULE(id, when, summary, why) {rule_##id, #id, when},
#include "common/flink/rules.def"
#undef RULE
};

static const struct flink_rule_info INFOS[] = {
#define RULE(id, when, summary, why)                                                               \
    {#id, summary, why, ((when)&CREATE) != 0, ((when)&UPDATE) != 0, ((when)&DELETE) != 0},
#include "common/flink/rules.def"
#undef RULE
};

const char *const RULE_ROLE_FIELDS[RULE_ROLES] = {
    [FLINK_JOB_MANAGER] = "jobManager",
    [FLINK_TASK_MANAGER] = "taskManager",
};

const struct flink_rule_info *flink_rule_infos(size_t *count)
{
    *count = ARRAY_LEN(INFOS);
    return INFOS;
}

struct strview rule_quote(const struct rule_run *r, struct strview s)
{
    return violation_quote(r->arena, s);
}

struct strview rule_number(const struct rule_run *r, int64_t v)
{
    return arena_printf(r->arena, "%lld", (long long)v);
}

bool rule_stands(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, sv_from(key));
    return v != NULL && json_type(v) != JSON_NULL;
}

struct strview rule_annotation(const struct flink_cluster *c, const char *key)
{
    return json_get_string(json_get_lit(c->metadata, "annotations"), sv_from(key));
}

bool rule_carries_state(const struct rule_run *r)
{
    return !r->e->session && !sv_eq_lit(r->e->upgrade_mode, "Stateless");
}

void rule_adopt(struct rule_run *r, size_t mark)
{
    for (size_t i = mark; i < r->out->count; i++) {
        r->out->items[i].rule = r->id;
    }
}

/// Most updates leave the configuration as it is: then it is not read twice.
static void read_old(const struct flink_rules_input *in, const struct flink_effective *now,
                     struct arena *arena, struct flink_effective *ret)
{
    if (json_equal(in->now->spec.flink_configuration, in->old->spec.flink_configuration)) {
        flink_effective_read_with(in->old, &now->conf, arena, ret);
    } else {
        flink_effective_read(in->old, arena, NULL, ret);
    }
}

/// Of both roles; NULL: the arena is full.
static const struct flink_effective_resources *
read_resources(const struct flink_cluster *c, const struct flink_effective *e, struct arena *arena)
{
    struct flink_effective_resources *both =
        arena_alloc(arena, RULE_ROLES * sizeof(struct flink_effective_resources));
    for (unsigned role = 0; both != NULL && role < RULE_ROLES; role++) {
        flink_effective_resources_read(c, e, (enum flink_role)role, arena, &both[role]);
    }
    return both;
}

/// Every rule of WHEN over NOW.
static void judge(const struct flink_rules_input *in, unsigned when, struct violations *out)
{
    struct arena *arena = out->arena;
    struct violations conf_faults = VIOLATIONS(arena, CONF_FAULTS_MAX);
    UNINITIALIZED struct flink_effective e, old_e;
    flink_effective_read(in->now, arena, &conf_faults, &e);
    e.resources = read_resources(in->now, &e, arena);
    if (e.resources == NULL) {
        return; // as the arena says
    }
    if (in->effective != NULL) {
        *in->effective = e;
    }
    if (in->old != NULL) {
        read_old(in, &e, arena, &old_e);
    }
    struct rule_run r = {
        .now = in->now,
        .old = in->old,
        .e = &e,
        .old_e = in->old != NULL ? &old_e : NULL,
        .conf_faults = &conf_faults,
        .before_defaults = in->before_defaults,
        .scale = in->scale,
        .arena = arena,
        .out = out,
    };
    for (size_t i = 0; i < ARRAY_LEN(RULES) && arena_ok(arena); i++) {
        if ((RULES[i].when & when) != 0) {
            r.id = RULES[i].id;
            RULES[i].judge(&r);
        }
    }
}

/// Denials that OLD has as well become warnings.
static void ratchet(const struct flink_rules_input *in, struct violations *found)
{
    struct violations before = VIOLATIONS(found->arena, found->max);
    struct flink_rules_input old = {
        .now = in->old, .before_defaults = in->before_defaults, .scale = in->scale};
    judge(&old, in->scale ? SCALE : CREATE, &before);
    violations_ratchet(found, &before);
}

void flink_rules_check(const struct flink_rules_input *input, struct violations *out)
{
    if (json_type(input->now->spec.self) != JSON_OBJECT) {
        return; // the schema refuses it, and there is nothing to judge
    }
    struct violations found = VIOLATIONS(out->arena, out->max);
    judge(input, input->scale ? SCALE : input->old != NULL ? UPDATE : CREATE, &found);
    if (input->old != NULL && found.denials != 0) {
        ratchet(input, &found);
    }
    size_t kept = out->denials;
    for (size_t i = 0; i < found.count; i++) {
        violation_add(out, &found.items[i]);
    }
    // What was not kept counts all the same.
    out->dropped += found.dropped;
    out->denials = kept + found.denials;
}

void flink_rules_check_delete(const struct flink_cluster *old, struct violations *out)
{
    struct rule_run r = {.now = old, .arena = out->arena, .out = out};
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        if ((RULES[i].when & DELETE) != 0) {
            r.id = RULES[i].id;
            RULES[i].judge(&r);
        }
    }
}
