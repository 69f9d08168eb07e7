// SPDX-License-Identifier: Apache-2.0
#include "controller/render.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/judge.h"
#include "common/json/out.h"
#include "common/yaml/put.h"
#include "controller/plan_settings.h"

#define FAULTS_MAX 100
#define TEXT_MAX   ((size_t)64 << 20)

// clang-format off
#define RENDER_OPTIONS(O)                                                                          \
    O(STRING, output, "output", "yaml", "FORMAT", "yaml or json.", .choices = FORMATS)             \
    O(STRING, ha_cluster_role, "ha-cluster-role", "sluice-flink-ha", "NAME",                       \
      "ClusterRole that is bound to the accounts of Flink pods.")                                  \
    O(STRING, aws_identity, "aws-identity", "web-identity", "WAY",                                 \
      "As the controller's: web-identity or kube2iam.", .choices = AWS_IDENTITIES)
// clang-format on
struct render_options {
    RENDER_OPTIONS(OPTION_MEMBER)
};
static const char *const AWS_IDENTITIES[] = {"web-identity", "kube2iam", NULL};
static const char *const FORMATS[] = {"yaml", "json", NULL};
#define ROW(...) OPTION_ROW(struct render_options, __VA_ARGS__)
static const struct option_row ROWS[] = {RENDER_OPTIONS(ROW)};
#undef ROW

const struct option_program CLI_render = {
    .name = "sluice render",
    .summary = "show the objects that a FlinkCluster becomes",
    .operands = "FILE",
    .description =
        "Writes the objects that the controller would make of the FlinkClusters in FILE (\"-\" "
        "for stdin): accounts, Services, configuration, and the pods of the first run. Names "
        "that hang on the cluster's UID differ from those that it will have.",
    .exit_status = "0: rendered\n1: a FlinkCluster has faults; they are named, nothing of it is "
                   "rendered\n2: wrong options, or a file that can't be read",
    .examples = "sluice render fraud.yaml | less",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};

struct render {
    struct render_options options;
    size_t rendered;
    int exit;
};

static void print_objects(const struct render *r, const struct json *objects)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_MAX);
    bool json = strcmp(r->options.output, "json") == 0;
    json_each(object, objects) {
        if (json) {
            struct json_out o = JSON_OUT(&text);
            json_out_value(&o, object);
            strbuf_put_char(&text, '\n');
        } else {
            strbuf_put_str(&text, "---\n");
            yaml_put(&text, object);
        }
    }
    fputs(strbuf_view(&text).ptr, stdout);
}

static bool has_faults(const struct input_object *o, struct arena *arena)
{
    struct violations v = VIOLATIONS(arena, FAULTS_MAX);
    struct strview ns = json_get_string(json_get_lit(o->object, "metadata"), SV("namespace"));
    struct err err;
    if (judge_create(&(struct review_context){.policies = NULL}, o->object, ns, &v, NULL, &err) !=
        0) {
        fprintf(stderr, "%s: error: %s\n", o->file, err.msg);
        return true;
    }
    for (size_t i = 0; i < v.count; i++) {
        if (v.items[i].severity == SEVERITY_DENY) {
            fprintf(stderr, "%s:%u: error: %.*s: %.*s\n", o->file, input_line(o, v.items[i].path),
                    SV_ARG(v.items[i].path), SV_ARG(v.items[i].message));
        }
    }
    return v.denials != 0;
}

static bool on_object(void *arg, const struct input_object *o, struct arena *arena)
{
    struct render *r = arg;
    bool foreign;
    if (!input_is_kind(o->object, FLINK_KIND, &foreign)) {
        return true;
    }
    if (has_faults(o, arena)) {
        r->exit = CLI_FAULTS;
        return true;
    }
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_MAX);
    struct plan_settings settings = plan_settings_make(r->options.ha_cluster_role);
    settings.kube2iam = strcmp(r->options.aws_identity, "kube2iam") == 0;
    const struct json *objects = NULL;
    struct json_limits limits = {
        .max_bytes = TEXT_MAX, .max_values = 1000000, .max_string = 1 << 20, .max_depth = 64};
    struct err err;
    if (controller_render(o->object, &settings, arena, &text, &err) != 0 ||
        json_parse(strbuf_view(&text), &limits, arena, &objects, &err) != 0) {
        fprintf(stderr, "sluice render: %s: %s\n", o->file, err.msg);
        r->exit = CLI_USAGE;
        return true;
    }
    r->rendered++;
    print_objects(r, objects);
    return true;
}

static void on_fail(void *arg, const char *file, const struct err *err)
{
    struct render *r = arg;
    r->exit = CLI_USAGE;
    fprintf(stderr, "sluice render: %s: %s\n", file, err->msg);
}

int cli_render(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)64 << 10);
    struct render r = {.exit = CLI_OK};
    struct options_result res;
    int code = options_main(&CLI_render, argc, argv, &r.options, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count != 1) {
        fprintf(stderr, "sluice render: name one file, or \"-\" for stdin\n");
        return CLI_USAGE;
    }
    struct input_handler h = {.object = on_object, .fail = on_fail, .arg = &r};
    input_read(res.operands[0], &h);
    if (r.rendered == 0 && r.exit == CLI_OK) {
        fprintf(stderr, "sluice render: no FlinkCluster in %s\n", res.operands[0]);
        return CLI_USAGE;
    }
    return r.exit;
}
