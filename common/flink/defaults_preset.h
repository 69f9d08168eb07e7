// SPDX-License-Identifier: Apache-2.0
// Which presets an object gets, or gets back, and which of its values came from one. Pure.
#ifndef SLUICE_FLINK_DEFAULTS_PRESET_H
#define SLUICE_FLINK_DEFAULTS_PRESET_H

#include "common/base/arena.h"
#include "common/flink/defaults.h"
#include "common/flink/defaults_edits.h"
#include "common/flink/defaults_note.h"

/// Ranks of the edits: one for each member of spec, and the note's.
enum {
    DEFAULTS_RANK_IMAGE,
    DEFAULTS_RANK_VERSION,
    DEFAULTS_RANK_ROLE,
    DEFAULTS_RANK_PARALLELISM,
    DEFAULTS_RANK_JOB_MANAGER,
    DEFAULTS_RANK_TASK_MANAGER,
    DEFAULTS_RANK_STORAGE,
    DEFAULTS_RANK_CONF,
    DEFAULTS_RANK_NOTE,
};

struct defaults_presets_result {
    // As the object will be, where presets have a say; else as it is.
    struct strview image, iam_role, storage_root;
    struct field_int job_managers;
    // Of the values that it will have, those that came from presets.
    const struct flink_note_given *given;
    size_t n_given;
};

/// CARRIED is the note in IN's new object, OLD_NOTE that of the old one (empty on a create). Adds
/// to EDITS; all memory is its arena's, a full one shows in arena_ok(). Members of a wrong type are
/// left alone.
void defaults_presets(const struct flink_defaults_input *in, const struct flink_note *carried,
                      const struct flink_note *old_note, struct defaults_edits *edits,
                      struct defaults_presets_result *ret);

#endif
