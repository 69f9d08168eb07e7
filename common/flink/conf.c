// SPDX-License-Identifier: Apache-2.0
#include "common/flink/conf.h"

#include <stdint.h>
#include <string.h>

#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/json/out.h"

/// What a walk over the user's map carries along.
struct reading {
    const struct path *path;
    struct arena *arena;
    struct violations *v;
    struct flink_conf_entry *items;
    size_t count, cap;
    size_t bytes;  // keys and values so far
    bool too_much; // said once
    bool twice;    // two entries have one canonical key
};

/// What tells quickly that a key is not in CONF holds this one too.
static void mark(struct flink_conf *conf, struct strview canonical)
{
    conf->lengths |= UINT64_C(1) << canonical.len % 64;
    conf->firsts |= flink_conf_first(canonical);
}

static bool key_is_fine(struct strview key)
{
    if (key.len == 0 || key.len > FLINK_CONF_MAX_KEY) {
        return false;
    }
    // What would end the key in a file or behind -D, beside control characters.
    static const bool ENDS[256] = {[' '] = true, [0x7f] = true, ['='] = true, [':'] = true,
                                   ['#'] = true, ['"'] = true,  ['\''] = true};
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.ptr[i];
        if (c < ' ' || ENDS[c]) {
            return false;
        }
    }
    return key.ptr[0] != '.' && key.ptr[key.len - 1] != '.';
}

/// The value as Flink would find it in a file, or SV_NONE after a violation.
static struct strview value_text(struct reading *r, const struct path *at, const struct json *v)
{
    struct strview string = json_string(v);
    if (sv_present(string)) {
        return string; // nearly always
    }
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(r->arena, 64);
    struct json_out out = JSON_OUT(&b);
    int64_t whole;
    double number;
    bool truth;
    if (json_bool(v, &truth)) {
        return truth ? SV("true") : SV("false");
    }
    if (json_int(v, &whole)) {
        json_out_int(&out, whole);
        return arena_copy(r->arena, strbuf_view(&b));
    }
    if (json_double(v, &number)) {
        if (number >= 9007199254740992.0 || number <= -9007199254740992.0) {
            violation_deny(r->v, "flink_conf.shape", CAUSE_INVALID, at, SV("number"),
                           "too large to be kept exactly: write it as a string");
            return SV_NONE;
        }
        json_out_double(&out, number);
        return arena_copy(r->arena, strbuf_view(&b));
    }
    violation_deny(r->v, "flink_conf.shape", CAUSE_TYPE_INVALID, at, violation_show(r->v->arena, v),
                   json_type(v) == JSON_ARRAY
                       ? "must be a string, number or boolean: join the items of a list with ;"
                       : "must be a string, number or boolean");
    return SV_NONE;
}

/// One more entry, or NULL when a limit is reached.
static struct flink_conf_entry *entry_new(struct reading *r, size_t bytes)
{
    bool full = r->count >= FLINK_CONF_MAX_KEYS || bytes > FLINK_CONF_MAX_TOTAL - r->bytes;
    if (full && !r->too_much) {
        r->too_much = true;
        violation_deny(r->v, "flink_conf.limit", CAUSE_TOO_MANY, r->path, SV_NONE,
                       "must have at most %d keys and %d bytes in all", FLINK_CONF_MAX_KEYS,
                       FLINK_CONF_MAX_TOTAL);
    }
    if (full) {
        return NULL;
    }
    if (r->count == r->cap) {
        size_t cap = r->cap != 0 ? r->cap * 2 : 32;
        struct flink_conf_entry *items = arena_alloc(r->arena, cap * sizeof(*items));
        if (items == NULL) {
            return NULL;
        }
        if (r->count != 0) {
            memcpy(items, r->items, r->count * sizeof(*items));
        }
        r->items = items;
        r->cap = cap;
    }
    r->bytes += bytes;
    return &r->items[r->count++];
}

