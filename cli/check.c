// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/judge.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "common/flink/cluster.h"
#include "common/policy/policy.h"

#define FAULTS_MAX 1000

// clang-format off
#define CHECK_OPTIONS(O)                                                                           \
    OFFLINE_OPTIONS(O)                                                                             \
    O(STRING, output, "output", "text", "FORMAT",                                                  \
      "text, json, github (annotations of its Actions) or sarif (2.1.0).",                         \
      .choices = REPORT_FORMAT_NAMES)                                                              \
    O(BOOL, quiet, "quiet", "false", "", "Say nothing of files without faults.")
// clang-format on
struct check_options {
    CHECK_OPTIONS(OPTION_MEMBER)
};
#define ROW(...) OPTION_ROW(struct check_options, __VA_ARGS__)
static const struct option_row ROWS[] = {CHECK_OPTIONS(ROW)};
#undef ROW

const struct option_program CLI_check = {
    .name = "sluice check",
    .summary = "judge FlinkClusters and FlinkPolicies in files, as the webhook would",
    .operands = "FILE…",
    .description =
        "Reads YAML streams, JSON files, Lists and folders (all *.yaml, *.yml and *.json beneath "
        "them), \"-\" for stdin, and names every fault of every FlinkCluster and FlinkPolicy with "
        "its line, as if they were created one after the other: defaults are filled in, and with "
        "--policy the FlinkPolicies of those files are judged by, too, also across clusters "
        "(roles, sums), and a FlinkPolicy that contradicts one of them is warned of. A Namespace "
        "among the files tells its labels. Objects of other kinds are passed over. What only a "
        "running cluster can tell (updates, names that exist) is not "
        "judged.",
    .exit_status = "0: no faults\n1: faults\n2: wrong options, or a file that can't be read",
    .examples = "sluice check manifests/\nkustomize build . | sluice check -\n"
                "sluice check --policy=policies.yaml --namespace-labels=payments:tier=prod "
                "--output=sarif manifests/",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};

struct check {
    struct check_options options;
    struct offline *offline;
    struct report report;
    size_t unreadable;
};

static void on_fail(void *arg, const char *file, const struct err *err)
{
    struct check *c = arg;
    c->unreadable++;
    fprintf(stderr, "sluice check: %s: %s\n", file, err->msg);
}

/// The namespace that an object without one gets.
static struct strview namespace_of(const struct check *c, const struct json *object)
{
    struct strview ns = json_get_string(json_get_lit(object, "metadata"), SV("namespace"));
    return ns.len != 0 ? ns : sv_from(c->options.ns);
}

static void judge_cluster(struct check *c, const struct input_object *o, struct violations *v)
{
    struct review_context context;
    struct strview ns = namespace_of(c, o->object);
    const struct json *stored = NULL;
    struct err err;
    offline_context(c->offline, &context);
    if (judge_create(&context, o->object, ns, v, &stored, &err) != 0) {
        if (err.code == E_INVALID) {
            err_set(&err, E_INVALID,
                    "policies depend on the labels of namespace \"%.*s\": give its manifest, or "
                    "--namespace-labels %.*s:KEY=VALUE",
                    SV_ARG(ns), SV_ARG(ns));
        }
        on_fail(c, o->file, &err);
    }
    // What is refused would not be there for those that follow.
    if (v->denials == 0 && stored != NULL && offline_see(c->offline, stored, ns, &err) != 0) {
        on_fail(c, o->file, &err);
    }
}

static void judge_foreign(const struct input_object *o, struct violations *v)
{
    struct path at = PATH_FIELD_OF(NULL, SV("apiVersion"));
    struct strview found = json_get_string(o->object, SV("apiVersion"));
    violation_deny(v, "schema.api_version", CAUSE_NOT_SUPPORTED, &at,
                   violation_quote(v->arena, found), "supported values: \"%s\"",
                   FLINK_GROUP "/" FLINK_VERSION);
}

static void see_namespace(struct check *c, const struct input_object *o)
{
    struct err err;
    bool is_namespace = sv_eq_lit(json_get_string(o->object, SV("kind")), "Namespace") &&
                        sv_eq_lit(json_get_string(o->object, SV("apiVersion")), "v1");
    if (is_namespace && offline_see_namespace(c->offline, o->object, &err) != 0) {
        on_fail(c, o->file, &err);
    }
}

static bool on_object(void *arg, const struct input_object *o, struct arena *arena)
{
    struct check *c = arg;
    bool foreign, foreign_policy;
    struct violations v = VIOLATIONS(arena, FAULTS_MAX);
    if (input_is_kind(o->object, FLINK_KIND, &foreign)) {
        judge_cluster(c, o, &v);
    } else if (input_is_kind(o->object, POLICY_KIND, &foreign_policy)) {
        struct review_context context;
        offline_context(c->offline, &context);
        judge_create_policy(&context, o->object, &v);
    } else if (foreign || foreign_policy) {
        judge_foreign(o, &v);
    } else {
        see_namespace(c, o);
        return true;
    }
    report_object(&c->report, o, &v);
    return true;
}

static int check_files(struct check *c, const char *const *files, size_t n)
{
    struct input_handler h = {.object = on_object, .fail = on_fail, .arg = c};
    report_begin(&c->report, "sluice check", c->options.output, c->options.quiet);
    for (size_t i = 0; i < n; i++) {
        input_read(files[i], &h);
    }
    bool failed = report_end(&c->report, c->unreadable) != 0 || c->unreadable != 0;
    return failed ? CLI_USAGE : c->report.faults != 0 ? CLI_FAULTS : CLI_OK;
}

int cli_check(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)1 << 20);
    struct check c = {.unreadable = 0};
    struct options_result res;
    struct err err;
    int code = options_main(&CLI_check, argc, argv, &c.options, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count == 0) {
        fprintf(stderr, "sluice check: name the files to check, or \"-\" for stdin\n");
        return CLI_USAGE;
    }
    if (offline_open(&c.options.policies, &c.options.namespace_labels, &c.offline, &err) != 0) {
        fprintf(stderr, "sluice check: %s\n", err.msg);
        return CLI_USAGE;
    }
    code = check_files(&c, res.operands, res.operand_count);
    offline_close(c.offline);
    return code;
}
