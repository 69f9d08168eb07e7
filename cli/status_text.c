// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include "cli/text.h"
#include "common/flink/status.h"
#include "common/k8s/timestamp.h"

#define PODS_SHOWN     30
#define WARNINGS_SHOWN 8
#define NORMALS_SHOWN  5
#define MESSAGE_SHOWN  300 // bytes
#define LONG_TEXT      80
#define LABEL_MAX      64
#define LINE_MAX       (64 * 1024)

struct screen {
    const struct status_cluster *c;
    const struct status_style *style;
    struct arena *arena;
    struct strbuf *b;
};

static struct strview take(struct arena *arena, struct strbuf *b)
{
    struct strview text = arena_copy(arena, strbuf_view(b));
    strbuf_done(b);
    return text;
}

/// How long ago; absent when not told.
static struct strview age(struct arena *arena, const struct status_style *style, int64_t since_ms)
{
    struct strbuf b = STRBUF(64);
    if (since_ms == 0) {
        return SV_NONE;
    }
    text_put_age(&b, style->now_ms - since_ms);
    return take(arena, &b);
}

static struct strview age_of(const struct screen *s, int64_t since_ms)
{
    return age(s->arena, s->style, since_ms);
}

static struct strview cut(const struct screen *s, struct strview text)
{
    struct strbuf b = STRBUF(LINE_MAX);
    text_put_cut(&b, text, s->style->verbose ? 0 : MESSAGE_SHOWN);
    return take(s->arena, &b);
}

static enum text_colour colour_of(const struct status_cluster *c)
{
    return c->ready ? TEXT_GREEN : c->trouble ? TEXT_RED : TEXT_YELLOW;
}

static struct text_cell plain(struct strview text)
{
    return (struct text_cell){.text = text};
}

static void put_heading(const struct screen *s, const char *text)
{
    strbuf_put_char(s->b, '\n');
    text_put(s->b, sv_from(text), TEXT_BOLD, s->style->colours);
    strbuf_put_char(s->b, '\n');
}

// ---- the status, by its table -------------------------------------------------------------------

/// "slotsTotal" → "slots total"; FIRST_UPPER: "Slots total".
static void put_words(struct strbuf *b, const char *name, bool first_upper)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        if (c == name) {
            strbuf_put_char(b, first_upper && !upper ? (char)(*c - 'a' + 'A') : *c);
        } else if (upper) {
            strbuf_put_char(b, ' ');
            strbuf_put_char(b, (char)(*c - 'A' + 'a'));
        } else {
            strbuf_put_char(b, *c);
        }
    }
}

/// Told elsewhere on the screen, or for machines alone.
static bool is_hidden(const char *name)
{
    static const char *const HIDDEN[] = {"conditions", "phase", "observedGeneration", "selector"};
    for (size_t i = 0; i < ARRAY_LEN(HIDDEN); i++) {
        if (sv_eq_lit(sv_from(name), HIDDEN[i])) {
            return true;
        }
    }
    return false;
}

static void put_scalar(const struct screen *s, const struct json *v, struct strbuf *b)
{
    int64_t number, ms;
    bool yes;
    struct strview text = json_string(v);
    if (json_int(v, &number)) {
        strbuf_put_i64(b, number);
    } else if (json_bool(v, &yes)) {
        strbuf_put_str(b, yes ? "yes" : "no");
    } else if (text.len >= 20 && timestamp_parse(text, &ms)) {
        text_put_age(b, s->style->now_ms - ms);
        strbuf_put_str(b, " ago");
    } else {
        text_put_cut(b, text, s->style->verbose ? 0 : MESSAGE_SHOWN);
    }
}

static bool is_scalar(const struct field *f)
{
    return f->sub == NULL && f->kind != FIELD_STRINGS && f->kind != FIELD_STRING_MAP &&
           f->kind != FIELD_QUANTITY_MAP && f->kind != FIELD_ANY_MAP && f->kind != FIELD_REFUSED;
}

/// A text that gets a line of its own.
static bool is_long(const struct field *f, const struct json *v)
{
    return is_scalar(f) && json_string(v).len > LONG_TEXT;
}

