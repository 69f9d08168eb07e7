// SPDX-License-Identifier: Apache-2.0
#include "controller/refusals.h"

#include <pthread.h>
#include <stdlib.h>

#define NAME_MAX_BYTES    320 // also of a key: namespace and name, and a slash
#define MESSAGE_MAX_BYTES 1024

struct refusal {
    uint64_t since; // order of the first note; 0: free
    size_t key_len, name_len, message_len;
    char key[NAME_MAX_BYTES], name[NAME_MAX_BYTES], message[MESSAGE_MAX_BYTES];
    enum child_kind kind;
    bool foreign;
};

struct refusals {
    pthread_mutex_t lock;
    uint64_t notes; // so far
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

static struct strview key_of(const struct refusal *at)
{
    return sv_make(at->key, at->key_len);
}

static struct strview name_of(const struct refusal *at)
{
    return sv_make(at->name, at->name_len);
}

static struct strview message_of(const struct refusal *at)
{
    return sv_make(at->message, at->message_len);
}

/// S into TO, cut where it is too long. The length.
static size_t copy(char *to, size_t max, struct strview s)
{
    size_t len = sv_cut(s, max).len;
    if (len > 0) {
        memcpy(to, s.ptr, len);
    }
    return len;
}

/// The one of CHILD; else a free one; else the oldest of KEY when it has its share, or of all.
static struct refusal *place_for(struct refusals *r, struct strview key,
                                 const struct refused_child *child)
{
    struct refusal *oldest = &r->items[0];
    struct refusal *own = NULL; // KEY's oldest
    size_t n = 0;
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *at = &r->items[i];
        if (at->since != 0 && sv_eq(key_of(at), key)) {
            if (at->kind == child->kind && sv_eq(name_of(at), child->name)) {
                return at;
            }
            own = n++ == 0 || at->since < own->since ? at : own;
        }
        oldest = at->since < oldest->since ? at : oldest;
    }
    return n >= REFUSALS_EACH_MAX ? own : oldest;
}

bool refusals_note(struct refusals *r, struct strview key, const struct refused_child *child)
{
    pthread_mutex_lock(&r->lock);
    struct refusal *at = place_for(r, key, child);
    bool same = at->since != 0 && at->kind == child->kind && sv_eq(key_of(at), key) &&
                sv_eq(name_of(at), child->name);
    char message[MESSAGE_MAX_BYTES];
    size_t len = copy(message, sizeof(message), child->message);
    bool news =
        !same || at->foreign != child->foreign || !sv_eq(message_of(at), sv_make(message, len));
    if (!same) {
        at->since = ++r->notes;
        at->key_len = copy(at->key, sizeof(at->key), key);
        at->name_len = copy(at->name, sizeof(at->name), child->name);
        at->kind = child->kind;
    }
    at->foreign = child->foreign;
    memcpy(at->message, message, len);
    at->message_len = len;
    pthread_mutex_unlock(&r->lock);
    return news;
}

void refusals_settle(struct refusals *r, struct strview key, enum child_kind kind,
                     struct strview name)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; r->notes > 0 && i < REFUSALS_MAX; i++) {
        struct refusal *at = &r->items[i];
        if (at->since != 0 && at->kind == kind && sv_eq(name_of(at), name) &&
            sv_eq(key_of(at), key)) {
            at->since = 0;
        }
    }
    pthread_mutex_unlock(&r->lock);
}

bool refusals_forget(struct refusals *r, struct strview key)
{
    bool any = false;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; r->notes > 0 && i < REFUSALS_MAX; i++) {
        struct refusal *at = &r->items[i];
        if (at->since != 0 && sv_eq(key_of(at), key)) {
            at->since = 0;
            any = true;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return any;
}

/// The oldest of KEY that is younger than SINCE, or NULL.
static const struct refusal *next_of(const struct refusals *r, struct strview key, uint64_t since)
{
    const struct refusal *found = NULL;
    for (size_t i = 0; r->notes > 0 && i < REFUSALS_MAX; i++) {
        const struct refusal *at = &r->items[i];
        if (at->since > since && sv_eq(key_of(at), key) &&
            (found == NULL || at->since < found->since)) {
            found = at;
        }
    }
    return found;
}

size_t refusals_get(struct refusals *r, struct strview key, struct arena *arena,
                    struct refused_child *ret)
{
    size_t n = 0;
    pthread_mutex_lock(&r->lock);
    const struct refusal *at = next_of(r, key, 0);
    for (; at != NULL && n < REFUSALS_EACH_MAX; at = next_of(r, key, at->since)) {
        ret[n++] = (struct refused_child){.kind = at->kind,
                                          .foreign = at->foreign,
                                          .name = arena_copy(arena, name_of(at)),
                                          .message = arena_copy(arena, message_of(at))};
    }
    pthread_mutex_unlock(&r->lock);
    return arena_ok(arena) ? n : 0;
}
