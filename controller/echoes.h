// SPDX-License-Identifier: Apache-2.0
// FlinkClusters that we wrote a moment ago, and whose watch has not shown it yet: what is planned
// from the version that our own write replaced would be refused with a 409, after a useless
// request. A hint: an entry may give way to another's. In memory alone. Thread-safe.
#ifndef SLUICE_CONTROLLER_ECHOES_H
#define SLUICE_CONTROLLER_ECHOES_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"

/// Clusters that are remembered at most.
#define ECHOES_MAX 1024

struct echoes;

MUST_USE int echoes_new(struct echoes **ret, struct err *err);
/// NULL is fine.
void echoes_free(struct echoes *e);

/// A write of ours replaced the resourceVersion SEEN of the cluster KEY ("namespace/name"). Texts
/// are copied; what is too long is not noted.
void echoes_note(struct echoes *e, struct strview key, struct strview seen);

/// Whether VERSION of KEY is one that a write of ours has replaced. If not, nothing is waited for
/// any more.
bool echoes_is_behind(struct echoes *e, struct strview key, struct strview version);

#endif
