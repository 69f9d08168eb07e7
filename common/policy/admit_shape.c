// SPDX-License-Identifier: Apache-2.0
// What of a policy can't be satisfied by itself: empty ranges and lists, versions that there are
// not, exemptions from nothing, options that no FlinkCluster may have.
#include <inttypes.h>
#include <string.h>

#include "common/flink/conf.h"
#include "common/k8s/timestamp.h"
#include "common/kind/nearest.h"
#include "common/policy/admit_run.h"
#include "common/policy/check.h"

// ---- bounds -------------------------------------------------------------------------------------

static void bound(struct admit_run *r, const struct path *path, struct field_int least,
                  struct field_int most, const char *name)
{
    if (least.set && most.set && least.v > most.v) {
        struct strview shown = arena_printf(r->arena, "%" PRId64, least.v);
        admit_deny(r, path, shown, "must be at most `%s`, which is %" PRId64, name, most.v);
    }
}

void admit_bounds(struct admit_run *r)
{
    const struct policy_spec *s = &r->p->spec;
    const struct policy_parallelism *p = &s->parallelism;
    const struct path *at = UNDER(UNDER(SPEC, "parallelism"), "min");
    bound(r, at, p->min, p->max, "max");
    bound(r, at, p->min, p->namespace_total, "namespaceTotal");
    bound(r, UNDER(UNDER(UNDER(SPEC, "jobManager"), "replicas"), "min"),
          s->job_manager.replicas.min, s->job_manager.replicas.max, "max");
    bound(r, UNDER(UNDER(UNDER(SPEC, "taskManager"), "replicas"), "min"),
          s->task_manager.replicas.min, s->task_manager.replicas.max, "max");
}

// ---- versions -----------------------------------------------------------------------------------

static bool has_known(const struct policy_versions *range)
{
    for (unsigned i = 0; i < FLINK_RELEASE_COUNT; i++) {
        struct flink_version v = flink_version_of((enum flink_release)i);
        if (flink_version_cmp(range->from, v) <= 0 && flink_version_cmp(v, range->to) <= 0) {
            return true;
        }
    }
    return false;
}

void admit_versions(struct admit_run *r)
{
    struct field_strings list = r->p->spec.images.flink_versions;
    const struct path *path = UNDER(UNDER(SPEC, "images"), "flinkVersions");
    struct strview newest = flink_version_text(r->arena, flink_version_newest());
    for (size_t i = 0; i < r->p->n_versions && i < list.n; i++) {
        const struct policy_versions *range = &r->p->versions[i];
        const struct path at = PATH_INDEX_OF(path, i);
        if (flink_version_cmp(range->from, range->to) > 0 || has_known(range)) {
            continue; // the first has its fault already
        }
        if (flink_version_cmp(range->to, flink_version_newest()) > 0) {
            admit_warn(r, &at, "Sluice knows no such Flink yet; the newest that it knows is %.*s",
                       SV_ARG(newest));
        } else {
            struct strview oldest = flink_version_text(r->arena, flink_version_oldest());
            admit_deny(r, &at, violation_quote(r->arena, list.items[i]),
                       "there is no such Flink; Sluice knows %.*s to %.*s", SV_ARG(oldest),
                       SV_ARG(newest));
        }
    }
}

// ---- exemptions ---------------------------------------------------------------------------------

#define GUESSES_MAX 20 // for further names nothing similar is looked for

/// Whether NAME is a rule, or a block of rules ("images.tags").
static bool is_rule(struct strview name)
{
    size_t n;
    const struct policy_rule_info *rules = policy_rule_infos(&n);
    for (size_t i = 0; i < n && name.len != 0; i++) {
        struct strview id = sv_from(rules[i].id);
        if (rules[i].exempts && sv_starts(id, name) &&
            (id.len == name.len || id.ptr[name.len] == '.')) {
            return true;
        }
    }
    return false;
}

