// SPDX-License-Identifier: Apache-2.0
// Reviews that the API server was asked to bring again (429, Retry-After: 1), by their uid: it
// sends the same body with the same ?timeout=, so only who remembers the first try knows when its
// deadline is near. Bounded; what is forgotten (another one took its place) counts as new, so that
// at worst the API server's own deadline ends it. Any thread.
#ifndef SLUICE_WEBHOOK_SECOND_TRIES_H
#define SLUICE_WEBHOOK_SECOND_TRIES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/strview.h"

#define SECOND_TRIES_MAX 256

struct second_tries {
    pthread_mutex_t lock;
    struct {
        uint64_t uid;     // its hash; 0: free
        int64_t first_ms; // monotonic
    } items[SECOND_TRIES_MAX];
};

#define SECOND_TRIES ((struct second_tries){.lock = PTHREAD_MUTEX_INITIALIZER})

/// Whether the review of UID may be asked for once more: a second from NOW_MS (monotonic) its
/// caller, who had PATIENCE_MS at the first try, still waits. Notes it.
bool second_tries_allow(struct second_tries *t, struct strview uid, int64_t now_ms,
                        int64_t patience_ms);

#endif
