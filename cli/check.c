// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/judge.h"
#include "common/base/clock.h"
#include "common/flink/cluster.h"
#include "common/json/out.h"
#include "common/policy/policy.h"

#define FAULTS_MAX 1000
#define REPORT_MAX ((size_t)64 << 20)

// clang-format off
#define CHECK_OPTIONS(O)                                                                           \
    O(STRING, output, "output", "text", "FORMAT", "text or json.", .choices = FORMATS)             \
    O(BOOL, quiet, "quiet", "false", "", "Say nothing of files without faults.")
// clang-format on
struct check_options {
    CHECK_OPTIONS(OPTION_MEMBER)
};
static const char *const FORMATS[] = {"text", "json", NULL};
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
        "its "
        "line. Objects of other kinds are passed over. What only a running cluster can tell "
        "(updates, names that "
        "exist) is not judged.",
    .exit_status = "0: no faults\n1: faults\n2: wrong options, or a file that can't be read",
    .examples = "sluice check manifests/\nkustomize build . | sluice check -",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};

struct check {
    struct check_options options;
    struct strbuf report; // JSON: written at the end
    struct json_out out;
    size_t checked, faulty, faults, warnings, unreadable;
};

static void put_finding_json(struct check *c, const struct input_object *o,
                             const struct violation *v)
{
    json_out_begin_object(&c->out);
    json_out_kv_str(&c->out, "severity", v->severity == SEVERITY_DENY ? "error" : "warning");
    json_out_kv_str(&c->out, "rule", v->rule);
    if (v->severity == SEVERITY_DENY) {
        json_out_kv_str(&c->out, "reason", cause_reason_name(v->reason));
    }
    json_out_kv_string(&c->out, "field", v->path);
    json_out_kv_int(&c->out, "line", input_line(o, v->path));
    json_out_kv_string(&c->out, "message", v->message);
    json_out_end_object(&c->out);
}

static void report_json(struct check *c, const struct input_object *o, const struct violations *v)
{
    const struct json *meta = json_get_lit(o->object, "metadata");
    json_out_begin_object(&c->out);
    json_out_kv_str(&c->out, "file", o->file);
    json_out_kv_int(&c->out, "line", input_line(o, SV("")));
    json_out_kv_string(&c->out, "namespace", json_get_string(meta, SV("namespace")));
    json_out_kv_string(&c->out, "name", json_get_string(meta, SV("name")));
    json_out_kv_bool(&c->out, "valid", v->denials == 0);
    json_out_key_array(&c->out, "findings");
    for (size_t i = 0; i < v->count; i++) {
        put_finding_json(c, o, &v->items[i]);
    }
    json_out_end_array(&c->out);
    json_out_end_object(&c->out);
}

static void report_text(const struct check *c, const struct input_object *o,
                        const struct violations *v)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct violation *it = &v->items[i];
        bool deny = it->severity == SEVERITY_DENY;
        printf("%s:%u: %s: %.*s%s%.*s\n", o->file, input_line(o, it->path),
               deny ? "error" : "warning", SV_ARG(it->path), it->path.len != 0 ? ": " : "",
               SV_ARG(it->message));
    }
    if (v->dropped != 0) {
        printf("%s: and %zu more\n", o->file, v->dropped);
    }
    if (v->count == 0 && !c->options.quiet) {
        struct strview name = json_get_string(json_get_lit(o->object, "metadata"), SV("name"));
        printf("%s:%u: ok: %.*s\n", o->file, input_line(o, SV("")), SV_ARG(name));
    }
}

static bool on_object(void *arg, const struct input_object *o, struct arena *arena)
{
    struct check *c = arg;
    bool foreign, foreign_policy;
    struct violations v = VIOLATIONS(arena, FAULTS_MAX);
    if (input_is_kind(o->object, FLINK_KIND, &foreign)) {
        judge_create(o->object, &v);
    } else if (input_is_kind(o->object, POLICY_KIND, &foreign_policy)) {
        judge_create_policy(o->object, clock_wall_ms(), &v);
    } else if (foreign || foreign_policy) {
        struct path at = PATH_FIELD_OF(NULL, SV("apiVersion"));
        struct strview found = json_get_string(o->object, SV("apiVersion"));
        violation_deny(&v, "schema.api_version", CAUSE_NOT_SUPPORTED, &at,
                       violation_quote(arena, found), "supported values: \"%s\"",
                       FLINK_GROUP "/" FLINK_VERSION);
    } else {
        return true;
    }
    c->checked++;
    c->faulty += v.denials != 0;
    c->faults += v.denials;
    c->warnings += v.count + v.dropped - v.denials;
    if (strcmp(c->options.output, "json") == 0) {
        report_json(c, o, &v);
    } else {
        report_text(c, o, &v);
    }
    return true;
}

static void on_fail(void *arg, const char *file, const struct err *err)
{
    struct check *c = arg;
    c->unreadable++;
    fprintf(stderr, "sluice check: %s: %s\n", file, err->msg);
}

static void finish_text(const struct check *c)
{
    if (c->checked == 0 && c->unreadable == 0) {
        fprintf(stderr, "sluice check: no FlinkCluster and no FlinkPolicy found\n");
    } else if (!c->options.quiet || c->faults != 0) {
        printf("%zu object%s checked, %zu with faults: %zu error%s, %zu warning%s\n", c->checked,
               c->checked == 1 ? "" : "s", c->faulty, c->faults, c->faults == 1 ? "" : "s",
               c->warnings, c->warnings == 1 ? "" : "s");
    }
}

static int finish_json(struct check *c)
{
    json_out_end_array(&c->out);
    json_out_kv_int(&c->out, "checked", (int64_t)c->checked);
    json_out_kv_int(&c->out, "invalid", (int64_t)c->faulty);
    json_out_kv_int(&c->out, "unreadable", (int64_t)c->unreadable);
    json_out_end_object(&c->out);
    if (!strbuf_ok(&c->report)) {
        fprintf(stderr, "sluice check: the report is larger than %zu bytes\n", REPORT_MAX);
        return -1;
    }
    printf("%s\n", c->report.ptr);
    return 0;
}

int cli_check(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)1 << 20);
    struct check c = {.report = STRBUF(REPORT_MAX)};
    struct options_result res;
    int code = options_main(&CLI_check, argc, argv, &c.options, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count == 0) {
        fprintf(stderr, "sluice check: name the files to check, or \"-\" for stdin\n");
        return CLI_USAGE;
    }
    bool json = strcmp(c.options.output, "json") == 0;
    c.out = JSON_OUT(&c.report);
    json_out_begin_object(&c.out);
    json_out_key_array(&c.out, "objects");
    struct input_handler h = {.object = on_object, .fail = on_fail, .arg = &c};
    for (size_t i = 0; i < res.operand_count; i++) {
        input_read(res.operands[i], &h);
    }
    bool failed = json && finish_json(&c) != 0;
    if (!json) {
        finish_text(&c);
    }
    strbuf_done(&c.report);
    return failed || c.unreadable != 0 ? CLI_USAGE : c.faults != 0 ? CLI_FAULTS : CLI_OK;
}
