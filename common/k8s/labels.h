// SPDX-License-Identifier: Apache-2.0
// Labels, annotations and label selectors: reading, checking, matching, and the text form that list
// calls take. Source: apimachinery pkg/api/validation, pkg/labels, metav1 LabelSelector. Pure.
#ifndef SLUICE_K8S_LABELS_H
#define SLUICE_K8S_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/path.h"
#include "common/base/strview.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"

/// All keys and values of one object's annotations together, in bytes.
#define ANNOTATIONS_MAX_BYTES (256 * 1024)

struct label {
    struct strview key, value;
};

/// A map of strings: labels or annotations. Borrowed items.
struct labels {
    const struct label *items;
    size_t count;
};

/// The map's string members, in their order; others are left out. The array is in ARENA, the texts
/// are the tree's. Absent or no object gives an empty map. False: the arena is full.
MUST_USE bool labels_read(const struct json *map, struct arena *arena, struct labels *ret);

/// The value of KEY, or SV_NONE.
struct strview labels_get(const struct labels *l, struct strview key);

/// Checks a map as the API server does, one violation of RULE for each fault. Null or absent is
/// fine.
void labels_check(const struct json *map, const struct path *path, const char *rule,
                  struct violations *v);
void annotations_check(const struct json *map, const struct path *path, const char *rule,
                       struct violations *v);

enum selector_op {
    SELECTOR_IN,
    SELECTOR_NOT_IN, // also true when the key is absent
    SELECTOR_EXISTS,
    SELECTOR_DOES_NOT_EXIST,
};

struct selector_term {
    struct strview key;
    enum selector_op op;
    const struct strview *values;
    size_t count;
};

/// All terms must hold; none holds for every object.
struct label_selector {
    const struct selector_term *terms;
    size_t count;
};

/// Reads a metav1.LabelSelector (matchLabels, matchExpressions). Faults become violations of RULE,
/// and then the selector has only the good terms: use it only when no denial was added. Absent or
/// null gives a selector without terms. Arrays in ARENA, texts of the tree. False: the arena is
/// full.
MUST_USE bool label_selector_read(const struct json *selector, const struct path *path,
                                  const char *rule, struct violations *v, struct arena *arena,
                                  struct label_selector *ret);

bool label_selector_matches(const struct label_selector *s, const struct labels *l);

#endif