/// The scalar members of VALUE in one line: "replicas 2, ready 2". False: there are none.
static bool put_members(const struct screen *s, const struct object_type *type,
                        const struct json *value, struct strbuf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        const struct json *v = json_get(value, sv_from(f->name));
        enum json_type is = json_type(v);
        if (!is_scalar(f) || is_long(f, v) || is_hidden(f->name) || is == JSON_ABSENT ||
            is == JSON_NULL || (is == JSON_STRING && json_string(v).len == 0)) {
            continue;
        }
        strbuf_put_str(b, n++ > 0 ? ", " : "");
        put_words(b, f->name, false);
        strbuf_put_char(b, ' ');
        put_scalar(s, v, b);
    }
    return n > 0;
}

/// One row "LABEL: TEXT", the label made of FIELD's name, below others of DEPTH.
static void add_row(const struct screen *s, struct text_table *t, const char *name, size_t depth,
                    struct strview text)
{
    struct strbuf label = STRBUF(LABEL_MAX);
    strbuf_printf(&label, "%*s", (int)(depth * 2), "");
    put_words(&label, name, true);
    strbuf_put_char(&label, ':');
    struct text_cell row[] = {plain(take(s->arena, &label)), plain(text)};
    text_table_row(t, row);
}

static void add_object(const struct screen *s, struct text_table *t, const struct field *f,
                       size_t depth, const struct json *value)
{
    struct strbuf b = STRBUF(LINE_MAX);
    bool any = put_members(s, f->sub, value, &b);
    struct strview text = take(s->arena, &b);
    if (any) {
        add_row(s, t, f->name, depth, text);
    }
    for (size_t i = 0; i < f->sub->n_fields && depth < 3; i++) {
        const struct field *member = &f->sub->fields[i];
        const struct json *v = json_get(value, sv_from(member->name));
        if (member->kind == FIELD_OBJECT && json_type(v) == JSON_OBJECT) {
            add_object(s, t, member, depth + 1, v);
        } else if (is_long(member, v) && !is_hidden(member->name)) {
            add_row(s, t, member->name, depth + 1, cut(s, json_string(v)));
        }
    }
}

/// How many there are, and the newest, which stands last.
static void add_list(const struct screen *s, struct text_table *t, const struct field *f,
                     const struct json *list)
{
    struct strbuf b = STRBUF(LINE_MAX);
    const struct json *newest = NULL;
    json_each(item, list) {
        newest = item;
    }
    if (newest != NULL) {
        strbuf_printf(&b, "%zu, the newest: ", json_count(list));
        (void)put_members(s, f->sub, newest, &b);
        add_row(s, t, f->name, 0, take(s->arena, &b));
    }
}

static void put_status(const struct screen *s)
{
    struct text_table t = TEXT_TABLE(s->arena, 2);
    for (size_t i = 0; i < cluster_status_type.n_fields; i++) {
        const struct field *f = &cluster_status_type.fields[i];
        const struct json *v = json_get(s->c->status, sv_from(f->name));
        enum json_type is = json_type(v);
        if (is_hidden(f->name) || is == JSON_ABSENT || is == JSON_NULL) {
            continue;
        }
        if (f->kind == FIELD_OBJECT) {
            add_object(s, &t, f, 0, v);
        } else if (f->kind == FIELD_OBJECTS) {
            add_list(s, &t, f, v);
        } else if (is_scalar(f)) {
            struct strbuf b = STRBUF(LINE_MAX);
            put_scalar(s, v, &b);
            add_row(s, &t, f->name, 0, take(s->arena, &b));
        }
    }
    strbuf_put_str(s->b, t.rows > 0 ? "\n" : "");
    text_table_put(&t, 0, s->style->colours, s->b);
}

// ---- the other parts of the screen --------------------------------------------------------------

static void put_head(const struct screen *s)
{
    const struct status_cluster *c = s->c;
    text_put(s->b, c->name, TEXT_BOLD, s->style->colours);
    strbuf_put_str(s->b, " in ");
    text_put(s->b, c->ns, TEXT_PLAIN, false);
    strbuf_put_str(s->b, ": ");
    text_put(s->b, c->phase.len > 0 ? c->phase : SV("not looked at yet"), colour_of(c),
             s->style->colours);
    if (c->created_ms != 0) {
        strbuf_put_str(s->b, ", made ");
        text_put_age(s->b, s->style->now_ms - c->created_ms);
        strbuf_put_str(s->b, " ago");
    }
    strbuf_put_char(s->b, '\n');
    if (!sv_present(c->wait.reason)) {
        return;
    }
    strbuf_put_str(s->b, "Waits");
    if (c->wait.since_ms != 0) {
        strbuf_put_str(s->b, " since ");
        text_put_age(s->b, s->style->now_ms - c->wait.since_ms);
    }
    strbuf_put_str(s->b, " for ");
    text_put(s->b, c->wait.reason, colour_of(c), s->style->colours);
    strbuf_put_str(s->b, ": ");
    strbuf_put(s->b, cut(s, c->wait.message));
    strbuf_put_char(s->b, '\n');
}

