// SPDX-License-Identifier: Apache-2.0
// Policies out of files: YAML streams, JSON, and Lists of either.
#ifndef SLUICE_WEBHOOK_POLICY_FILES_H
#define SLUICE_WEBHOOK_POLICY_FILES_H

#include "common/base/err.h"
#include "common/world/snapshots.h"

/// Bytes of a file at most.
#define POLICY_FILE_MAX ((size_t)4 << 20)

/// Adds every FlinkPolicy of the file. Anything else in it is a fault, as is a file without one: a
/// policy must not be overlooked. -1 with the file's name in the message.
MUST_USE int policy_file_add(const char *path, struct snapshots *s, struct err *err);

#endif
