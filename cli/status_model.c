// SPDX-License-Identifier: Apache-2.0
#include "cli/status_model.h"

#include <stdlib.h>

#include "common/k8s/meta.h"
#include "common/k8s/timestamp.h"
#include "controller/names.h"

static struct strview text_at(const struct json *v, const char *a, const char *b)
{
    return json_string(json_get_path(v, a, b, NULL));
}

static int64_t number_of(const struct json *v)
{
    int64_t n;
    return json_int(v, &n) ? n : 0;
}

void status_view_add(struct status_objects *o, const struct json *page, struct arena *arena)
{
    const struct json *items = json_get_lit(page, "items");
    size_t need = o->n + json_count(items);
    if (need > o->cap) {
        size_t cap = need * 2;
        const struct json **grown = ARENA_NEW_N(arena, const struct json *, cap);
        if (grown == NULL) {
            return;
        }
        for (size_t i = 0; i < o->n; i++) {
            grown[i] = o->items[i];
        }
        o->items = grown;
        o->cap = cap;
    }
    json_each(item, items) {
        o->items[o->n++] = item;
    }
}

// ---- conditions -------------------------------------------------------------------------------

/// Of these True is good, of all others (Reconciling, Stalled, Degraded, …) False.
static bool is_positive(struct strview type)
{
    static const char *const POSITIVE[] = {"Ready", "Accepted", "Available", "JobRunning"};
    for (size_t i = 0; i < ARRAY_LEN(POSITIVE); i++) {
        if (sv_eq_lit(type, POSITIVE[i])) {
            return true;
        }
    }
    return false;
}

static void read_conditions(struct arena *arena, struct status_cluster *c)
{
    const struct json *list = json_get_lit(c->status, "conditions");
    struct status_condition *all = ARENA_NEW_N(arena, struct status_condition, json_count(list));
    if (all == NULL) {
        return;
    }
    json_each(item, list) {
        struct status_condition *to = &all[c->n_conditions++];
        *to = (struct status_condition){
            .type = json_get_string(item, SV("type")),
            .status = json_get_string(item, SV("status")),
            .reason = json_get_string(item, SV("reason")),
            .message = json_get_string(item, SV("message")),
            .since_ms = timestamp_or_zero(json_get_string(item, SV("lastTransitionTime")))};
        to->good = sv_eq_lit(to->status, is_positive(to->type) ? "True" : "False") ||
                   (c->session && sv_eq_lit(to->type, "JobRunning"));
    }
    c->conditions = all;
}

static const struct status_condition *condition(const struct status_cluster *c, const char *type)
{
    for (size_t i = 0; i < c->n_conditions; i++) {
        if (sv_eq_lit(c->conditions[i].type, type)) {
            return &c->conditions[i];
        }
    }
    return NULL;
}

static bool holds(const struct status_cluster *c, const char *type)
{
    const struct status_condition *found = condition(c, type);
    return found != NULL && sv_eq_lit(found->status, "True");
}

// ---- what it waits for --------------------------------------------------------------------------

static struct status_wait wait_for(const char *reason, struct strview message, int64_t since_ms)
{
    return (struct status_wait){
        .reason = sv_from(reason), .message = message, .since_ms = since_ms};
}

static struct status_wait wait_of_deletion(const struct json *object, struct arena *arena)
{
    const struct json *metadata = json_get_lit(object, "metadata");
    struct strbuf b = STRBUF(1024);
    strbuf_put_str(&b, "what belongs to it to be gone");
    size_t n = 0;
    json_each(finalizer, json_get_lit(metadata, "finalizers")) {
        strbuf_put_str(&b, n++ == 0 ? "; held by " : ", ");
        strbuf_put(&b, sv_sub(json_string(finalizer), 0, 200));
    }
    struct strview text = arena_copy(arena, strbuf_view(&b));
    strbuf_done(&b);
    return wait_for("BeingDeleted", text,
                    timestamp_or_zero(json_get_string(metadata, SV("deletionTimestamp"))));
}

static struct status_wait wait_of(const struct json *object, const struct status_cluster *c,
                                  struct arena *arena)
{
    static const char *const BAD[] = {"Stalled", "Reconciling", "Degraded"};
    int64_t generation = number_of(json_get_path(object, "metadata", "generation", NULL));
    const struct json *seen = json_get_lit(c->status, "observedGeneration");
    if (sv_present(text_at(object, "metadata", "deletionTimestamp"))) {
        return wait_of_deletion(object, arena);
    }
    if (seen == NULL) {
        return wait_for("Controller", SV("a controller, none has looked at it yet"), c->created_ms);
    }
    if (number_of(seen) < generation) {
        return wait_for("Controller",
                        arena_printf(arena,
                                     "the controller, which has seen generation %lld but not %lld",
                                     (long long)number_of(seen), (long long)generation),
                        0);
    }
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        if (holds(c, BAD[i])) {
            const struct status_condition *is = condition(c, BAD[i]);
            return (struct status_wait){is->reason, is->message, is->since_ms};
        }
    }
    const struct status_condition *ready = condition(c, "Ready");
    if (ready != NULL && !ready->good) {
        return (struct status_wait){ready->reason, ready->message, ready->since_ms};
    }
    return (struct status_wait){.since_ms = 0};
}

