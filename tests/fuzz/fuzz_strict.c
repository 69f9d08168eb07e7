// SPDX-License-Identifier: Apache-2.0
// What the strict scan takes, the parser takes too; and it means the same after json_out wrote it.
#include "common/json/out.h"
#include "common/json/strict.h"
#include "common/json/view.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define OUT_BYTES   ((size_t)256 << 20) // 1e20 grows fivefold when written

static void check_uid(struct strview text)
{
    struct strview uid = json_scan_uid(text);
    if (sv_present(uid)) {
        ASSERT(uid.len >= 1 && uid.len <= 128);
        ASSERT(uid.ptr >= text.ptr && uid.ptr + uid.len <= text.ptr + text.len);
    }
}

/// What is spared changes nothing of what is read.
static void check_shortcuts(struct strview text, struct arena *arena, const struct json *tree)
{
    static const struct json_shortcuts shortcuts = {
        .later = SV_INIT("a"), .model = SV_INIT("b"), .like = SV_INIT("c")};
    const struct json *spared = NULL;
    ASSERT(json_parse_with(&shortcuts, text, &JSON_LIMITS_DEFAULT, arena, &spared, NULL) == 0);
    ASSERT(json_equal(tree, spared));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_BYTES);
    CLEANUP(strbuf_done) struct strbuf written = STRBUF(OUT_BYTES);
    struct json_limits limits = JSON_LIMITS_DEFAULT;
    struct strview text = sv_make((const char *)data, size);
    struct err err = {.code = E_OK};
    size_t values = 0, values_again = 0;
    check_uid(text);
    if (json_strict(text, &limits, &arena, &values, &err) < 0) {
        ASSERT(err.code == E_PARSE || err.code == E_TOO_LARGE);
        ASSERT(err.msg[0] != '\0');
        return 0;
    }
    const struct json *tree = NULL, *again = NULL;
    ASSERT(json_parse(text, &limits, &arena, &tree, &err) == 0);
    check_shortcuts(text, &arena, tree);

    struct json_out out = JSON_OUT(&written);
    json_out_value(&out, tree);
    ASSERT(strbuf_ok(&written) && out.depth == 0);
    limits.max_bytes = OUT_BYTES;
    ASSERT(json_strict(strbuf_view(&written), &limits, &arena, &values_again, &err) == 0);
    ASSERT(values == values_again);
    ASSERT(json_parse(strbuf_view(&written), &limits, &arena, &again, &err) == 0);
    ASSERT(json_equal(tree, again) && json_equal(again, tree));
    return 0;
}
