// SPDX-License-Identifier: Apache-2.0
// What a revision is made of: the part of a FlinkCluster that its user asked for and that reaches a
// pod, as one canonical text whose hash (made elsewhere) names the revision. Labels, annotations,
// policies, the order of keys, a default written out and a newer Sluice leave it as it is. Pure.
#ifndef SLUICE_FLINK_REVISION_H
#define SLUICE_FLINK_REVISION_H

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/flink/cluster.h"
#include "common/flink/effective.h"

/// Appends the text to B: a compact JSON object whose keys are paths below spec, sorted by bytes;
/// every row of cluster.def with `.pod = true` that the user gave, and the numbers and the version
/// in effect (so that `slots: 1`, or "v1_20" for "1.20", changes nothing). E is C's own. A full
/// buffer or ARENA shows in strbuf_ok() and arena_ok().
void flink_revision_put(struct strbuf *b, const struct flink_cluster *c,
                        const struct flink_effective *e, struct arena *arena);

#endif