void status_view(const struct json *object, struct arena *arena, struct status_cluster *ret)
{
    *ret = (struct status_cluster){
        .ns = text_at(object, "metadata", "namespace"),
        .name = text_at(object, "metadata", "name"),
        .created_ms = timestamp_or_zero(text_at(object, "metadata", "creationTimestamp")),
        .status = json_get_lit(object, "status"),
        .session = json_get_path(object, "spec", "job", NULL) == NULL};
    ret->phase = json_get_string(ret->status, SV("phase"));
    ret->leader = text_at(ret->status, "jobManager", "leader");
    read_conditions(arena, ret);
    ret->wait = wait_of(object, ret, arena);
    ret->trouble = holds(ret, "Stalled") || holds(ret, "Degraded");
    ret->ready = holds(ret, "Ready") && !sv_eq_lit(ret->wait.reason, "Controller") &&
                 !sv_eq_lit(ret->wait.reason, "BeingDeleted");
}

// ---- events -------------------------------------------------------------------------------------

static struct status_event read_event(const struct json *e)
{
    const struct json *series = json_get_lit(e, "series");
    static const char *const TIMES[] = {"lastTimestamp", "eventTime", "firstTimestamp"};
    struct status_event ret = {.type = json_get_string(e, SV("type")),
                               .reason = json_get_string(e, SV("reason")),
                               .message = sv_trim(json_get_string(e, SV("message"))),
                               .kind = text_at(e, "involvedObject", "kind"),
                               .name = text_at(e, "involvedObject", "name"),
                               .count = number_of(json_get_lit(e, "count"))};
    ret.warning = sv_eq_lit(ret.type, "Warning");
    if (series != NULL) {
        ret.count = number_of(json_get_lit(series, "count"));
        ret.last_ms = timestamp_or_zero(json_get_string(series, SV("lastObservedTime")));
    }
    for (size_t i = 0; i < ARRAY_LEN(TIMES) && ret.last_ms == 0; i++) {
        ret.last_ms = timestamp_or_zero(json_get_string(e, sv_from(TIMES[i])));
    }
    ret.count = ret.count > 0 ? ret.count : 1;
    return ret;
}

/// Whether E is about the FlinkCluster OBJECT (not an older one of its name), or a pod of its name.
static bool concerns(const struct json *object, const struct json *event,
                     const struct status_event *e)
{
    struct strview name = text_at(object, "metadata", "name");
    struct pod_name unused;
    if (sv_eq_lit(e->kind, "Pod")) {
        return pod_name_parse(name, e->name, &unused) &&
               e->last_ms >= timestamp_or_zero(text_at(object, "metadata", "creationTimestamp"));
    }
    return sv_eq_lit(e->kind, "FlinkCluster") && sv_eq(e->name, name) &&
           sv_eq(text_at(event, "involvedObject", "uid"), text_at(object, "metadata", "uid"));
}

/// By what it tells: type, reason, message; the newest of the same last.
static int by_content(const void *a, const void *b)
{
    const struct status_event *x = a, *y = b;
    int order = sv_cmp(x->type, y->type);
    order = order != 0 ? order : sv_cmp(x->reason, y->reason);
    order = order != 0 ? order : sv_cmp(x->message, y->message);
    return order != 0 ? order : (x->last_ms > y->last_ms) - (x->last_ms < y->last_ms);
}

static int by_time(const void *a, const void *b)
{
    const struct status_event *x = a, *y = b;
    int order = (int)y->warning - (int)x->warning;
    order = order != 0 ? order : (x->last_ms > y->last_ms) - (x->last_ms < y->last_ms);
    return order != 0 ? order : by_content(a, b);
}

static bool tells_the_same(const struct status_event *a, const struct status_event *b)
{
    return sv_eq(a->type, b->type) && sv_eq(a->reason, b->reason) && sv_eq(a->message, b->message);
}

/// Makes one of those that tell the same: the newest, with all their counts.
static size_t aggregate(struct status_event *all, size_t n)
{
    size_t kept = 0;
    qsort(all, n, sizeof(*all), by_content);
    for (size_t i = 0; i < n; i++) {
        int64_t count = 0;
        if (kept > 0 && tells_the_same(&all[kept - 1], &all[i])) {
            count = all[--kept].count;
        }
        all[kept] = all[i];
        all[kept++].count += count;
    }
    return kept;
}

void status_view_events(const struct json *object, const struct status_objects *events,
                        struct arena *arena, struct status_cluster *ret)
{
    struct status_event *all = ARENA_NEW_N(arena, struct status_event, events->n + 1);
    size_t n = 0;
    for (size_t i = 0; all != NULL && i < events->n; i++) {
        all[n] = read_event(events->items[i]);
        n += concerns(object, events->items[i], &all[n]) ? 1 : 0;
    }
    if (n > 0) {
        n = aggregate(all, n);
        qsort(all, n, sizeof(*all), by_time);
    }
    ret->events = all;
    ret->n_events = n;
    ret->cut = ret->cut || events->cut;
}
