// SPDX-License-Identifier: Apache-2.0
// The Flink options that a policy denies, as bits of the table of options: worked out once, so that
// a review asks for a bit where it would hold each key, in all its spellings, against each pattern.
// Pure.
#ifndef SLUICE_POLICY_DENIED_H
#define SLUICE_POLICY_DENIED_H

#include <stdint.h>

#include "common/flink/conf.h"
#include "common/policy/pattern.h"

/// One bit for each flink_option_index(): whether one of the patterns (which have no placeholders)
/// matches a spelling that some Flink version knows. NULL: no patterns, or the arena is full.
const uint64_t *denied_options(const struct patterns *denied, struct arena *arena);

/// Whether IT is denied: by its bit in OPTIONS, or, when it is not in the table, by the patterns,
/// also under the other prefixes that its file system takes.
bool denied_entry(const struct patterns *denied, const uint64_t *options,
                  const struct flink_conf_entry *it);

#endif
