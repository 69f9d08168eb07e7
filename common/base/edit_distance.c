// SPDX-License-Identifier: Apache-2.0
#include "common/base/edit_distance.h"

#include <stdint.h>

size_t edit_distance(struct strview a, struct strview b)
{
    size_t row[EDIT_DISTANCE_MAX_LEN + 1]; // of the table, for a[0..i)
    if (a.len > EDIT_DISTANCE_MAX_LEN || b.len > EDIT_DISTANCE_MAX_LEN) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b.len];
}

size_t edit_distance_worth(size_t len)
{
    return len < 3 ? 1 : len < 8 ? 2 : 3;
}
