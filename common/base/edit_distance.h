// SPDX-License-Identifier: Apache-2.0
// How near two names are, for "did you mean …?". Pure.
#ifndef SLUICE_BASE_EDIT_DISTANCE_H
#define SLUICE_BASE_EDIT_DISTANCE_H

#include <stddef.h>

#include "common/base/strview.h"

#define EDIT_DISTANCE_MAX_LEN 64

/// Levenshtein's distance in bytes; SIZE_MAX when a name is longer than EDIT_DISTANCE_MAX_LEN.
size_t edit_distance(struct strview a, struct strview b);

/// The largest distance at which a name is still worth being proposed for one of LEN bytes.
size_t edit_distance_worth(size_t len);

#endif
