// SPDX-License-Identifier: Apache-2.0
// The Flink releases that Sluice knows, and versions written as text. One table, FLINK_RELEASES.
// Pure; values, no ownership, any thread.
#ifndef SLUICE_FLINK_VERSION_H
#define SLUICE_FLINK_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/strview.h"

/// Every minor release that Sluice knows, oldest first.
#define FLINK_RELEASES(X)                                                                          \
    X(1, 17)                                                                                       \
    X(1, 18)                                                                                       \
    X(1, 19)                                                                                       \
    X(1, 20)                                                                                       \
    X(2, 0)                                                                                        \
    X(2, 1)                                                                                        \
    X(2, 2)                                                                                        \
    X(2, 3)

enum flink_release {
#define X(major, minor) FLINK_##major##_##minor,
    FLINK_RELEASES(X)
#undef X
        FLINK_RELEASE_COUNT
};

/// MAJOR.MINOR, of any Flink, known or not; each at most 9999.
struct flink_version {
    int major, minor;
};

/// How a version was written.
enum flink_version_form {
    FLINK_FORM_NONE,   // no version
    FLINK_FORM_PLAIN,  // 1.20
    FLINK_FORM_APACHE, // v1_20, as Apache's operator has it
};

enum flink_standing {
    FLINK_KNOWN,
    FLINK_OLDER,   // than the oldest known
    FLINK_NEWER,   // than the newest known
    FLINK_NO_SUCH, // between two known ones (1.21): never released
};

/// Reads "1.20" or "v1_20", the whole text; leading zeros and signs are no version.
enum flink_version_form flink_version_parse(struct strview text, struct flink_version *ret);

/// Reads the version that an image tag begins with: "1.20.1-scala_2.12-java17", "1.20",
/// "2.0.0-r42". Only a known release counts (product.md: `flinkVersion`). *PATCH, when not NULL,
/// gets "1.20.1", or SV_NONE when the tag names no patch level. False when the tag begins with no
/// known release.
bool flink_version_from_tag(struct strview tag, struct flink_version *ret, struct strview *patch);

/// <0, 0, >0.
int flink_version_cmp(struct flink_version a, struct flink_version b);

/// Whether V >= MAJOR.MINOR.
bool flink_version_at_least(struct flink_version v, int major, int minor);

enum flink_standing flink_version_standing(struct flink_version v);

struct flink_version flink_version_oldest(void);
struct flink_version flink_version_newest(void);

/// The N-th known release (N < FLINK_RELEASE_COUNT), oldest first.
struct flink_version flink_version_of(enum flink_release release);

/// The release whose tables hold for V: its own, the newest one's when V is newer, the nearest
/// older one's when V was never released, the oldest one's when V is older.
enum flink_release flink_version_release(struct flink_version v);

/// "1.20", in ARENA.
struct strview flink_version_text(struct arena *arena, struct flink_version v);

#endif
