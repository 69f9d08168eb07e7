// SPDX-License-Identifier: Apache-2.0
#include "common/policy/denied.h"

#include "common/base/macros.h"

#define BITS 64

static bool bit(const uint64_t *bits, size_t i)
{
    return (bits[i / BITS] >> i % BITS & 1) != 0;
}

static void set_bit(uint64_t *bits, size_t i)
{
    bits[i / BITS] |= (uint64_t)1 << i % BITS;
}

/// Prefixes under which Flink's file systems take the same key (HadoopConfigLoader): those of one
/// GROUP mean the same.
static const struct {
    struct strview text;
    unsigned group;
} PREFIXES[] = {
    {SV_INIT("fs.s3a."), 1},    {SV_INIT("s3a."), 1},      {SV_INIT("s3."), 1},
    {SV_INIT("presto.s3."), 1}, {SV_INIT("fs.azure."), 2}, {SV_INIT("azure."), 2},
    {SV_INIT("fs.gs."), 3},     {SV_INIT("gs."), 3},
};

// Denied options have no placeholders.
static const struct pattern_vars NO_VARS;

/// Apart, so that what passes over nearly all keys stays small.
ASIDE static bool any(const struct patterns *denied, struct strview text)
{
    return patterns_match(denied, text, &NO_VARS);
}

/// The option that this one is under its newest name.
static size_t newest_of(const struct flink_option *option)
{
    struct strview key = flink_option_canonical(flink_option_key(option));
    return flink_option_index(flink_option_find(key).option);
}

/// Each name is held against the patterns once, for the newest name of its option; what an option
/// is called otherwise follows that.
static const uint64_t *read_options(const struct patterns *denied, struct arena *arena)
{
    size_t n = flink_option_count();
    uint64_t *bits = ARENA_NEW_N(arena, uint64_t, n / BITS + 1);
    if (bits == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (any(denied, flink_option_key(flink_option_at(i)))) {
            set_bit(bits, newest_of(flink_option_at(i)));
        }
    }
    // A former spelling that every version still reads, written out.
    for (size_t i = 0; i < denied->n; i++) {
        struct flink_option_match m = flink_option_find(pattern_text(denied->items[i]));
        if (m.option != NULL && !sv_present(m.sub)) {
            set_bit(bits, newest_of(m.option));
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (bit(bits, newest_of(flink_option_at(i)))) {
            set_bit(bits, i);
        }
    }
    return bits;
}

static void note_beginning(struct denied_keys *keys, struct strview text)
{
    for (unsigned c = 0; c < 256; c++) {
        if (text.len == 0 || (unsigned char)text.ptr[0] == c) {
            set_bit(keys->first, c);
        }
        if (text.len < 2 || (unsigned char)text.ptr[1] == c) {
            set_bit(keys->second, c);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++) {
        if (sv_starts(text, PREFIXES[i].text) || sv_starts(PREFIXES[i].text, text)) {
            keys->prefixes |= 1U << i;
        }
    }
}

const struct denied_keys *denied_keys_make(const struct patterns *denied, struct arena *arena)
{
    struct denied_keys *keys = denied->n != 0 ? ARENA_NEW(arena, struct denied_keys) : NULL;
    if (keys == NULL) {
        return NULL;
    }
    keys->options = read_options(denied, arena);
    for (size_t i = 0; i < denied->n; i++) {
        note_beginning(keys, pattern_beginning(denied->items[i]));
    }
    return keys->options != NULL ? keys : NULL;
}

// ---- what is not in the table -------------------------------------------------------------------

/// Whether a pattern matches KEY itself.
static bool is_key_meant(const struct patterns *denied, const struct denied_keys *keys,
                         struct strview key)
{
    return key.len != 0 && bit(keys->first, (unsigned char)key.ptr[0]) &&
           (key.len == 1 || bit(keys->second, (unsigned char)key.ptr[1])) && any(denied, key);
}

/// Whether a pattern matches KEY under another prefix of its group.
static bool is_alias_meant(const struct patterns *denied, const struct denied_keys *keys,
                           struct strview key)
{
    char text[FLINK_CONF_MAX_KEY + 16];
    size_t own = 0;
    while (own < ARRAY_LEN(PREFIXES) && !sv_starts(key, PREFIXES[own].text)) {
        own++;
    }
    for (size_t i = 0; own < ARRAY_LEN(PREFIXES) && i < ARRAY_LEN(PREFIXES); i++) {
        struct strview prefix = PREFIXES[i].text;
        struct strview rest = sv_from_pos(key, PREFIXES[own].text.len);
        if (i == own || PREFIXES[i].group != PREFIXES[own].group ||
            (keys->prefixes & 1U << i) == 0 || rest.len > FLINK_CONF_MAX_KEY) {
            continue;
        }
        memcpy(text, prefix.ptr, prefix.len);
        memcpy(text + prefix.len, rest.ptr, rest.len);
        if (any(denied, sv_make(text, prefix.len + rest.len))) {
            return true;
        }
    }
    return false;
}

bool denied_entry(const struct patterns *denied, const struct denied_keys *keys,
                  const struct flink_conf_entry *it)
{
    if (keys == NULL) {
        return false;
    }
    if (it->option != NULL && !sv_present(it->sub)) {
        return bit(keys->options, flink_option_index(it->option));
    }
    struct strview key = it->key;
    if (is_key_meant(denied, keys, key) ||
        (it->canonical.ptr != key.ptr && is_key_meant(denied, keys, it->canonical))) {
        return true;
    }
    if (sv_starts(key, SV("flink.hadoop."))) { // handed to Hadoop without it
        key = sv_from_pos(key, sizeof("flink.hadoop.") - 1);
        if (is_key_meant(denied, keys, key)) {
            return true;
        }
    }
    return keys->prefixes != 0 && is_alias_meant(denied, keys, key);
}