static void read_value(struct reading *r, struct strview key, const struct json *v)
{
    const struct path at = PATH_KEY_OF(r->path, key);
    struct flink_option_match m = flink_option_find(key);
    bool known = m.option != NULL && !sv_present(m.sub);
    if (!known && !key_is_fine(key)) {
        violation_deny(r->v, "flink_conf.shape", CAUSE_INVALID, r->path,
                       violation_quote(r->arena, key),
                       "a key has 1 to %d characters, no white space and none of = : # \" '",
                       FLINK_CONF_MAX_KEY);
        return;
    }
    struct strview text = value_text(r, &at, v);
    if (!sv_present(text)) {
        return;
    }
    if (text.len > FLINK_CONF_MAX_VALUE) {
        violation_deny(r->v, "flink_conf.limit", CAUSE_TOO_LONG, &at, SV_NONE,
                       "may not be more than %d bytes", FLINK_CONF_MAX_VALUE);
        return;
    }
    struct flink_conf_entry *e = entry_new(r, key.len + text.len);
    if (e != NULL) {
        *e = (struct flink_conf_entry){.key = key,
                                       .canonical = m.canonical,
                                       .value = text,
                                       .json = v,
                                       .option = m.option,
                                       .sub = m.sub,
                                       .versions = m.versions};
    }
}

/// Walks MAP below PREFIX; the parser bounds the depth.
static void read_map(struct reading *r, struct strview prefix, const struct json *map)
{
    json_each(child, map) {
        struct strview key = json_key(child);
        if (r->too_much || !arena_ok(r->arena)) {
            return;
        }
        if (prefix.len + key.len > 2 * FLINK_CONF_MAX_KEY) {
            // Too long anyway; not copied, so that deep long keys can't fill the arena.
            read_value(r, key.len != 0 ? key : prefix, child);
            continue;
        }
        if (prefix.len != 0) {
            key = arena_printf(r->arena, "%.*s.%.*s", SV_ARG(prefix), SV_ARG(key));
        }
        if (json_type(child) == JSON_OBJECT) {
            read_map(r, key, child);
        } else {
            read_value(r, key, child);
        }
    }
}

/// The order by canonical keys. An entry is compared with those that come to stand beside it: that
/// two have one key is seen here.
static int by_canonical(struct reading *r, size_t i, const struct flink_conf_entry *it)
{
    const struct flink_conf_entry *x = &r->items[i];
    int order = sv_cmp(x->canonical, it->canonical);
    if (order != 0) {
        return order;
    }
    r->twice = true;
    return sv_cmp(x->key, it->key);
}

/// Kubernetes writes maps in the order of their keys, which is nearly the one that we want: few are
/// moved, and nothing is allocated.
static void sort(struct reading *r)
{
    for (size_t i = 1; i < r->count; i++) {
        if (by_canonical(r, i - 1, &r->items[i]) <= 0) {
            continue;
        }
        const struct flink_conf_entry it = r->items[i];
        size_t low = 0, high = i - 1; // the first that stands behind it is one of these
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (by_canonical(r, mid, &it) > 0) {
                high = mid;
            } else {
                low = mid + 1;
            }
        }
        memmove(&r->items[low + 1], &r->items[low], (i - low) * sizeof(it));
        r->items[low] = it;
    }
}

/// Of entries with one canonical key, which stand side by side, the first is kept.
static void refuse_duplicates(struct reading *r)
{
    size_t kept = 1;
    for (size_t i = 1; i < r->count; i++) {
        const struct flink_conf_entry *first = &r->items[kept - 1];
        if (!sv_eq(first->canonical, r->items[i].canonical)) {
            r->items[kept++] = r->items[i];
            continue;
        }
        const struct path at = PATH_KEY_OF(r->path, r->items[i].key);
        struct strview other = violation_quote(r->arena, first->key);
        violation_deny(r->v, "flink_conf.duplicate", CAUSE_DUPLICATE, &at,
                       violation_quote(r->arena, r->items[i].key), "the same option as %.*s",
                       SV_ARG(other));
    }
    r->count = kept;
}

