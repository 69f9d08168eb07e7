// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/shared.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "common/base/mem.h"

struct shared {
    atomic_uint refs;
    struct flink_observation value;
    // then TaskManagers, restart times, texts
};

/// Room is counted in one pass (`at` is NULL) and filled in a second.
struct packer {
    char *at;
    size_t used;
};

static void *pack(struct packer *p, const void *from, size_t size)
{
    void *to = p->at != NULL ? p->at + p->used : NULL;
    p->used += size;
    return to != NULL && size != 0 ? memcpy(to, from, size) : to;
}

static void pack_text(struct packer *p, struct strview *text, size_t max)
{
    if (!sv_present(*text)) {
        return;
    }
    *text = sv_cut(*text, max);
    const char *to = pack(p, text->ptr, text->len);
    text->ptr = to != NULL ? to : text->ptr;
}

static void pack_arrays(struct packer *p, struct flink_observation *o)
{
    if (o->n_task_managers > FLINK_REST_TASK_MANAGERS_MAX) {
        o->n_task_managers = FLINK_REST_TASK_MANAGERS_MAX;
        o->task_managers_cut = true;
    }
    struct flink_task_manager *items =
        pack(p, o->task_managers, o->n_task_managers * sizeof(*items));
    size_t over = o->job.n_restart_ms > FLINK_REST_RESTARTS_MAX
                      ? o->job.n_restart_ms - FLINK_REST_RESTARTS_MAX
                      : 0; // the oldest go
    o->job.n_restart_ms -= over;
    const int64_t *times = pack(p, over != 0 ? o->job.restart_ms + over : o->job.restart_ms,
                                o->job.n_restart_ms * sizeof(int64_t));
    for (size_t i = 0; i < o->n_task_managers; i++) {
        struct strview id = o->task_managers[i].id;
        pack_text(p, items != NULL ? &items[i].id : &id, FLINK_REST_NAME_MAX);
    }
    if (items != NULL) {
        o->task_managers = items;
        o->job.restart_ms = times;
    }
}

static void pack_all(struct packer *p, struct flink_observation *o)
{
    pack_arrays(p, o); // first: they need their alignment
    pack_text(p, &o->pod, FLINK_REST_NAME_MAX);
    pack_text(p, &o->trouble, FLINK_REST_TEXT_MAX);
    pack_text(p, &o->version, FLINK_REST_NAME_MAX);
    pack_text(p, &o->commit, FLINK_REST_NAME_MAX);
    pack_text(p, &o->job.id, FLINK_REST_NAME_MAX);
    pack_text(p, &o->job.name, FLINK_REST_NAME_MAX);
    pack_text(p, &o->job.checkpoint.path, FLINK_REST_PATH_MAX);
    pack_text(p, &o->job.restored.path, FLINK_REST_PATH_MAX);
    pack_text(p, &o->job.failure, FLINK_REST_TEXT_MAX);
}

const struct flink_observation *flink_observation_share(const struct flink_observation *from)
{
    struct packer count = {.used = 0};
    struct flink_observation value = *from;
    pack_all(&count, &value);
    struct shared *s = mem_alloc(sizeof(*s) + count.used);
    if (s == NULL) {
        return NULL;
    }
    struct packer fill = {.at = (char *)(s + 1)};
    s->value = *from;
    atomic_init(&s->refs, 1);
    pack_all(&fill, &s->value);
    return &s->value;
}

/// The counter is all that ever changes behind a const observation.
static struct shared *shared_of(const struct flink_observation *o)
{
    union {
        const char *in;
        char *out;
    } at = {.in = (const char *)o - offsetof(struct shared, value)};
    void *shared = at.out;
    return shared;
}

const struct flink_observation *flink_observation_ref(const struct flink_observation *o)
{
    atomic_fetch_add_explicit(&shared_of(o)->refs, 1, memory_order_relaxed);
    return o;
}

void flink_observation_unref(const struct flink_observation *o)
{
    if (o != NULL && atomic_fetch_sub_explicit(&shared_of(o)->refs, 1, memory_order_acq_rel) == 1) {
        mem_free(shared_of(o));
    }
}
