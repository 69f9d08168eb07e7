// SPDX-License-Identifier: Apache-2.0
// Flink's own configuration options, 1.17 to 2.3: a table made from flink-options.tsv by
// common/flink/gen/options_table.py. Tells, without a JVM: unknown key (and the nearest known one),
// wrong type, former spelling, key of another version. Pure and constant: any thread, no ownership.
#ifndef SLUICE_FLINK_OPTIONS_H
#define SLUICE_FLINK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/flink/version.h"

enum flink_option_type {
    FLINK_STRING,
    FLINK_BOOLEAN,
    FLINK_INTEGER,
    FLINK_LONG,
    FLINK_FLOAT,
    FLINK_DOUBLE,
    FLINK_DURATION,
    FLINK_MEMORY_SIZE,
    FLINK_ENUM,
    FLINK_LIST_STRING,
    FLINK_LIST_ENUM,
    FLINK_LIST_MAP,
    FLINK_MAP,
    FLINK_TYPE_COUNT
};

struct flink_option; // one row

/// What a key stands for.
struct flink_option_match {
    const struct flink_option *option; // NULL: no listed key
    bool former;              // KEY is a spelling that the option once had, not its own name
    struct strview sub;       // of a map option written `key.sub`: "sub"; else absent
    struct strview canonical; // flink_option_canonical(KEY)
    uint8_t versions;         // bit per enum flink_release that reads KEY as it is spelt
};

/// Finds KEY among the options' names and former names, then as `map-option.sub`. O(1).
struct flink_option_match flink_option_find(struct strview key);

/// The option's own name.
struct strview flink_option_key(const struct flink_option *o);

/// One name for all spellings of a key: "state.checkpoints.dir" and "execution.checkpointing.dir"
/// both give the latter, "high-availability" gives "high-availability.type". An unknown key gives
/// itself. A key that fell apart into several options (state.backend.local-recovery), or that
/// others only fall back to (jobmanager.rpc.address), gives itself.
struct strview flink_option_canonical(struct strview key);

/// The spelling of KEY that VERSION knows: its canonical name when that is known there, else a
/// former name that is, else KEY itself. "execution.checkpointing.dir" for 1.18 gives
/// "state.checkpoints.dir".
struct strview flink_option_spelling(struct strview key, struct flink_version version);

/// Whether VERSION reads KEY under exactly this spelling (as an option or as a former key of one).
/// For an unlisted key: false.
bool flink_option_known_in(struct strview key, struct flink_version version);

/// "1.17–1.20", "2.0 and newer": where the option is known, put into B.
void flink_option_put_versions(struct strbuf *b, const struct flink_option *o);

enum flink_option_type flink_option_type(const struct flink_option *o,
                                         struct flink_version version);

/// Whether Flink VERSION can read VALUE for this option (ConfigurationUtils.convertValue). When
/// not, what it wants is put into WANT ("a duration, such as 30s or 10 min"; "one of NONE, LZ4");
/// WANT may be NULL. SUB as in struct flink_option_match: values below a map option are any text.
bool flink_option_check(const struct flink_option *o, struct strview sub,
                        struct flink_version version, struct strview value, struct strbuf *want);

/// The listed key known in VERSION that is nearest to KEY, at edit distance 1 or 2, or SV_NONE.
/// Compares with names of about the same length and letters, a few dozen: call it for few keys.
/// Keys over 126 bytes have none.
struct strview flink_option_nearest(struct strview key, struct flink_version version);

/// Whether KEY belongs to a family whose keys are not listed and which must pass without a word
/// (`env.*`, `metrics.reporter.*`, `fs.*`, `s3.*`, `table.*`, …).
bool flink_option_is_open(struct strview key);

/// The table itself, for tests and documentation: rows in order of their keys.
size_t flink_option_count(void);
const struct flink_option *flink_option_at(size_t i);
/// Where O stands in it: flink_option_at(flink_option_index(o)) is O.
size_t flink_option_index(const struct flink_option *o);

#endif
