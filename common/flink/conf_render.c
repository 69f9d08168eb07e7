// SPDX-License-Identifier: Apache-2.0
#include "common/flink/conf_render.h"

#include <stdlib.h>

#include "common/flink/conf_keys.h"
#include "common/flink/conf_write.h"

#define FILE_MAX (900 * 1024)

struct rendering {
    const struct flink_conf_inputs *in;
    struct arena *arena;
    struct flink_conf_line *lines;
    size_t count;
};

static bool row_counts(const struct conf_key *row, const struct flink_conf_inputs *in)
{
    unsigned holds = (in->application ? (unsigned)CONF_APPLICATION : 0u) |
                     (in->ha ? (unsigned)CONF_HA : 0u) |
                     (in->ha && in->job_manager_replicas > 1 ? (unsigned)CONF_STANDBY : 0u);
    return ((unsigned)row->when & ~holds) == 0;
}

static void add(struct rendering *r, struct strview key, struct strview value,
                enum flink_conf_origin origin)
{
    struct strview spelling = flink_option_spelling(key, r->in->version);
    bool flat = r->in->version.major < 2;
    r->lines[r->count++] = (struct flink_conf_line){.key = spelling,
                                                    .value = value,
                                                    .origin = origin,
                                                    .argument = flat && !conf_flat_carries(value)};
}

static struct strview joined(struct rendering *r, struct strview ours, char sep,
                             struct strview users)
{
    if (ours.len == 0 || users.len == 0) {
        return ours.len == 0 ? users : ours;
    }
    return arena_printf(r->arena, "%.*s%c%.*s", SV_ARG(ours), sep, SV_ARG(users));
}

static void add_row(struct rendering *r, const struct conf_key *row)
{
    const struct flink_conf_inputs *in = r->in;
    struct strview key = flink_option_spelling(row->key, in->version);
    if (!row_counts(row, in) ||
        (flink_option_find(row->key).option != NULL && !flink_option_known_in(key, in->version))) {
        return;
    }
    struct strview value = row->value(row, in, r->arena);
    const struct flink_conf_entry *users = flink_conf_find(in->user, row->key);
    switch (row->mode) {
    case CONF_FIXED:
        if (sv_present(value)) {
            add(r, row->key, value, FLINK_CONF_FIXED);
        }
        return;
    case CONF_DEFAULT:
        if (sv_present(value) && users == NULL) {
            add(r, row->key, value, FLINK_CONF_DEFAULT);
        }
        return;
    case CONF_JOIN_LIST:
    case CONF_JOIN_WORDS:
        value = joined(r, value, row->mode == CONF_JOIN_LIST ? ';' : ' ',
                       users != NULL ? users->value : SV_NONE);
        if (sv_present(value)) {
            add(r, row->key, value, users != NULL ? FLINK_CONF_USER : FLINK_CONF_DEFAULT);
        }
        return;
    case CONF_REFUSED:
        return;
    }
}

/// Whether the user's entry stands on its own: no row of ours writes or refuses the key.
static bool is_users(const struct rendering *r, const struct flink_conf_entry *e)
{
    const struct conf_key *row = conf_row_find(e->canonical).key;
    if (row == NULL || row->mode == CONF_DEFAULT) {
        return true;
    }
    // A key that is ours for applications is the user's own in a session cluster.
    return ((unsigned)row->when & CONF_APPLICATION) != 0 && !r->in->application;
}

static int by_key(const void *a, const void *b)
{
    const struct flink_conf_line *x = a, *y = b;
    return sv_cmp(x->key, y->key);
}

static int put_text(struct rendering *r, struct flink_conf_rendered *ret, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(FILE_MAX);
    struct strview *arguments = ARENA_NEW_N(r->arena, struct strview, r->count + 1);
    size_t n = 0;
    if (arguments == NULL) {
        return err_set(err, E_NOMEM, "rendering Flink's configuration");
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct flink_conf_line *line = &r->lines[i];
        if (line->argument) {
            arguments[n++] =
                arena_printf(r->arena, "%.*s=%.*s", SV_ARG(line->key), SV_ARG(line->value));
        } else if (r->in->version.major < 2) {
            conf_put_flat(&b, line->key, line->value);
        } else {
            conf_put_yaml(&b, line->key, line->value);
        }
    }
    if (!strbuf_ok(&b)) {
        return err_set(err, E_TOO_LARGE, "Flink's configuration is larger than %d bytes", FILE_MAX);
    }
    *ret = (struct flink_conf_rendered){.file = flink_conf_file(r->in->version),
                                        .text = arena_copy(r->arena, strbuf_view(&b)),
                                        .lines = r->lines,
                                        .line_count = r->count,
                                        .arguments = arguments,
                                        .argument_count = n};
    return arena_ok(r->arena) ? 0 : err_set(err, E_NOMEM, "rendering Flink's configuration");
}

int flink_conf_render(const struct flink_conf_inputs *in, struct arena *arena,
                      struct flink_conf_rendered *ret, struct err *err)
{
    size_t users = in->user != NULL ? in->user->count : 0;
    struct rendering r = {.in = in, .arena = arena};
    r.lines = ARENA_NEW_N(arena, struct flink_conf_line, users + CONF_KEY_COUNT);
    if (r.lines == NULL) {
        return err_set(err, E_NOMEM, "rendering Flink's configuration");
    }
    for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
        add_row(&r, &CONF_KEYS[i]);
    }
    for (size_t i = 0; i < users; i++) {
        const struct flink_conf_entry *e = &in->user->items[i];
        if (is_users(&r, e)) {
            add(&r, e->key, e->value, FLINK_CONF_USER);
        }
    }
    qsort(r.lines, r.count, sizeof(*r.lines), by_key);
    return put_text(&r, ret, err);
}

const char *flink_conf_file(struct flink_version version)
{
    return version.major < 2 ? "flink-conf.yaml" : "config.yaml";
}
