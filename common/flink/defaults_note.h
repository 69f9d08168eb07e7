// SPDX-License-Identifier: Apache-2.0
// The annotation that says what defaulting filled in, and from what: how a later request can tell
// our values from the user's. And who owns a field. Pure.
#ifndef SLUICE_FLINK_DEFAULTS_NOTE_H
#define SLUICE_FLINK_DEFAULTS_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/flink/cluster.h"

#define FLINK_DEFAULTED_ANNOTATION "sluice.dev/defaulted"
/// A longer annotation is not ours, and reads as none.
#define FLINK_NOTE_MAX ((size_t)64 << 10)
/// Values from outside that one note may hold.
#define FLINK_NOTE_GIVEN_MAX 1024
/// Bytes of the name of who gave one.
#define FLINK_NOTE_BY_MAX 253

/// The fields that are filled in.
enum flink_noted {
    FLINK_NOTED_VERSION,     // spec.flinkVersion
    FLINK_NOTED_PARALLELISM, // spec.parallelism
    FLINK_NOTED_REPLICAS,    // spec.taskManager.replicas
    FLINK_NOTED_COUNT
};

#define FLINK_NOTED_BIT(field) (1U << (field))

/// A number that was filled in, and the two that it went with.
struct flink_note_number {
    int64_t value; // 0: not noted
    int64_t with;  // of the parallelism: the replicas; of the replicas: the parallelism
    int64_t slots;
    struct strview by; // of the parallelism: whose preset it came from; absent: nobody's
};

/// A value that came from a preset.
struct flink_note_given {
    struct strview path; // "iamRole", "imageTag", "flinkConfiguration.state.backend.type"
    struct strview by;   // whose it was
};

struct flink_note {
    struct strview version; // absent: not noted
    struct strview tag;     // that it was read from
    struct flink_note_number parallelism, replicas;
    const struct flink_note_given *given; // in their order
    size_t n_given;
};

/// The note that C carries; what is absent or unreadable is not noted. Texts live in C's tree or
/// ARENA.
void flink_note_read(const struct flink_cluster *c, struct arena *arena, struct flink_note *ret);

/// Writes it as compact JSON, always the same text for the same note; "{}" for an empty one.
void flink_note_put(struct strbuf *b, const struct flink_note *n);

bool flink_note_is_empty(const struct flink_note *n);
bool flink_note_number_eq(struct flink_note_number a, struct flink_note_number b);

/// Whose preset the value at PATH came from, or SV_NONE.
struct strview flink_note_giver(const struct flink_note *n, struct strview path);

/// Which of FIELDS (bits 1 << enum flink_noted) a user owns in C: some manager does in
/// metadata.managedFields (what a webhook fills in has no owner), or the field stands in kubectl's
/// last-applied annotation (after a client-side apply of a value equal to the stored one only that
/// tells). ARENA is scratch.
unsigned flink_users_fields(const struct flink_cluster *c, unsigned fields, struct arena *arena);

/// The same for members below spec, by their keys.
struct flink_owners {
    const struct flink_cluster *c;
    struct arena *arena;
    bool read;                  // APPLIED was looked for
    const struct json *applied; // spec of the last-applied annotation
};
bool flink_owners_have(struct flink_owners *o, const struct strview *keys, size_t n);

#endif
