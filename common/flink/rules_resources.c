// SPDX-License-Identifier: Apache-2.0
// Resources of both roles, and whether Flink fits into their memory.
#include "common/flink/rules_run.h"

#include "common/flink/memory_size.h"
#include "common/k8s/names.h"
#include "common/k8s/quantity.h"

typedef void (*each_list)(struct rule_run *r, const struct path *path, const struct json *list);

/// Calls EACH for requests and limits of both roles. Of a role whose lists are plain there is
/// nothing to say.
static void for_lists(struct rule_run *r, each_list each)
{
    for (unsigned role = 0; role < RULE_ROLES; role++) {
        const struct resources_spec *spec = r->e->resources[role].spec;
        if (r->e->resources[role].plain) {
            continue; // nearly always
        }
        const struct path of = PATH_FIELD_OF(SPEC, sv_from(RULE_ROLE_FIELDS[role]));
        const struct path *resources = UNDER(&of, "resources");
        each(r, UNDER(resources, "requests"), spec->requests);
        each(r, UNDER(resources, "limits"), spec->limits);
    }
}

static void check_names(struct rule_run *r, const struct path *path, const struct json *list)
{
    json_each(item, list) {
        struct strview name = json_key(item);
        if (flink_resource_is_standard(name)) {
            continue;
        }
        const char *fault = name_fault(NAME_LABEL_KEY, name);
        if (fault == NULL && sv_find_char(name, '/') == SIZE_MAX &&
            !sv_starts(name, SV("hugepages-"))) {
            fault = "must be cpu, memory, ephemeral-storage, hugepages-<size>, or have a domain";
        }
        if (fault != NULL) {
            rule_deny(r, CAUSE_INVALID, &PATH_KEY_OF(path, name), rule_quote(r, name), "%s", fault);
        }
    }
}

void rule_resource_names(struct rule_run *r)
{
    for_lists(r, check_names);
}

/// As the user wrote it: a string in quotes, else the number.
static struct strview shown(const struct rule_run *r, const struct json *v)
{
    struct strview text = json_string(v);
    double number = 0;
    if (sv_present(text)) {
        return rule_quote(r, text);
    }
    return json_double(v, &number) ? arena_printf(r->arena, "%g", number) : SV_NONE;
}

static void check_quantities(struct rule_run *r, const struct path *path, const struct json *list)
{
    json_each(item, list) {
        struct quantity q;
        if (json_type(item) == JSON_NULL) {
            continue;
        }
        if (!quantity_read(item, &q, NULL)) {
            rule_deny(r, CAUSE_INVALID, &PATH_KEY_OF(path, json_key(item)), shown(r, item),
                      "must be a quantity, such as 500m, 2 or 2Gi");
        } else if (quantity_sign(q) < 0) {
            rule_deny(r, CAUSE_INVALID, &PATH_KEY_OF(path, json_key(item)), shown(r, item),
                      "must not be negative");
        }
    }
}

void rule_resource_quantities(struct rule_run *r)
{
    for_lists(r, check_quantities);
}

static bool same_text(const struct json *a, const struct json *b)
{
    return sv_present(json_string(a)) && sv_eq(json_string(a), json_string(b));
}

void rule_resource_request_within_limit(struct rule_run *r)
{
    for (unsigned role = 0; role < RULE_ROLES; role++) {
        const struct resources_spec *spec = r->e->resources[role].spec;
        const struct path of = PATH_FIELD_OF(SPEC, sv_from(RULE_ROLE_FIELDS[role]));
        const struct path *requests = UNDER(UNDER(&of, "resources"), "requests");
        json_each(item, spec->requests) {
            struct quantity request, limit;
            const struct json *other = json_get(spec->limits, json_key(item));
            if (other == NULL || same_text(item, other)) {
                continue; // nearly always
            }
            if (quantity_read(item, &request, NULL) && quantity_read(other, &limit, NULL) &&
                quantity_cmp(request, limit) > 0) {
                rule_deny(r, CAUSE_INVALID, &PATH_KEY_OF(requests, json_key(item)), shown(r, item),
                          "must not be above the limit, %.*s", SV_ARG(shown(r, other)));
            }
        }
    }
}