static void put_conditions(const struct screen *s)
{
    struct text_table t = TEXT_TABLE(s->arena, 5);
    for (size_t i = 0; i < s->c->n_conditions; i++) {
        const struct status_condition *c = &s->c->conditions[i];
        if (c->good && !s->style->verbose) {
            continue;
        }
        struct text_cell row[] = {plain(c->type),
                                  {c->status, c->good ? TEXT_GREEN : TEXT_YELLOW},
                                  plain(age_of(s, c->since_ms)),
                                  plain(c->reason),
                                  plain(cut(s, c->message))};
        text_table_row(&t, row);
    }
    if (t.rows > 0) {
        put_heading(s, "Conditions");
        text_table_put(&t, 2, s->style->colours, s->b);
    }
}

static void add_pod(const struct screen *s, struct text_table *t, const struct status_pod *p)
{
    struct arena *a = s->arena;
    enum text_colour colour = p->ready ? TEXT_GREEN : TEXT_YELLOW;
    struct text_cell row[] = {
        plain(p->name),
        plain(arena_printf(a, "%.*s%s", SV_ARG(p->role), p->leads ? " (leads)" : "")),
        plain(p->index >= 0 ? arena_printf(a, "%lld", (long long)p->index) : SV_NONE),
        {p->ready ? SV("yes") : SV("no"), colour},
        {p->state, p->ready             ? TEXT_PLAIN
                   : sv_present(p->why) ? TEXT_RED
                                        : TEXT_YELLOW},
        plain(arena_printf(a, "%lld", (long long)p->restarts)),
        plain(age_of(s, p->created_ms)),
        plain(p->node),
        plain(sv_present(p->why) ? cut(s, p->why) : SV(""))};
    text_table_row(t, row);
}

static void put_pods(const struct screen *s)
{
    static const struct text_cell HEAD[] = {
        {SV_INIT("NAME"), TEXT_GREY},  {SV_INIT("ROLE"), TEXT_GREY},
        {SV_INIT("INDEX"), TEXT_GREY}, {SV_INIT("READY"), TEXT_GREY},
        {SV_INIT("STATE"), TEXT_GREY}, {SV_INIT("RESTARTS"), TEXT_GREY},
        {SV_INIT("AGE"), TEXT_GREY},   {SV_INIT("NODE"), TEXT_GREY},
        {SV_INIT("REASON"), TEXT_GREY}};
    const struct status_cluster *c = s->c;
    struct text_table t = TEXT_TABLE(s->arena, ARRAY_LEN(HEAD));
    size_t n = s->style->verbose || c->n_pods <= PODS_SHOWN ? c->n_pods : PODS_SHOWN;
    put_heading(s, "Pods");
    if (n == 0) {
        strbuf_put_str(s->b, "  none\n");
        return;
    }
    text_table_row(&t, HEAD);
    for (size_t i = 0; i < n; i++) {
        add_pod(s, &t, &c->pods[i]);
    }
    text_table_put(&t, 2, s->style->colours, s->b);
    if (n < c->n_pods) {
        strbuf_printf(s->b, "  … and %zu more, of which %s are ready (--verbose)\n", c->n_pods - n,
                      c->pods[n].ready ? "all" : "not all");
    }
}

static void add_event(const struct screen *s, struct text_table *t, const struct status_event *e)
{
    struct strbuf count = STRBUF(32);
    if (e->count > 1) {
        strbuf_printf(&count, "×%lld", (long long)e->count);
    }
    struct text_cell row[] = {plain(age_of(s, e->last_ms)),
                              plain(take(s->arena, &count)),
                              {e->type, e->warning ? TEXT_YELLOW : TEXT_PLAIN},
                              plain(e->reason),
                              plain(sv_eq_lit(e->kind, "Pod") ? e->name : SV("")),
                              plain(cut(s, e->message))};
    text_table_row(t, row);
}

