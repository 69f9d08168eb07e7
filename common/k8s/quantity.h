// SPDX-License-Identifier: Apache-2.0
// resource.Quantity: takes and refuses what the API server takes and refuses, and gives the same
// number. Source: k8s.io/apimachinery pkg/api/resource (ParseQuantity, CanonicalizeBytes); held
// equal to it by tests/fixtures/quantity.tsv. A value is held in billionths, rounded away from zero
// as there, exactly up to 8.5e28; beyond that it stays at the limit and says so. Pure.
#ifndef SLUICE_K8S_QUANTITY_H
#define SLUICE_K8S_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/view.h"

enum quantity_format {
    QUANTITY_DECIMAL_SI,       // 12M
    QUANTITY_BINARY_SI,        // 12Mi
    QUANTITY_DECIMAL_EXPONENT, // 12e6
};

__extension__ typedef __int128 quantity_nano;

struct quantity {
    quantity_nano nano; // the value times 10^9
    enum quantity_format format;
    bool saturated; // larger in size than NANO can tell
};

/// 0 bytes, 3 CPUs: a whole number.
#define QUANTITY_OF(whole, format_)                                                                \
    ((struct quantity){.nano = (quantity_nano)(whole)*1000000000, .format = (format_)})

/// False when the API server refuses S; then *RET_WHY (may be NULL) is its text, static. The length
/// is not limited beyond the document's own: time is linear.
bool quantity_parse(struct strview s, struct quantity *ret, const char **ret_why);

/// The same for a JSON value: a string (white space around it is ignored, as there) or a number.
/// False also for any other type.
bool quantity_read(const struct json *v, struct quantity *ret, const char **ret_why);

/// Less than, equal to or greater than 0. Two saturated values of one sign are equal.
int quantity_cmp(struct quantity a, struct quantity b);

/// -1, 0 or 1.
int quantity_sign(struct quantity q);

/// The whole number (bytes, CPUs), rounded away from zero as the API server's Value() does; at most
/// INT64_MAX in size.
int64_t quantity_whole(struct quantity q);

/// Whether the number (where it is saturated, the limit) is a whole one.
bool quantity_is_whole(struct quantity q);

/// Appends the canonical form: "1536Mi", "500m", "1500m" for 1.5. Where the API server loses the
/// unit of decimal numbers from 1000E on (it shows "1"), this shows the number.
void quantity_put(struct strbuf *b, struct quantity q);

#endif
