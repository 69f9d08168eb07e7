// SPDX-License-Identifier: Apache-2.0
#include "common/json/strict.h"

#include "common/json/walk.h"

const struct json_limits JSON_LIMITS_DEFAULT = {
    .max_bytes = (size_t)7 << 20,
    .max_values = 100000,
    .max_string = (size_t)1 << 20,
    .max_depth = JSON_DEPTH_CAP,
};

/// For parts of TEXT that are read later; NULL: no memory.
static const struct json_source *source_new(struct strview text, const struct json_limits *limits,
                                            struct arena *arena)
{
    struct json_source *source = ARENA_NEW(arena, struct json_source);
    if (source != NULL) {
        *source = (struct json_source){.text = text, .limits = *limits, .arena = arena};
    }
    return source;
}

int json_scan(struct strview text, const struct json_limits *limits,
              const struct json_shortcuts *shortcuts, struct arena *arena, const struct json **ret,
              size_t *ret_values, struct err *err)
{
    ASSERT(limits->max_depth <= JSON_DEPTH_CAP && limits->max_bytes <= UINT32_MAX);
    if (text.len > limits->max_bytes) {
        return err_set(err, E_TOO_LARGE, "a text of %zu bytes; at most %zu are allowed", text.len,
                       limits->max_bytes);
    }
    text = sv_present(text) ? text : SV("");
    UNINITIALIZED struct scan s;
    s.limits = *limits;
    s.spared = shortcuts != NULL ? *shortcuts : (struct json_shortcuts){.later = SV_NONE};
    s.source = shortcuts != NULL ? source_new(text, limits, arena) : NULL;
    s.err = err;
    s.tree = (struct json_tree){.arena = arena};
    if ((shortcuts != NULL && s.source == NULL) || !json_tree_begin(&s.tree, &text)) {
        return err_set(err, E_NOMEM, "no memory left for a JSON text of %zu bytes", text.len);
    }
    keyset_init(&s.keys, arena);
    s.start = text.ptr;
    s.end = text.ptr + text.len;
    cJSON *root = NULL;
    uint32_t most = limits->max_values < UINT32_MAX ? (uint32_t)limits->max_values : UINT32_MAX;
    uint32_t left = most;
    if (!walk_text(&s, ret != NULL, &root, &left)) {
        return -1;
    }
    if (ret_values != NULL) {
        *ret_values = most - left;
    }
    if (ret != NULL) {
        *ret = json_of(root);
    }
    return 0;
}

int json_strict(struct strview text, const struct json_limits *limits, struct arena *scratch,
                size_t *ret_values, struct err *err)
{
    return json_scan(text, limits, NULL, scratch, NULL, ret_values, err);
}
