// SPDX-License-Identifier: Apache-2.0
#include "controller/strays.h"

#include <pthread.h>
#include <stdlib.h>

#define KEY_MAX  128 // namespace (63) and name (40)
#define NAME_MAX 128
#define UID_MAX  64

struct entry {
    enum child_kind kind;
    size_t key_len, name_len, uid_len; // key_len 0: free
    char key[KEY_MAX], name[NAME_MAX], uid[UID_MAX];
};

struct strays {
    pthread_mutex_t lock;
    size_t used; // entries; usually none, so that nobody searches
    size_t next; // where the next new one goes
    struct entry items[STRAYS_MAX];
};

int strays_new(struct strays **ret, struct err *err)
{
    struct strays *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return err_set(err, E_NOMEM, "no memory for the strays");
    }
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return err_set(err, E_IO, "no mutex");
    }
    *ret = s;
    return 0;
}

void strays_free(struct strays *s)
{
    if (s != NULL) {
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}

void strays_note(struct strays *s, struct strview key, enum child_kind kind, struct strview name,
                 struct strview uid)
{
    if (key.len == 0 || key.len > KEY_MAX || name.len > NAME_MAX || uid.len > UID_MAX) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    struct entry *e = &s->items[s->next];
    s->next = (s->next + 1) % STRAYS_MAX;
    s->used += e->key_len == 0 ? 1 : 0;
    *e = (struct entry){.kind = kind, .key_len = key.len, .name_len = name.len, .uid_len = uid.len};
    memcpy(e->key, key.ptr, key.len);
    memcpy(e->name, name.ptr, name.len);
    memcpy(e->uid, uid.ptr, uid.len);
    pthread_mutex_unlock(&s->lock);
}

int strays_of(struct strays *s, struct strview key, struct arena *arena, struct stray **ret,
              size_t *ret_n, struct err *err)
{
    int rc = 0;
    *ret = NULL;
    *ret_n = 0;
    pthread_mutex_lock(&s->lock);
    size_t cap = s->used;
    struct stray *items = cap > 0 ? ARENA_NEW_N(arena, struct stray, cap) : NULL;
    for (size_t i = 0; items != NULL && i < STRAYS_MAX; i++) {
        const struct entry *e = &s->items[i];
        if (e->key_len > 0 && sv_eq(sv_make(e->key, e->key_len), key)) {
            items[(*ret_n)++] =
                (struct stray){.kind = e->kind,
                               .name = arena_copy(arena, sv_make(e->name, e->name_len)),
                               .uid = arena_copy(arena, sv_make(e->uid, e->uid_len))};
        }
    }
    pthread_mutex_unlock(&s->lock);
    *ret = items;
    if (!arena_ok(arena)) {
        rc = err_set(err, E_NOMEM, "no memory for a cluster's strays");
    }
    return rc;
}

void strays_forget(struct strays *s, struct strview uid)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; s->used > 0 && i < STRAYS_MAX; i++) {
        struct entry *e = &s->items[i];
        if (e->key_len > 0 && sv_eq(sv_make(e->uid, e->uid_len), uid)) {
            e->key_len = 0;
            s->used--;
        }
    }
    pthread_mutex_unlock(&s->lock);
}
