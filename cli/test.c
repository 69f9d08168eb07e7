// SPDX-License-Identifier: Apache-2.0
// `sluice test`: a policy repository's own tests. A file of kind FlinkPolicyTest names policies,
// namespaces and what is stored, and cases: an object and what should become of it.
#include <stdio.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/report.h"
#include "cli/test_case.h"
#include "common/flink/cluster.h"

// clang-format off
#define TEST_OPTIONS(O)                                                                            \
    O(BOOL, quiet, "quiet", "false", "", "Say nothing of cases that are as expected.")
// clang-format on
struct test_options {
    TEST_OPTIONS(OPTION_MEMBER)
};
#define ROW(...) OPTION_ROW(struct test_options, __VA_ARGS__)
static const struct option_row ROWS[] = {TEST_OPTIONS(ROW)};
#undef ROW

const struct option_program CLI_test = {
    .name = "sluice test",
    .summary = "run the tests of policies: object and expected verdict",
    .operands = "DIR|FILE…",
    .description =
        "Runs every FlinkPolicyTest of the files and folders: a document for this command alone, "
        "never for a cluster. Its members:\n\n"
        "policies: files with FlinkPolicies; paths begin at the test's own file.\n\n"
        "namespaces: labels by namespace.\n\n"
        "stored: FlinkClusters that are there already (files, or objects).\n\n"
        "cases: each with name; object (a file, or the object itself); old, for an update "
        "of it; namespace, for an object that names none; expect, Allowed or Denied; rules, "
        "warns and audits: the rules that refuse, warn or only note, all of them. What is left "
        "out is not looked at, but a case that is Denied must say by which rules.",
    .exit_status = "0: all cases are as expected\n1: a case is not\n2: wrong options, or a test "
                   "that can't be read",
    .examples = "sluice test policies/tests",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};

struct test_run {
    struct test_options options;
    size_t cases, failed, unreadable;
};

static void on_fail(void *arg, const char *file, const struct err *err)
{
    struct test_run *t = arg;
    t->unreadable++;
    fprintf(stderr, "sluice test: %s: %s\n", file, err->msg);
}

static void on_case(void *arg, const struct test_case_result *r)
{
    struct test_run *t = arg;
    t->cases++;
    t->failed += !r->passed;
    if (r->passed && t->options.quiet) {
        return;
    }
    printf("%s %s:%u: %.*s%s%.*s\n", r->passed ? "ok  " : "FAIL", r->file, r->line, SV_ARG(r->name),
           r->passed ? "" : ": ", SV_ARG(r->why));
    for (size_t i = 0; !r->passed && i < r->found->count; i++) {
        const struct violation *v = &r->found->items[i];
        printf("       %s: %.*s: %.*s\n", report_severity_word(v->severity), SV_ARG(v->path),
               SV_ARG(v->message));
    }
}

static bool on_object(void *arg, const struct input_object *o, struct arena *arena)
{
    struct test_run *t = arg;
    struct err err;
    bool foreign;
    if (input_is_kind(o->object, TEST_KIND, &foreign) &&
        test_run(o, on_case, t, arena, &err) != 0) {
        on_fail(t, o->file, &err);
    }
    return true;
}

int cli_test(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)1 << 20);
    struct test_run t = {.cases = 0};
    struct options_result res;
    int code = options_main(&CLI_test, argc, argv, &t.options, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count == 0) {
        fprintf(stderr, "sluice test: name the folder of the tests\n");
        return CLI_USAGE;
    }
    struct input_handler h = {.object = on_object, .fail = on_fail, .arg = &t};
    for (size_t i = 0; i < res.operand_count; i++) {
        input_read(res.operands[i], &h);
    }
    if (t.cases == 0 && t.unreadable == 0) {
        fprintf(stderr, "sluice test: no " TEST_KIND " found\n");
        return CLI_USAGE;
    }
    printf("%zu case%s, %zu failed\n", t.cases, t.cases == 1 ? "" : "s", t.failed);
    return t.unreadable != 0 ? CLI_USAGE : t.failed != 0 ? CLI_FAULTS : CLI_OK;
}
