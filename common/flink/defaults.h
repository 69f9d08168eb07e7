// SPDX-License-Identifier: Apache-2.0
// What a FlinkCluster gets when its writer left it out (product page: "the parallelism law",
// "defaults follow, and only when they must"), as an RFC 6902 patch. Filled in are the three fields
// that must stand in the stored object: spec.flinkVersion, spec.parallelism,
// spec.taskManager.replicas; and what presets (of policies) give. Every other default is applied
// where the object is read (flink/effective.h). Pure.
#ifndef SLUICE_FLINK_DEFAULTS_H
#define SLUICE_FLINK_DEFAULTS_H

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/flink/cluster.h"
#include "common/flink/memory.h"
#include "common/json/patch.h"

/// Values from outside the object, for what its writer left out. SV_NONE, 0, none: there is none.
/// BY is whose it is, for the note.
struct flink_preset_text {
    struct strview value;
    struct strview by;
    struct strview missing; // there is one, but this placeholder could not be filled in
};

struct flink_preset_number {
    int64_t value;
    struct strview by;
};

struct flink_preset_quantity {
    struct strview name; // "cpu"
    struct strview text; // "500m"
    struct strview by;
};

struct flink_preset_option {
    struct strview key; // of a Flink option, flat
    const struct json *value;
    struct strview by;
};

/// They are set once, at the create, and noted: an update that leaves one out (a PUT of the same
/// manifest) gets the stored value back, never another one. Beyond that only two are asked for
/// again, when the user's own change needs them: the tag, for another image without one, and the
/// parallelism, when the law has nothing else.
struct flink_presets {
    struct flink_preset_text image;
    struct flink_preset_text tag;          // for an image with neither tag nor digest
    struct flink_preset_text iam_role;     // not beside a serviceAccountName
    struct flink_preset_text storage_root; // when no storage is known
    struct flink_preset_number parallelism;
    struct flink_preset_number job_managers; // more than one only when storage is known
    /// By enum flink_role: requests of names for which there is neither request nor limit; memory
    /// only when flinkConfiguration doesn't set the role's size.
    struct {
        const struct flink_preset_quantity *items;
        size_t n;
    } requests[FLINK_ROLES];
    /// Options that stand in flinkConfiguration under no spelling; one that sets a role's size only
    /// when neither its resources nor another option do.
    const struct flink_preset_option *options;
    size_t n_options;
};

struct flink_defaults_input {
    const struct flink_cluster *now;
    const struct flink_cluster *old;     // NULL on a create
    const struct flink_presets *presets; // NULL: none
};

/// Presets that have a `missing` placeholder and that NOW, a create, would get: bits.
enum {
    FLINK_PRESET_IMAGE = 1U,
    FLINK_PRESET_IAM_ROLE = 2U,
    FLINK_PRESET_STORAGE_ROOT = 4U,
};
unsigned flink_presets_missing(const struct flink_defaults_input *in, struct arena *arena);

/// Adds to PATCH what must change in IN's object, at most one operation for each absent parent;
/// nothing when nothing must. The object may be badly typed: when a member that matters here is,
/// the object can't pass its schema anyway, and PATCH stays empty. What was filled in is noted,
/// with what it was computed from, in the annotation FLINK_DEFAULTED_ANNOTATION. Applying the patch
/// and calling again gives an empty patch. 0, or -1 when the patch doesn't fit (E_TOO_LARGE) or
/// ARENA is full (E_NOMEM).
MUST_USE int flink_defaults(const struct flink_defaults_input *in, struct arena *arena,
                            struct json_patch *patch, struct err *err);

/// For the rules' verdict on an object that its schema refuses, and that so gets no patch: NOW with
/// what the defaults would make of its fields (image, version, role, numbers, storage root), in
/// *RET's struct alone; its JSON stays, and so do resources and flinkConfiguration. Where
/// a badly typed member keeps them from being worked out, what we had filled in counts as absent.
/// All else in *RET is borrowed from NOW. A full arena shows in arena_ok().
void flink_defaults_foresee(const struct flink_defaults_input *in, struct arena *arena,
                            struct flink_cluster *ret);

#endif