/// The process size that flinkConfiguration says, directly or by the Flink size; 0: none, or
/// unreadable.
static int64_t conf_process_size(struct rule_run *r, unsigned role, struct strview *key)
{
    static const struct strview KEYS[RULE_ROLES][2] = {
        [FLINK_JOB_MANAGER] = {SV_INIT("jobmanager.memory.process.size"),
                               SV_INIT("jobmanager.memory.flink.size")},
        [FLINK_TASK_MANAGER] = {SV_INIT("taskmanager.memory.process.size"),
                                SV_INIT("taskmanager.memory.flink.size")},
    };
    const struct flink_effective_resources *res = &r->e->resources[role];
    for (size_t i = 0; i < 2; i++) {
        *key = KEYS[role][i];
        struct strview text = flink_conf_get_canonical(&r->e->conf, *key);
        int64_t bytes = 0;
        if (sv_present(text) && flink_memory_size_parse(sv_trim(text), &bytes)) {
            return i == 0 ? bytes : res->parts.process;
        }
    }
    return 0;
}

void rule_memory_said_once(struct rule_run *r)
{
    const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    for (unsigned role = 0; role < RULE_ROLES; role++) {
        const struct flink_effective_resources *res = &r->e->resources[role];
        struct strview key = SV_NONE;
        if (res->source != FLINK_MEMORY_FROM_LIMIT && res->source != FLINK_MEMORY_FROM_REQUEST) {
            continue;
        }
        int64_t process = conf_process_size(r, role, &key);
        if (process != 0 && process != res->memory) {
            rule_deny(r, CAUSE_INVALID, &PATH_KEY_OF(&conf, key),
                      rule_quote(r, flink_conf_get_canonical(&r->e->conf, key)),
                      "makes a process of %.*s, but %s.resources says %.*s: drop this key",
                      SV_ARG(flink_memory_size_mib(r->arena, process)), RULE_ROLE_FIELDS[role],
                      SV_ARG(flink_memory_size_mib(r->arena, res->memory)));
        }
    }
}

/// The field that sets the role's memory.
static struct strview memory_path(const struct rule_run *r, unsigned role)
{
    const char *field = RULE_ROLE_FIELDS[role];
    switch (r->e->resources[role].source) {
    case FLINK_MEMORY_FROM_LIMIT:
        return arena_printf(r->arena, "spec.%s.resources.limits[memory]", field);
    case FLINK_MEMORY_FROM_REQUEST:
        return arena_printf(r->arena, "spec.%s.resources.requests[memory]", field);
    case FLINK_MEMORY_FROM_CONF:
        return SV("spec.flinkConfiguration");
    case FLINK_MEMORY_FROM_DEFAULT:
        return arena_printf(r->arena, "spec.%s.resources", field);
    }
    return SV("spec");
}

/// As the user wrote it, else in MiB.
static struct strview memory_shown(const struct rule_run *r,
                                   const struct flink_effective_resources *res)
{
    switch (res->source) {
    case FLINK_MEMORY_FROM_LIMIT:
        return shown(r, json_get_lit(res->spec->limits, "memory"));
    case FLINK_MEMORY_FROM_REQUEST:
        return shown(r, json_get_lit(res->spec->requests, "memory"));
    case FLINK_MEMORY_FROM_CONF:
    case FLINK_MEMORY_FROM_DEFAULT:
        break;
    }
    return flink_memory_size_mib(r->arena, res->memory);
}

void rule_memory_starts(struct rule_run *r)
{
    for (unsigned role = 0; role < RULE_ROLES; role++) {
        const struct flink_effective_resources *res = &r->e->resources[role];
        const struct flink_memory *parts = &res->parts;
        if (parts->verdict != FLINK_MEMORY_FAILS) {
            continue;
        }
        const struct path path = PATH_FIELD_OF(NULL, memory_path(r, role));
        rule_deny(r, CAUSE_INVALID, &path, memory_shown(r, res), "Flink would not start: %.*s",
                  SV_ARG(parts->why));
    }
}

void rule_memory_ample(struct rule_run *r)
{
    for (unsigned role = 0; role < RULE_ROLES; role++) {
        const struct flink_memory *parts = &r->e->resources[role].parts;
        if (parts->verdict == FLINK_MEMORY_WARNS) {
            const struct path path = PATH_FIELD_OF(NULL, memory_path(r, role));
            rule_warn(r, &path, "%.*s", SV_ARG(parts->why));
        }
    }
}
