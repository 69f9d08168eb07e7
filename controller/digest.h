// SPDX-License-Identifier: Apache-2.0
// What is remembered of a child: of all that the API server shows the fields that the plan reads
// or owns, and nothing else. Two of one object with the same digest give the same plan, so a
// change that doesn't reach the digest (a heartbeat, another's field) wakes nobody. Pure.
#ifndef SLUICE_CONTROLLER_DIGEST_H
#define SLUICE_CONTROLLER_DIGEST_H

#include "common/json/out.h"
#include "controller/observed.h"

/// Whether children of KIND are remembered by their digest. ControllerRevisions are not: they hold
/// what a user wrote, digit for digit.
bool digest_is_for(enum child_kind kind);

/// Writes the digest of OBJECT, a child of KIND: an object of the same shape, with less in it.
void digest_put(enum child_kind kind, const struct json *object, struct json_out *o);

#endif
