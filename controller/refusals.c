// SPDX-License-Identifier: Apache-2.0
#include "controller/refusals.h"

#include <pthread.h>
#include <stdlib.h>

struct text {
    size_t len;
    char bytes[320]; // of a key: namespace and name, each at most 63, and a slash
};

struct refusal {
    bool used;
    struct text key, name, message;
    enum child_kind kind;
    bool foreign;
};

struct refusals {
    pthread_mutex_t lock;
    size_t next; // where the next new one goes
    struct refusal items[REFUSALS_MAX];
};

int refusals_new(struct refusals **ret, struct err *err)
{
    struct refusals *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return err_set(err, E_NOMEM, "no memory for the refusals");
    }
    if (pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        return err_set(err, E_IO, "no mutex");
    }
    *ret = r;
    return 0;
}

void refusals_free(struct refusals *r)
{
    if (r != NULL) {
        pthread_mutex_destroy(&r->lock);
        free(r);
    }
}

static struct strview view(const struct text *t)
{
    return sv_make(t->bytes, t->len);
}

static void set(struct text *t, struct strview s)
{
    t->len = s.len < sizeof(t->bytes) ? s.len : sizeof(t->bytes);
    // Cut between characters, not within one.
    while (t->len < s.len && t->len > 0 && ((unsigned char)s.ptr[t->len] & 0xC0) == 0x80) {
        t->len--;
    }
    if (t->len > 0) {
        memcpy(t->bytes, s.ptr, t->len);
    }
}

static struct refusal *find(struct refusals *r, struct strview key)
{
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        if (r->items[i].used && sv_eq(view(&r->items[i].key), key)) {
            return &r->items[i];
        }
    }
    return NULL;
}

bool refusals_note(struct refusals *r, struct strview key, const struct refused_child *child)
{
    struct refusal new = {.used = true, .kind = child->kind, .foreign = child->foreign};
    set(&new.key, key);
    set(&new.name, child->name);
    set(&new.message, child->message);
    pthread_mutex_lock(&r->lock);
    struct refusal *at = find(r, key);
    bool news = at == NULL || at->kind != new.kind || at->foreign != new.foreign ||
                !sv_eq(view(&at->name), view(&new.name)) ||
                !sv_eq(view(&at->message), view(&new.message));
    if (at == NULL) {
        at = &r->items[r->next];
        r->next = (r->next + 1) % REFUSALS_MAX;
    }
    *at = new;
    pthread_mutex_unlock(&r->lock);
    return news;
}

bool refusals_forget(struct refusals *r, struct strview key)
{
    pthread_mutex_lock(&r->lock);
    struct refusal *at = find(r, key);
    if (at != NULL) {
        at->used = false;
    }
    pthread_mutex_unlock(&r->lock);
    return at != NULL;
}

bool refusals_get(struct refusals *r, struct strview key, struct arena *arena,
                  struct refused_child *ret)
{
    pthread_mutex_lock(&r->lock);
    const struct refusal *at = find(r, key);
    if (at != NULL) {
        *ret = (struct refused_child){.kind = at->kind,
                                      .foreign = at->foreign,
                                      .name = arena_copy(arena, view(&at->name)),
                                      .message = arena_copy(arena, view(&at->message))};
    }
    pthread_mutex_unlock(&r->lock);
    return at != NULL && arena_ok(arena);
}
