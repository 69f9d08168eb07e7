// SPDX-License-Identifier: Apache-2.0
#include "controller/echoes.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX     128 // namespace (63) and name (40)
#define VERSION_MAX 32

struct entry {
    size_t key_len, version_len; // key_len 0: free
    char key[KEY_MAX], version[VERSION_MAX];
};

struct echoes {
    pthread_mutex_t lock;
    struct entry items[ECHOES_MAX];
};

int echoes_new(struct echoes **ret, struct err *err)
{
    struct echoes *e = calloc(1, sizeof(*e));
    if (e == NULL) {
        return err_set(err, E_NOMEM, "no memory for the echoes");
    }
    if (pthread_mutex_init(&e->lock, NULL) != 0) {
        free(e);
        return err_set(err, E_IO, "no mutex");
    }
    *ret = e;
    return 0;
}

void echoes_free(struct echoes *e)
{
    if (e != NULL) {
        pthread_mutex_destroy(&e->lock);
        free(e);
    }
}

/// The one place where KEY may stand.
static struct entry *place(struct echoes *e, struct strview key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return &e->items[(h ^ h >> 32) % ECHOES_MAX];
}

void echoes_note(struct echoes *e, struct strview key, struct strview seen)
{
    if (key.len == 0 || key.len > KEY_MAX || seen.len == 0 || seen.len > VERSION_MAX) {
        return;
    }
    pthread_mutex_lock(&e->lock);
    struct entry *x = place(e, key);
    x->key_len = key.len;
    x->version_len = seen.len;
    memcpy(x->key, key.ptr, key.len);
    memcpy(x->version, seen.ptr, seen.len);
    pthread_mutex_unlock(&e->lock);
}

bool echoes_is_behind(struct echoes *e, struct strview key, struct strview version)
{
    pthread_mutex_lock(&e->lock);
    struct entry *x = place(e, key);
    bool noted = x->key_len > 0 && sv_eq(sv_make(x->key, x->key_len), key);
    bool behind = noted && sv_eq(sv_make(x->version, x->version_len), version);
    if (noted && !behind) {
        x->key_len = 0;
    }
    pthread_mutex_unlock(&e->lock);
    return behind;
}
