// SPDX-License-Identifier: Apache-2.0
#include "common/kind/nearest.h"

#include "common/base/edit_distance.h"

static struct strview lower(struct strview s, char *room)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        room[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return sv_make(room, s.len);
}

void nearest_try(struct nearest *n, struct strview candidate)
{
    char a[EDIT_DISTANCE_MAX_LEN];
    char b[EDIT_DISTANCE_MAX_LEN];
    if (n->wanted.len > sizeof(a) || candidate.len > sizeof(b)) {
        return;
    }
    size_t d = edit_distance(lower(n->wanted, a), lower(candidate, b));
    if (d <= edit_distance_worth(n->wanted.len) && (!sv_present(n->best) || d < n->distance)) {
        n->best = candidate;
        n->distance = d;
    }
}
