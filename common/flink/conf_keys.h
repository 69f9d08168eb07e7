// SPDX-License-Identifier: Apache-2.0
// The rows of conf_keys.def, for the check, the rendering and the documentation alone. Constant.
#ifndef SLUICE_FLINK_CONF_KEYS_H
#define SLUICE_FLINK_CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/conf_render.h"

enum conf_mode {
    CONF_FIXED,
    CONF_DEFAULT,
    CONF_JOIN_LIST,
    CONF_JOIN_WORDS,
    CONF_REFUSED,
};

enum conf_when {
    CONF_ALWAYS = 0,
    CONF_APPLICATION = 1,
    CONF_HA = 2,
    CONF_HA_APPLICATION = CONF_HA | CONF_APPLICATION,
    CONF_STANDBY = CONF_HA | 4,
};

struct conf_key;

/// The value for these inputs, or SV_NONE: nothing to write.
typedef struct strview conf_value_fn(const struct conf_key *row, const struct flink_conf_inputs *in,
                                     struct arena *arena);

struct conf_key {
    struct strview key;
    bool open; // ends with '*', for any rest
    enum conf_mode mode;
    enum conf_when when;
    conf_value_fn *value;
    const char *text;    // may be NULL
    const char *instead; // may be NULL
    const char *why;
};

struct conf_hint {
    struct strview key;
    bool open;
    const char *text; // NULL: the key acts, nothing to say
};

extern const struct conf_key CONF_KEYS[];
extern const size_t CONF_KEY_COUNT;
extern const struct conf_hint CONF_HINTS[];
extern const size_t CONF_HINT_COUNT;

/// What the table says of a canonical key: at most one of them is not NULL.
struct conf_row {
    const struct conf_key *key;
    const struct conf_hint *hint; // the first that matches a key that nobody else's row is about
};
struct conf_row conf_row_find(struct strview canonical);

/// Whether TEXT is the value itself.
bool conf_key_is_literal(const struct conf_key *row);

/// Whether the user may write VALUE although the row is FIXED: it is what Sluice writes.
bool conf_key_agrees(const struct conf_key *row, struct strview value);

#endif