static struct strview nearest_rule(struct strview name)
{
    struct nearest near = NEAREST_OF(name);
    size_t n;
    const struct policy_rule_info *rules = policy_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        struct strview id = sv_from(rules[i].id);
        for (size_t end = 1; rules[i].exempts && end <= id.len; end++) {
            if (end == id.len || id.ptr[end] == '.') {
                nearest_try(&near, sv_sub(id, 0, end));
            }
        }
    }
    return near.best;
}

static void try_rules(struct admit_run *r, const struct path *path, const struct json *list,
                      size_t *guesses)
{
    size_t i = 0;
    json_each(item, list) {
        const struct path at = PATH_INDEX_OF(path, i++);
        struct strview name = json_string(item);
        if (!sv_present(name) || is_rule(name)) {
            continue;
        }
        struct strview near = (*guesses)++ < GUESSES_MAX ? nearest_rule(name) : SV_NONE;
        struct strview shown = violation_quote(r->arena, name);
        if (sv_present(near)) {
            admit_warn(r, &at, "%.*s is no rule; did you mean \"%.*s\"?", SV_ARG(shown),
                       SV_ARG(near));
        } else {
            admit_warn(r, &at, "%.*s is no rule: it exempts from nothing", SV_ARG(shown));
        }
    }
}

void admit_exemption(struct admit_run *r)
{
    const struct path *path = UNDER(SPEC, "exempt");
    size_t i = 0, guesses = 0;
    json_each(item, r->p->spec.exempt) {
        const struct path at = PATH_INDEX_OF(path, i++);
        struct strview until = json_get_string(item, SV("until"));
        int64_t ms;
        if (sv_present(until) && timestamp_parse(until, &ms) && ms <= r->in->now_ms) {
            admit_warn(r, UNDER(&at, "until"), "%.*s is over: it exempts from nothing",
                       SV_ARG(violation_quote(r->arena, until)));
        }
        try_rules(r, UNDER(&at, "rules"), json_get_lit(item, "rules"), &guesses);
    }
}

// ---- empty lists --------------------------------------------------------------------------------

static void nothing(struct admit_run *r, const struct path *path, struct field_strings list,
                    const char *what)
{
    if (list.set && list.n == 0) {
        admit_warn(r, path, "the list is empty, so no %s is allowed; leave it out to allow all",
                   what);
    }
}

void admit_nothing(struct admit_run *r)
{
    const struct policy_spec *s = &r->p->spec;
    const struct path *images = UNDER(SPEC, "images");
    nothing(r, UNDER(images, "allowed"), s->images.allowed, "image");
    nothing(r, UNDER(images, "flinkVersions"), s->images.flink_versions, "Flink version");
    nothing(r, UNDER(UNDER(SPEC, "iamRoles"), "allowed"), s->iam_roles.allowed, "role");
    nothing(r, UNDER(UNDER(SPEC, "storage"), "allowed"), s->storage.allowed, "place for state");
    nothing(r, UNDER(UNDER(SPEC, "pods"), "serviceAccounts"), s->pods.service_accounts,
            "ServiceAccount");
    nothing(r, UNDER(UNDER(SPEC, "job"), "jarSchemes"), s->job.jar_schemes, "scheme");
}

// ---- Flink options ------------------------------------------------------------------------------

/// Only what is refused in each FlinkCluster; whether an option is known depends on its version.
static void try_options(struct admit_run *r, const struct path *path, const struct flink_conf *conf)
{
    struct violations found = VIOLATIONS(r->arena, r->out->max);
    const struct flink_conf_judge judge = {
        .version = flink_version_newest(), .application = true, .storage_known = true};
    flink_conf_check(conf, &judge, path, &found);
    for (size_t i = 0; i < found.count; i++) {
        if (found.items[i].severity == SEVERITY_DENY) {
            found.items[i].rule = r->rule;
            violation_add(r->out, &found.items[i]);
        }
    }
}

void admit_options(struct admit_run *r)
{
    const struct path *path = UNDER(SPEC, "flinkConfiguration");
    try_options(r, UNDER(path, "defaults"), &r->p->conf_defaults);
    try_options(r, UNDER(path, "required"), &r->p->conf_required);
}
