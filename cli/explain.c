// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "common/flink/kind.h"
#include "common/flink/rules.h"
#include "common/flink/schema_rules.h"
#include "common/kind/explain.h"
#include "common/kind/nearest.h"
#include "common/policy/admit.h"
#include "common/policy/check.h"
#include "common/policy/kind.h"

#define TEXT_MAX       ((size_t)256 << 10)
#define PATH_MAX_BYTES 4096

const struct option_program CLI_explain = {
    .name = "sluice explain",
    .summary = "say what a field or a rule is for",
    .operands = "[FIELD|RULE]",
    .description = "FIELD is a path such as spec.job.upgradeMode (`spec.` may be left out), of a "
                   "FlinkCluster, or "
                   "after the name of a kind of that: flinkpolicy.spec.images, fp.images. RULE is "
                   "the name that "
                   "`sluice check --output json` gives. Without either, the fields of a "
                   "FlinkCluster's spec and "
                   "all rules are listed.",
    .exit_status = "0: found\n2: wrong options, or no such field or rule",
    .examples = "sluice explain spec.parallelism\nsluice explain flinkpolicy.spec.images.allowed\n"
                "sluice explain parallelism_fits_slots",
};

/// What the schema itself demands, beside its CEL rules.
static const struct {
    const char *id, *summary;
} SCHEMA[] = {
    {"schema.api_version", "The object is of a version that this release serves."},
    {"schema.type", "A value is of its field's type; YAML reads 1.20 and yes as no strings."},
    {"schema.enum", "A value is one of those that its field knows, in the same case."},
    {"schema.min", "A number is not below its field's least."},
    {"schema.max", "A number is not above its field's most."},
    {"schema.length", "A text is neither shorter nor longer than its field allows."},
    {"schema.count", "A list or map has no more entries than its field allows."},
    {"schema.required", "A member that the others need is there."},
    {"schema.metadata",
     "Name, labels and annotations are such as Kubernetes takes for every kind."},
    {"schema.unknown", "Every field is known: under strict validation, kubectl's default, the API "
                       "server refuses others, else it drops them."},
};

static bool explain_schema(const char *id)
{
    size_t n;
    const struct schema_rule *rules = schema_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            printf(
                "RULE   %s\nWHEN   %s\n\n%s: %s\n\nIt stands in the CRD and holds also while the "
                "webhook is down.\n",
                id, rules[i].transition ? "update" : "create, update",
                rules[i].field + (rules[i].field[0] == '.'), rules[i].message);
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(SCHEMA); i++) {
        if (strcmp(SCHEMA[i].id, id) == 0) {
            printf("RULE   %s\nWHEN   create, update\n\n%s\n", id, SCHEMA[i].summary);
            return true;
        }
    }
    return false;
}

/// The field or rule whose name is nearest to WHAT, into NEAR.
static void suggest(const char *what, struct strbuf *near)
{
    struct nearest rule = NEAREST_OF(sv_from(what));
    size_t n;
    const struct flink_rule_info *rules = flink_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        nearest_try(&rule, sv_from(rules[i].id));
    }
    const struct policy_rule_info *policies = policy_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        nearest_try(&rule, sv_from(policies[i].id));
    }
    const struct policy_admit_info *own = policy_admit_infos(&n);
    for (size_t i = 0; i < n; i++) {
        nearest_try(&rule, sv_from(own[i].id));
    }
    for (size_t i = 0; i < ARRAY_LEN(SCHEMA); i++) {
        nearest_try(&rule, sv_from(SCHEMA[i].id));
    }
    if (sv_present(rule.best)) {
        strbuf_reset(near);
        strbuf_put(near, rule.best);
    }
}

static void list_rules(void)
{
    size_t n;
    const struct flink_rule_info *rules = flink_rule_infos(&n);
    printf("\nRULES\n");
    for (size_t i = 0; i < n; i++) {
        printf("  %-36s %s\n", rules[i].id, rules[i].summary);
    }
    const struct policy_rule_info *policies = policy_rule_infos(&n);
    printf("\nRULES OF A FLINKPOLICY\n");
    for (size_t i = 0; i < n; i++) {
        printf("  %-36s %s\n", policies[i].id, policies[i].summary);
    }
    const struct policy_admit_info *own = policy_admit_infos(&n);
    printf("\nWHAT A FLINKPOLICY ITSELF MUST BE\n");
    for (size_t i = 0; i < n; i++) {
        printf("  %-36s %s\n", own[i].id, own[i].summary);
    }
}

