// SPDX-License-Identifier: Apache-2.0
#include "common/base/metrics_free.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"

#define KEY_MAX 1024

struct series {
    struct series *next; // in the order in which they came
    double value;
    size_t len;
    char values[]; // each with its NUL
};

struct metric_free {
    const struct metric_row *row;
    pthread_mutex_t lock;
    struct map map; // by values
    struct series *first, **end;
};

struct metric_free *metric_free_new(const struct metric_row *row)
{
    struct metric_free *f = malloc(sizeof(*f));
    if (f != NULL) {
        *f = (struct metric_free){.row = row};
        f->end = &f->first;
        pthread_mutex_init(&f->lock, NULL);
    }
    return f;
}

static void clear(struct metric_free *f)
{
    for (struct series *s = f->first, *next; s != NULL; s = next) {
        next = s->next;
        free(s);
    }
    map_done(&f->map);
    f->map = (struct map){.slots = NULL};
    f->first = NULL;
    f->end = &f->first;
}

void metric_free_free(struct metric_free *f)
{
    if (f != NULL) {
        clear(f);
        pthread_mutex_destroy(&f->lock);
        free(f);
    }
}

/// The values as a key; false: longer than any that is told apart.
static bool key_make(const struct metric_free *f, const struct strview *values, char *key,
                     size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; i < METRIC_MAX_LABELS && f->row->labels[i] != NULL; i++) {
        if (n + values[i].len + 1 > KEY_MAX) {
            return false;
        }
        if (values[i].len != 0) {
            memcpy(key + n, values[i].ptr, values[i].len);
        }
        n += values[i].len;
        key[n++] = '\0';
    }
    *ret_len = n;
    return true;
}

static struct series *add_series(struct metric_free *f, const char *key, size_t len)
{
    struct series *s = malloc(sizeof(*s) + len);
    if (s == NULL) {
        return NULL;
    }
    *s = (struct series){.len = len};
    memcpy(s->values, key, len);
    if (!map_put(&f->map, sv_make(s->values, len), s)) {
        free(s);
        return NULL;
    }
    *f->end = s;
    f->end = &s->next;
    return s;
}

/// The series of VALUES, made when it isn't there, or the one of all that have none; NULL: out of
/// memory.
static struct series *at(struct metric_free *f, const struct strview *values)
{
    static const struct strview OTHER[METRIC_MAX_LABELS] = {
        {METRIC_OTHER, sizeof(METRIC_OTHER) - 1},
        {METRIC_OTHER, sizeof(METRIC_OTHER) - 1},
        {METRIC_OTHER, sizeof(METRIC_OTHER) - 1}};
    char key[KEY_MAX];
    size_t len;
    bool told = key_make(f, values, key, &len);
    struct series *s = told ? map_get(&f->map, sv_make(key, len)) : NULL;
    if (s != NULL) {
        return s;
    }
    if (told && f->map.count < f->row->free_series) {
        return add_series(f, key, len);
    }
    (void)key_make(f, OTHER, key, &len);
    s = map_get(&f->map, sv_make(key, len));
    return s != NULL ? s : add_series(f, key, len);
}

static void add(struct metric_free *f, const struct strview *values, double n)
{
    struct series *s = at(f, values);
    if (s != NULL) {
        s->value += n;
    }
}

void metric_free_add(struct metric_free *f, const struct strview *values, double n)
{
    pthread_mutex_lock(&f->lock);
    add(f, values, n);
    pthread_mutex_unlock(&f->lock);
}

void metric_free_replace(struct metric_free *f, const struct metric_sample *samples, size_t n)
{
    pthread_mutex_lock(&f->lock);
    clear(f);
    for (size_t i = 0; i < n; i++) {
        add(f, samples[i].values, samples[i].value);
    }
    pthread_mutex_unlock(&f->lock);
}

double metric_free_read(struct metric_free *f, const struct strview *values)
{
    char key[KEY_MAX];
    size_t len;
    pthread_mutex_lock(&f->lock);
    struct series *s = key_make(f, values, key, &len) ? map_get(&f->map, sv_make(key, len)) : NULL;
    double value = s != NULL ? s->value : 0;
    pthread_mutex_unlock(&f->lock);
    return value;
}

void metric_free_write(struct metric_free *f, metric_free_put_fn *put, struct strbuf *out)
{
    pthread_mutex_lock(&f->lock);
    for (const struct series *s = f->first; s != NULL; s = s->next) {
        put(out, f->row, s->values, s->value);
    }
    pthread_mutex_unlock(&f->lock);
}
