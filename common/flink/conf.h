// SPDX-License-Identifier: Apache-2.0
// The user's `flinkConfiguration`: read into a flat, sorted list, and judged. What Sluice itself
// writes is in conf_render.h; which keys are whose is the table conf_keys.def. Pure; memory from an
// arena.
#ifndef SLUICE_FLINK_CONF_H
#define SLUICE_FLINK_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/options.h"
#include "common/flink/version.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"

#define FLINK_CONF_MAX_KEYS  1000  // entries after flattening
#define FLINK_CONF_MAX_KEY   512   // bytes of a flattened key
#define FLINK_CONF_MAX_VALUE 65536 // bytes of a value
#define FLINK_CONF_MAX_TOTAL                                                                       \
    716800 // bytes of all keys and values: with the file's own, a ConfigMap's

struct flink_conf_entry {
    struct strview key;                // as the user wrote it, flattened with dots
    struct strview canonical;          // flink_option_canonical(key)
    struct strview value;              // its text; never absent
    const struct json *json;           // where it stands
    const struct flink_option *option; // NULL: not listed
    struct strview sub;                // as in struct flink_option_match
    uint8_t versions;                  // as there
};

/// Sorted by canonical key, each at most once.
struct flink_conf {
    const struct flink_conf_entry *items;
    size_t count;
    // A bit (1 << len % 64) for the length of each canonical key: who asks for a key that isn't
    // there, as nearly all do, mostly learns it from this. It may hold bits of keys that are not.
    uint64_t lengths;
    uint32_t firsts; // the same for their first bytes (1 << byte % 32)
};

/// Reads MAP (a JSON object of strings, numbers, booleans and nested such objects; absent or null
/// is an empty one). Faults (lists, nulls, the same key twice under any spelling, limits) become
/// violations at PATH[key]; what could be read is in *RET all the same. Keys and values live as
/// long as the tree and ARENA. Nothing is judged: flink_conf_check() does that.
void flink_conf_read(const struct json *map, const struct path *path, struct arena *arena,
                     struct violations *v, struct flink_conf *ret);

/// The bit of a key's first byte; an empty one has none.
static inline uint32_t flink_conf_first(struct strview canonical)
{
    return canonical.len != 0 ? UINT32_C(1) << (unsigned char)canonical.ptr[0] % 32 : 0;
}

/// The entry of a canonical key, or NULL: for the functions below. O(log n).
const struct flink_conf_entry *flink_conf_look_up(const struct flink_conf *conf,
                                                  struct strview canonical);

/// The entry of KEY, given in any spelling, or NULL. O(log n).
const struct flink_conf_entry *flink_conf_find(const struct flink_conf *conf, struct strview key);

/// The same for a KEY that is known to be its own canonical spelling: cheaper, where many are
/// asked for that are mostly not there.
static inline const struct flink_conf_entry *
flink_conf_find_canonical(const struct flink_conf *conf, struct strview canonical)
{
    bool maybe = conf != NULL && (conf->lengths >> canonical.len % 64 & 1) != 0 &&
                 (conf->firsts & flink_conf_first(canonical)) != 0;
    return maybe ? flink_conf_look_up(conf, canonical) : NULL;
}

/// Its value, or SV_NONE.
static inline struct strview flink_conf_get_canonical(const struct flink_conf *conf,
                                                      struct strview canonical)
{
    const struct flink_conf_entry *e = flink_conf_find_canonical(conf, canonical);
    return e != NULL ? e->value : SV_NONE;
}

/// The entries whose canonical key begins with PREFIX, which is not empty; borrowed from CONF. For
/// who reads a whole family of keys: mostly there is none.
struct flink_conf flink_conf_below(const struct flink_conf *conf, struct strview prefix);

/// The value of KEY, given in any spelling, or SV_NONE.
struct strview flink_conf_get(const struct flink_conf *conf, struct strview key);
#define flink_conf_get_lit(conf, lit) flink_conf_get((conf), SV(lit))

/// BASE with TOP's entries over it (a policy's defaults under the user's), in ARENA; on lack of
/// memory the arena says so.
struct flink_conf flink_conf_merge(const struct flink_conf *base, const struct flink_conf *top,
                                   struct arena *arena);

struct flink_conf_judge {
    struct flink_version version;
    bool application;   // spec.job is there
    bool storage_known; // HA will be on
};

/// Judges every entry: keys that Sluice owns are refused, naming the field to use; listed keys with
/// a value that Flink can't read are refused; other operators' keys, native-mode `kubernetes.*`,
/// keys of another Flink version and unknown keys are warned of. Unknown keys beyond the first 20
/// get no "did you mean".
void flink_conf_check(const struct flink_conf *conf, const struct flink_conf_judge *judge,
                      const struct path *path, struct violations *v);

/// Whether state outlives the pods: ROOT (spec.storage.root) is given, or CONF has the HA,
/// checkpoint and savepoint directories, in either spelling (product.md, `storage.root`).
bool flink_conf_storage_known(struct strview root, const struct flink_conf *conf);

#endif
