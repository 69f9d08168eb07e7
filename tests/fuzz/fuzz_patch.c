// SPDX-License-Identifier: Apache-2.0
// The input is {"keys": [...], "object": {...}}. The patch that sets the member at the keys must
// apply, by an engine that shares no code with ours, and the member is then there; setting it a
// second time is a `replace` that changes nothing.
#include <stdlib.h>

#include "common/json/out.h"
#include "common/json/patch.h"
#include "common/json/view.h"
#include "tests/fakes/json_patch_apply.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define TEXT_BYTES  ((size_t)64 << 20)
#define KEYS_MAX    16
#define VALUE       "[\"new\"]"

static size_t read_keys(const struct json *array, struct strview *keys)
{
    size_t n = 0;
    json_each(item, array) {
        if (n == KEYS_MAX || json_type(item) != JSON_STRING) {
            return 0;
        }
        keys[n++] = json_string(item);
    }
    return n;
}

/// Sets the member of the object TEXT and gives the object that comes out, or NULL when a parent is
/// of another type.
static char *set_member(struct arena *arena, struct strview text, const struct strview *keys,
                        size_t n)
{
    const struct json *root = NULL;
    ASSERT(json_parse(text, &JSON_LIMITS_DEFAULT, arena, &root, NULL) == 0);
    struct json_patch patch = JSON_PATCH(TEXT_BYTES);
    struct err err = {.code = E_OK};
    char *result = NULL;
    if (json_patch_set(&patch, root, keys, n, SV(VALUE), &err) == 0) {
        result = fake_patch_apply(text, json_patch_end(&patch), &err);
        ASSERT(result != NULL);
    } else {
        ASSERT(err.code == E_INVALID && patch.count == 0);
        ASSERT(sv_eq(json_patch_end(&patch), SV("[]")));
    }
    json_patch_done(&patch);
    return result;
}

static void check_member(struct arena *arena, struct strview text, const struct strview *keys,
                         size_t n)
{
    const struct json *at = NULL;
    ASSERT(json_parse(text, &JSON_LIMITS_DEFAULT, arena, &at, NULL) == 0);
    for (size_t i = 0; i < n; i++) {
        at = json_get(at, keys[i]);
    }
    ASSERT(json_count(at) == 1 && sv_eq(json_string(json_first(at)), SV("new")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_BYTES);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_BYTES);
    struct strview input = sv_make((const char *)data, size);
    const struct json *root = NULL;
    struct strview keys[KEYS_MAX];
    // Half the limit, so that what a patch adds stays within it.
    struct json_limits limits = {.max_bytes = 1 << 20,
                                 .max_values = 10000,
                                 .max_string = 1 << 16,
                                 .max_depth = JSON_DEPTH_CAP - KEYS_MAX - 1};
    if (json_parse(input, &limits, &arena, &root, NULL) < 0) {
        return 0;
    }
    size_t n = read_keys(json_get_lit(root, "keys"), keys);
    const struct json *object = json_get_lit(root, "object");
    if (n == 0 || json_type(object) != JSON_OBJECT) {
        return 0;
    }
    struct json_out out = JSON_OUT(&text);
    json_out_value(&out, object);
    ASSERT(strbuf_ok(&text));
    char *once = set_member(&arena, strbuf_view(&text), keys, n);
    if (once != NULL) {
        check_member(&arena, sv_from(once), keys, n);
        char *twice = set_member(&arena, sv_from(once), keys, n);
        ASSERT(twice != NULL && sv_eq(sv_from(once), sv_from(twice)));
        free(twice);
        free(once);
    }
    return 0;
}
