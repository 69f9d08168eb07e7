// SPDX-License-Identifier: Apache-2.0
// The fields that presets can give, by the paths that the note has for them. Pure; static data.
#ifndef SLUICE_FLINK_DEFAULTS_SLOT_H
#define SLUICE_FLINK_DEFAULTS_SLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/strview.h"
#include "common/flink/cluster.h"
#include "common/json/view.h"

// Paths in the note.
#define PRESET_IMAGE        "image"
#define PRESET_IMAGE_TAG    "imageTag" // only the tag of the user's image
#define PRESET_IAM_ROLE     "iamRole"
#define PRESET_JOB_MANAGERS "jobManager.replicas"
#define PRESET_STORAGE_ROOT "storage.root"
// What follows is a resource's name, or an option's key.
#define PRESET_JM_REQUESTS "jobManager.resources.requests."
#define PRESET_TM_REQUESTS "taskManager.resources.requests."
#define PRESET_CONF        "flinkConfiguration."

#define SLOT_DEPTH_MAX 4

struct slot {
    unsigned rank;                       // of an edit there
    struct strview keys[SLOT_DEPTH_MAX]; // below spec
    size_t n;
};

/// The field that PATH names; false when it is none that a preset can give (also the tag alone).
bool slot_read(struct strview path, struct slot *ret);

/// What stands there in C, as JSON; NULL: nothing, or null.
const struct json *slot_at(const struct flink_cluster *c, const struct slot *slot);

/// Whether something can be put there: all that stands above it are objects, or nothing.
bool slot_is_open(const struct flink_cluster *c, const struct slot *slot);

/// Whether it is an option of flinkConfiguration: then keys[1] is its key.
bool slot_is_option(const struct slot *slot);

#endif
