// SPDX-License-Identifier: Apache-2.0
// Whom to ask about a cluster over Flink's REST API: the pod that leads, at its own address, never
// a Service, behind which a standby may answer. Pure.
#ifndef SLUICE_CONTROLLER_ASK_H
#define SLUICE_CONTROLLER_ASK_H

#include "controller/conditions.h"
#include "controller/flink/probe_address.h"

/// The target for NOW, which has a record; without an address when nobody leads or the leader has
/// none yet. Texts borrowed, or in the arena.
void ask_make(const struct reconcile *rc, const struct situation *now, struct probe_target *ret);

#endif
