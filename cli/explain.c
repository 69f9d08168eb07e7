// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "common/flink/explain.h"
#include "common/flink/rules.h"

#define TEXT_MAX ((size_t)256 << 10)

const struct option_program CLI_explain = {
    .name = "sluice explain",
    .summary = "say what a field or a rule is for",
    .operands = "[FIELD|RULE]",
    .description =
        "FIELD is a path such as spec.job.upgradeMode; RULE is the name that `sluice check "
        "--output json` gives. Without either, all fields and rules are listed.",
    .exit_status = "0: found\n2: wrong options, or no such field or rule",
    .examples = "sluice explain spec.parallelism\nsluice explain parallelism_fits_slots",
};

static void list_rules(void)
{
    size_t n;
    const struct flink_rule_info *rules = flink_rule_infos(&n);
    printf("\nRULES\n");
    for (size_t i = 0; i < n; i++) {
        printf("  %-36s %s\n", rules[i].id, rules[i].summary);
    }
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
    if (flink_explain_field(sv_from(what), &text)) {
        fputs(strbuf_view(&text).ptr, stdout);
        if (res.operand_count == 0) {
            list_rules();
        }
        return CLI_OK;
    }
    if (explain_rule(what)) {
        return CLI_OK;
    }
    fprintf(stderr, "sluice explain: no field or rule \"%s\"; `sluice explain` lists them all\n",
            what);
    return CLI_USAGE;
}
