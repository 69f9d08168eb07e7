// SPDX-License-Identifier: Apache-2.0
#include "webhook/second_tries.h"

#include "webhook/patience.h"

/// Until the next try has its answer: Retry-After, and the way there and back.
#define NEXT_TRY_MS 1250

/// FNV-1a, never 0.
static uint64_t hash(struct strview s)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211U;
    }
    return h != 0 ? h : 1;
}

bool second_tries_allow(struct second_tries *t, struct strview uid, int64_t now_ms,
                        int64_t patience_ms)
{
    uint64_t h = hash(uid);
    pthread_mutex_lock(&t->lock);
    int64_t *first_ms = &t->items[h % SECOND_TRIES_MAX].first_ms;
    uint64_t *known = &t->items[h % SECOND_TRIES_MAX].uid;
    // Of so long ago it is another one.
    if (*known != h || now_ms - *first_ms > PATIENCE_MAX_MS) {
        *known = h;
        *first_ms = now_ms;
    }
    bool allowed = now_ms - *first_ms + NEXT_TRY_MS < patience_ms;
    pthread_mutex_unlock(&t->lock);
    return allowed;
}
