// SPDX-License-Identifier: Apache-2.0
// The single checks of the schema on one value, and how a fault is noted under the API server's
// ratchet. For decode.c, which walks the object. Pure.
#ifndef SLUICE_KIND_SCHEMA_CHECK_H
#define SLUICE_KIND_SCHEMA_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"
#include "common/k8s/violation.h"
#include "common/kind/field.h"

/// Whether the value is the stored one, once it was asked: a list may have 100,000 faulty items.
struct grace {
    bool asked, unchanged;
};

/// Where the walk stands: the value of one row, and what the stored object holds in its place.
struct spot {
    struct violations *faults;
    const struct field *field;
    const struct json *now;
    const struct json *old_parent; // NULL: nothing is stored
    const struct spot *list;       // the list around it, which is then what is compared; else NULL
    const struct path *path;
    struct grace *grace;
    bool *foreign; // set where a field of others is met
};

/// S quoted for a fault's message; absent when no more faults are kept, so that they cost no
/// memory.
struct strview schema_quote(const struct spot *at, struct strview s);

/// Notes a fault found at AT under PATH (AT's own, or an item's): a denial, or a warning when the
/// stored object has the same value there. FOREVER: a denial even then.
PRINTF(7, 8)
void schema_fault(const struct spot *at, const struct path *path, bool forever, const char *rule,
                  enum cause_reason reason, struct strview value, const char *fmt, ...);

/// V is not what WORDS say.
void schema_fault_type(const struct spot *at, const struct path *path, const struct json *v,
                       const char *words);

/// Whether S has MIN to MAX characters (MAX 0: no upper bound); if not, the fault is noted.
bool schema_check_length(const struct spot *at, const struct path *path, struct strview s,
                         int64_t min, int64_t max);

/// Whether N items are within the row's `max`; if not, the fault is noted.
bool schema_check_count(const struct spot *at, size_t n);

/// Whether S is one of the row's `enums`; if not, the fault is noted.
bool schema_check_enum(const struct spot *at, struct strview s);

#endif
