// SPDX-License-Identifier: Apache-2.0
#include "common/flink/nearest.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/// Optimal string alignment distance, case aside.
static size_t distance(struct strview a, struct strview b)
{
    size_t rows[3][NEAREST_MAX_LEN + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= b.len; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.ptr[i - 1]);
            char y = lower(b.ptr[j - 1]);
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.ptr[j - 2]) && y == lower(a.ptr[i - 2]) &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b.len];
}

void nearest_try(struct nearest *n, struct strview candidate)
{
    struct strview w = n->wanted;
    size_t shorter = w.len < candidate.len ? w.len : candidate.len;
    size_t longer = w.len < candidate.len ? candidate.len : w.len;
    size_t limit = (shorter + 2) / 3;
    if (shorter == 0 || longer > NEAREST_MAX_LEN || longer - shorter > limit) {
        return;
    }
    size_t d = distance(w, candidate);
    if (d <= limit && (!sv_present(n->best) || d < n->distance)) {
        n->best = candidate;
        n->distance = d;
    }
}
