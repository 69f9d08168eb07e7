// SPDX-License-Identifier: Apache-2.0
#include "webhook/context.h"

void context_put(const struct snapshot *snap, struct review_context *ret)
{
    ret->policies = snapshot_policies(snap);
    ret->world = snapshot_world(snap);
    ret->stored = snapshot_is_watched(snap) ? snapshot_stored : NULL;
    ret->stored_ctx = snap;
}