/// The newest of the events FROM to TO, at most MOST of them.
static void add_events(const struct screen *s, struct text_table *t, size_t from, size_t to,
                       size_t most)
{
    for (size_t i = !s->style->verbose && to - from > most ? to - most : from; i < to; i++) {
        add_event(s, t, &s->c->events[i]);
    }
}

static void put_events(const struct screen *s)
{
    struct text_table t = TEXT_TABLE(s->arena, 6);
    const struct status_cluster *c = s->c;
    size_t warnings = 0;
    while (warnings < c->n_events && c->events[warnings].warning) {
        warnings++;
    }
    add_events(s, &t, 0, warnings, WARNINGS_SHOWN);
    add_events(s, &t, warnings, c->n_events, NORMALS_SHOWN);
    if (t.rows == 0) {
        return;
    }
    put_heading(s, "Events");
    text_table_put(&t, 2, s->style->colours, s->b);
    if (t.rows < c->n_events) {
        strbuf_printf(s->b, "  … and %zu older ones (--verbose)\n", c->n_events - t.rows);
    }
}

void status_put_text(const struct status_cluster *c, const struct status_style *style,
                     struct arena *arena, struct strbuf *b)
{
    const struct screen s = {.c = c, .style = style, .arena = arena, .b = b};
    put_head(&s);
    put_conditions(&s);
    put_status(&s);
    put_pods(&s);
    put_events(&s);
    if (c->cut) {
        strbuf_put_str(b, "\nThere are more pods or Events than `sluice status` asks for.\n");
    }
}

// ---- many clusters ------------------------------------------------------------------------------

static struct strview ready_of(struct arena *arena, const struct json *status, const char *role)
{
    int64_t ready, all;
    if (!json_int(json_get_path(status, role, "ready", NULL), &ready) ||
        !json_int(json_get_path(status, role, "replicas", NULL), &all)) {
        return SV_NONE;
    }
    return arena_printf(arena, "%lld/%lld", (long long)ready, (long long)all);
}

void status_put_table(const struct status_cluster *clusters, size_t n,
                      const struct status_style *style, struct arena *arena, struct strbuf *b)
{
    static const char *const HEAD[] = {"NAMESPACE", "NAME", "PHASE",       "JOB", "FLINK",
                                       "JM",        "TM",   "PARALLELISM", "AGE", "WAITS FOR"};
    struct text_cell row[ARRAY_LEN(HEAD)];
    size_t skip = style->namespaces ? 0 : 1;
    struct text_table t = TEXT_TABLE(arena, ARRAY_LEN(HEAD) - skip);
    for (size_t i = 0; i < ARRAY_LEN(HEAD); i++) {
        row[i] = (struct text_cell){sv_from(HEAD[i]), TEXT_GREY};
    }
    text_table_row(&t, row + skip);
    for (size_t i = 0; i < n; i++) {
        const struct status_cluster *c = &clusters[i];
        struct strbuf parallelism = STRBUF(32), wait = STRBUF(256);
        int64_t number;
        if (json_int(json_get_lit(c->status, "parallelism"), &number)) {
            strbuf_put_i64(&parallelism, number);
        }
        strbuf_put(&wait, sv_present(c->wait.reason) ? c->wait.reason : SV(""));
        struct strview since = age(arena, style, c->wait.since_ms);
        if (since.len > 0) {
            strbuf_printf(&wait, " (%.*s)", SV_ARG(since));
        }
        const struct text_cell cells[] = {
            plain(c->ns),
            plain(c->name),
            {c->phase, colour_of(c)},
            plain(json_string(json_get_path(c->status, "job", "state", NULL))),
            plain(json_get_string(c->status, SV("flinkVersion"))),
            plain(ready_of(arena, c->status, "jobManager")),
            plain(ready_of(arena, c->status, "taskManager")),
            plain(take(arena, &parallelism)),
            plain(age(arena, style, c->created_ms)),
            plain(take(arena, &wait))};
        text_table_row(&t, cells + skip);
    }
    text_table_put(&t, 0, style->colours, b);
}
