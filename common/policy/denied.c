// SPDX-License-Identifier: Apache-2.0
#include "common/policy/denied.h"

#include "common/base/macros.h"

#define BITS 64

static bool bit(const uint64_t *bits, size_t i)
{
    return bits != NULL && (bits[i / BITS] >> i % BITS & 1) != 0;
}

// Denied options have no placeholders.
static const struct pattern_vars NO_VARS;

static bool any(const struct patterns *denied, struct strview text)
{
    return patterns_match(denied, text, &NO_VARS);
}

/// Whether a pattern matches one of the option's spellings.
static bool is_meant(const struct patterns *denied, const struct flink_option *option)
{
    struct strview key = flink_option_key(option);
    struct strview last = key;
    if (any(denied, key)) {
        return true;
    }
    for (unsigned i = 0; i < FLINK_RELEASE_COUNT; i++) {
        struct strview text = flink_option_spelling(key, flink_version_of((enum flink_release)i));
        if (!sv_eq(text, last) && any(denied, text)) {
            return true;
        }
        last = text;
    }
    return false;
}

const uint64_t *denied_options(const struct patterns *denied, struct arena *arena)
{
    size_t n = flink_option_count();
    uint64_t *bits = denied->n != 0 ? ARENA_NEW_N(arena, uint64_t, n / BITS + 1) : NULL;
    if (bits == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        bits[i / BITS] |= (uint64_t)is_meant(denied, flink_option_at(i)) << i % BITS;
    }
    // A former spelling that every version still reads, written out.
    for (size_t i = 0; i < denied->n; i++) {
        struct flink_option_match m = flink_option_find(pattern_text(denied->items[i]));
        if (m.option != NULL && !sv_present(m.sub)) {
            size_t at = flink_option_index(m.option);
            bits[at / BITS] |= (uint64_t)1 << at % BITS;
        }
    }
    return bits;
}

// ---- what is not in the table -------------------------------------------------------------------

/// Prefixes under which Flink's file systems take the same key (HadoopConfigLoader).
static const struct strview ALIASES[][3] = {
    {SV_INIT("fs.s3a."), SV_INIT("s3a."), SV_INIT("s3.")},
    {SV_INIT("presto.s3."), SV_INIT("s3."), SV_INIT("s3a.")},
    {SV_INIT("fs.azure."), SV_INIT("azure."), SV_INIT("azure.")},
    {SV_INIT("fs.gs."), SV_INIT("gs."), SV_INIT("gs.")},
};

/// Whether a pattern matches KEY under another of its file system's prefixes.
static bool is_alias_meant(const struct patterns *denied, struct strview key)
{
    char text[FLINK_CONF_MAX_KEY + 16];
    for (size_t i = 0; i < ARRAY_LEN(ALIASES); i++) {
        for (size_t from = 0; from < ARRAY_LEN(ALIASES[i]); from++) {
            struct strview prefix = ALIASES[i][from];
            size_t rest = key.len - prefix.len;
            if (!sv_starts(key, prefix) || rest > FLINK_CONF_MAX_KEY) {
                continue;
            }
            for (size_t to = 0; to < ARRAY_LEN(ALIASES[i]); to++) {
                struct strview other = ALIASES[i][to];
                memcpy(text, other.ptr, other.len);
                memcpy(text + other.len, key.ptr + prefix.len, rest);
                if (any(denied, sv_make(text, other.len + rest))) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool denied_entry(const struct patterns *denied, const uint64_t *options,
                  const struct flink_conf_entry *it)
{
    if (it->option != NULL && !sv_present(it->sub)) {
        return bit(options, flink_option_index(it->option));
    }
    struct strview key = it->key;
    if (any(denied, key) || (it->canonical.ptr != key.ptr && any(denied, it->canonical))) {
        return true;
    }
    if (sv_starts(key, SV("flink.hadoop."))) { // handed to Hadoop without it
        key = sv_from_pos(key, sizeof("flink.hadoop.") - 1);
        if (any(denied, key)) {
            return true;
        }
    }
    return is_alias_meant(denied, key);
}
