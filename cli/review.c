// SPDX-License-Identifier: Apache-2.0
#include "webhook/review.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"

/// As the webhook takes at most.
#define BODY_MAX ((size_t)7 << 20)

const struct option_program CLI_review = {
    .name = "sluice review",
    .summary = "answer an AdmissionReview, as the webhook would",
    .operands = "mutate|validate [FILE]",
    .description =
        "Reads an AdmissionReview (admission.k8s.io/v1, JSON) from FILE or stdin and writes "
        "the answer on stdout: byte for byte what the webhook would send.",
    .exit_status = "0: allowed\n1: refused\n2: wrong options, or no review",
    .examples = "sluice review validate <review.json",
};

static bool parse_kind(const char *word, enum review_kind *ret)
{
    for (int k = 0; k < REVIEW_KIND_COUNT; k++) {
        if (strcmp(word, review_kind_name((enum review_kind)k)) == 0) {
            *ret = (enum review_kind)k;
            return true;
        }
    }
    return false;
}

int cli_review(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA(REVIEW_ARENA_MAX);
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(BODY_MAX);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
    CLEANUP(arena_done) struct arena options_arena = ARENA((size_t)64 << 10);
    struct options_result res;
    char unused;
    int code = options_main(&CLI_review, argc, argv, &unused, &res, &options_arena);
    if (code >= 0) {
        return code;
    }
    enum review_kind kind;
    if (res.operand_count == 0 || res.operand_count > 2 || !parse_kind(res.operands[0], &kind)) {
        fprintf(stderr, "sluice review: say which: mutate or validate, then at most one file\n");
        return CLI_USAGE;
    }
    const char *file = res.operand_count == 2 ? res.operands[1] : "-";
    struct err err;
    if (input_slurp(file, BODY_MAX, &body, &err) != 0) {
        fprintf(stderr, "sluice review: %s: %s\n", file, err.msg);
        return CLI_USAGE;
    }
    struct review_result result;
    review_run(&(struct review_context){0}, strbuf_view(&body), kind, &arena, &out, &result);
    if (result.http_status != 200) {
        fprintf(stderr, "sluice review: HTTP %d: %s", result.http_status, strbuf_view(&out).ptr);
        return CLI_USAGE;
    }
    printf("%s\n", strbuf_view(&out).ptr);
    return result.code == 0 ? CLI_OK : CLI_FAULTS;
}