void flink_conf_read(const struct json *map, const struct path *path, struct arena *arena,
                     struct violations *v, struct flink_conf *ret)
{
    struct reading r = {.path = path, .arena = arena, .v = v};
    *ret = (struct flink_conf){0};
    if (json_type(map) != JSON_OBJECT) {
        if (json_type(map) != JSON_ABSENT && json_type(map) != JSON_NULL) {
            violation_deny(v, "flink_conf.shape", CAUSE_TYPE_INVALID, path,
                           violation_show(v->arena, map), "must be a map");
        }
        return;
    }
    read_map(&r, SV(""), map);
    sort(&r);
    if (r.twice) {
        refuse_duplicates(&r);
    }
    *ret = (struct flink_conf){.items = r.items, .count = r.count};
    for (size_t i = 0; i < r.count; i++) {
        mark(ret, r.items[i].canonical);
    }
}

/// The first entry whose canonical key is not before KEY.
static size_t first_from(const struct flink_conf *conf, struct strview key)
{
    size_t low = 0, high = conf->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sv_cmp(conf->items[mid].canonical, key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const struct flink_conf_entry *flink_conf_look_up(const struct flink_conf *conf,
                                                  struct strview canonical)
{
#ifdef SLUICE_SANITIZED
    ASSERT(sv_eq(canonical, flink_option_canonical(canonical)));
#endif
    size_t at = first_from(conf, canonical);
    bool found = at < conf->count && sv_eq(conf->items[at].canonical, canonical);
    return found ? &conf->items[at] : NULL;
}

struct flink_conf flink_conf_below(const struct flink_conf *conf, struct strview prefix)
{
    ASSERT(prefix.len != 0);
    if (conf == NULL || (conf->firsts & flink_conf_first(prefix)) == 0) {
        return (struct flink_conf){0};
    }
    size_t first = first_from(conf, prefix), end = first;
    while (end < conf->count && sv_starts(conf->items[end].canonical, prefix)) {
        end++;
    }
    struct flink_conf below = *conf;
    below.items += first;
    below.count = end - first;
    return below;
}

const struct flink_conf_entry *flink_conf_find(const struct flink_conf *conf, struct strview key)
{
    if (conf == NULL || conf->count == 0) {
        return NULL;
    }
    return flink_conf_find_canonical(conf, flink_option_canonical(key));
}

struct strview flink_conf_get(const struct flink_conf *conf, struct strview key)
{
    const struct flink_conf_entry *e = flink_conf_find(conf, key);
    return e != NULL ? e->value : SV_NONE;
}

struct flink_conf flink_conf_merge(const struct flink_conf *base, const struct flink_conf *top,
                                   struct arena *arena)
{
    struct flink_conf_entry *items =
        ARENA_NEW_N(arena, struct flink_conf_entry, base->count + top->count + 1);
    if (items == NULL) {
        return *top;
    }
    struct flink_conf ret = {.items = items};
    size_t i = 0, j = 0;
    while (i < base->count || j < top->count) {
        int order = i == base->count  ? 1
                    : j == top->count ? -1
                                      : sv_cmp(base->items[i].canonical, top->items[j].canonical);
        items[ret.count] = order < 0 ? base->items[i] : top->items[j];
        mark(&ret, items[ret.count++].canonical);
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
    return ret;
}

bool flink_conf_storage_known(struct strview root, const struct flink_conf *conf)
{
    return root.len != 0 ||
           (flink_conf_get_canonical(conf, SV("high-availability.storageDir")).len != 0 &&
            flink_conf_get_canonical(conf, SV("execution.checkpointing.dir")).len != 0 &&
            flink_conf_get_canonical(conf, SV("execution.checkpointing.savepoint-dir")).len != 0);
}
