// SPDX-License-Identifier: Apache-2.0
// The way of the strict scan through a text, byte by byte. For strict.c alone. Pure.
#ifndef SLUICE_JSON_WALK_H
#define SLUICE_JSON_WALK_H

#include "common/json/scan.h"

/// The whole text: true, what it is in *ROOT (unless not BUILDING), and in *LEFT, which says how
/// many values may come, how many still may. False: a fault, S->err says which.
bool walk_text(struct scan *s, bool building, cJSON **root, uint32_t *left);

#endif
