// SPDX-License-Identifier: Apache-2.0
// Fixtures of FlinkClusters, read from files. For tests only.
#ifndef SLUICE_UNIT_FLINK_CASE_H
#define SLUICE_UNIT_FLINK_CASE_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/cluster.h"
#include "common/json/view.h"

#define CASE_ARENA_MAX ((size_t)64 << 20)

/// The file's JSON; the test fails when there is none. PATH is from the source folder.
const struct json *case_read(struct arena *a, const char *path);

/// TEXT's JSON; the test fails when it is none.
const struct json *case_parse(struct arena *a, struct strview text);

/// V as text, in the arena.
struct strview case_text(struct arena *a, const struct json *v);

/// Decodes OBJECT; schema faults are dropped. NULL gives NULL.
const struct flink_cluster *case_decode(struct arena *a, const struct json *object);

/// Names of the files in FOLDER (from the source folder), sorted, in the arena. Not a check: it
/// serves to set up loop tests.
const char *const *case_list(struct arena *a, const char *folder, size_t *count);

#endif
