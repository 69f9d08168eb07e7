// SPDX-License-Identifier: Apache-2.0
// Numbers from text: whole view or nothing, no locale, no white space, overflow is a failure.
#ifndef SLUICE_BASE_PARSE_NUM_H
#define SLUICE_BASE_PARSE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strview.h"

/// Decimal digits only, at least one.
bool parse_u64(struct strview s, uint64_t *ret);

/// An optional '+' or '-', then decimal digits.
bool parse_i64(struct strview s, int64_t *ret);

/// A finite number in C's decimal form (sign, digits, fraction, exponent); at most 63 bytes.
bool parse_double(struct strview s, double *ret);

#endif