static bool explain_policy_rule(const char *id)
{
    size_t n;
    const struct policy_rule_info *rules = policy_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            printf("RULE   %s\nWHEN   %s\n\n%s\n\n%s\n", id, rules[i].when, rules[i].summary,
                   rules[i].why);
            return true;
        }
    }
    const struct policy_admit_info *own = policy_admit_infos(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(own[i].id, id) == 0) {
            printf("RULE   %s\nWHEN   create, update of a FlinkPolicy\n\n%s\n\n%s\n", id,
                   own[i].summary, own[i].why);
            return true;
        }
    }
    return false;
}

static bool explain_rule(const char *id)
{
    size_t n;
    const struct flink_rule_info *rules = flink_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            printf("RULE   %s\nWHEN   %s%s%s\n\n%s\n\n%s\n", id, rules[i].on_create ? "create" : "",
                   rules[i].on_create && rules[i].on_update ? ", " : "",
                   rules[i].on_update   ? "update"
                   : rules[i].on_delete ? "delete"
                                        : "",
                   rules[i].summary, rules[i].why);
            return true;
        }
    }
    return false;
}

/// The kinds by the names that kubectl takes; without one, a path is a FlinkCluster's.
static const struct kind *const KINDS[] = {&flink_kind, &policy_kind};

static bool is_kind(const struct kind *kind, struct strview name)
{
    return sv_eq_lit(name, kind->singular) || sv_eq_lit(name, kind->plural) ||
           sv_eq_lit(name, kind->short_name) || sv_eq_lit(name, kind->name);
}

/// Explains KIND's field PATH, also without its `spec.`; false: TEXT has the nearest one, or
/// nothing.
static bool find_field_of(const struct kind *kind, struct strview path, struct strbuf *text)
{
    if (kind_explain_field(kind, path, text)) {
        return true;
    }
    CLEANUP(strbuf_done) struct strbuf full = STRBUF(PATH_MAX_BYTES);
    strbuf_printf(&full, "spec.%.*s", SV_ARG(path));
    if (text->len != 0 || !strbuf_ok(&full)) {
        return false;
    }
    return kind_explain_field(kind, strbuf_view(&full), text);
}

static bool find_field(const char *what, struct strbuf *text)
{
    struct strview rest = sv_from(what);
    struct strview first;
    if (!sv_split(&rest, '.', &first)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (!is_kind(KINDS[i], first)) {
            continue;
        }
        if (find_field_of(KINDS[i], rest.len != 0 ? rest : SV("spec"), text)) {
            return true;
        }
        if (text->len != 0) {
            CLEANUP(strbuf_done) struct strbuf near = STRBUF(PATH_MAX_BYTES);
            strbuf_printf(&near, "%.*s.%.*s", SV_ARG(first), SV_ARG(strbuf_view(text)));
            strbuf_reset(text);
            strbuf_put(text, strbuf_view(&near));
        }
        return false;
    }
    return find_field_of(&flink_kind, sv_from(what), text);
}

int cli_explain(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)64 << 10);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_MAX);
    struct options_result res;
    char unused;
    int code = options_main(&CLI_explain, argc, argv, &unused, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count > 1) {
        fprintf(stderr, "sluice explain: one field or rule at a time\n");
        return CLI_USAGE;
    }
    const char *what = res.operand_count == 1 ? res.operands[0] : "spec";
    if (find_field(what, &text)) {
        fputs(strbuf_view(&text).ptr, stdout);
        if (res.operand_count == 0) {
            list_rules();
        }
        return CLI_OK;
    }
    if (explain_rule(what) || explain_policy_rule(what) || explain_schema(what)) {
        return CLI_OK;
    }
    suggest(what, &text);
    fprintf(stderr, "sluice explain: no field or rule \"%s\"; ", what);
    if (text.len != 0) {
        fprintf(stderr, "did you mean %s?\n", strbuf_view(&text).ptr);
    } else {
        fprintf(stderr, "`sluice explain` lists them\n");
    }
    return CLI_USAGE;
}
