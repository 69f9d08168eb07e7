// SPDX-License-Identifier: Apache-2.0
// The Flink options that a policy denies, as bits of the table of options: worked out once, so that
// a review asks for a bit where it would hold each key, in all its spellings, against each pattern.
// Pure.
#ifndef SLUICE_POLICY_DENIED_H
#define SLUICE_POLICY_DENIED_H

#include <stdint.h>

#include "common/flink/conf.h"
#include "common/policy/pattern.h"

struct denied_keys {
    const uint64_t *options; // a bit for each flink_option_index()
    // A bit for each byte that a key which is matched may have in the first and second place.
    uint64_t first[4], second[4];
    unsigned prefixes; // bits of the file systems' prefixes that a matched key may have
};

/// Works out what DENIED, patterns without placeholders, mean: an option when one of them matches a
/// spelling that some Flink version knows. NULL: no patterns, or the arena is full.
const struct denied_keys *denied_keys_make(const struct patterns *denied, struct arena *arena);

/// Whether IT is denied: by its bit, or, when it is not in the table of options, by the patterns,
/// also under the other prefixes that its file system takes.
bool denied_entry(const struct patterns *denied, const struct denied_keys *keys,
                  const struct flink_conf_entry *it);

#endif
