// SPDX-License-Identifier: Apache-2.0
#include "controller/pods.h"

#include <stdlib.h>

#include "common/base/parse_num.h"
#include "common/k8s/timestamp.h"

#define MAIN_NAME "flink-main-container"

static int64_t time_at(const struct json *object, const char *key)
{
    int64_t ms;
    return timestamp_parse(json_get_string(object, sv_from(key)), &ms) ? ms : 0;
}

static const struct json *main_status(const struct json *pod)
{
    const struct json *list = json_get_path(pod, "status", "containerStatuses", NULL);
    json_each(c, list) {
        if (sv_eq_lit(json_get_string(c, SV("name")), MAIN_NAME)) {
            return c;
        }
    }
    return NULL;
}

/// All containers are reported, and each as terminated.
static bool all_terminated(const struct json *pod)
{
    const struct json *list = json_get_path(pod, "status", "containerStatuses", NULL);
    size_t n = 0;
    json_each(c, list) {
        if (json_get_path(c, "state", "terminated", NULL) == NULL) {
            return false;
        }
        n++;
    }
    return n > 0 && n >= json_count(json_get_path(pod, "spec", "containers", NULL));
}

static bool is_ready(const struct json *pod)
{
    json_each(c, json_get_path(pod, "status", "conditions", NULL)) {
        if (sv_eq_lit(json_get_string(c, SV("type")), "Ready")) {
            return sv_eq_lit(json_get_string(c, SV("status")), "True");
        }
    }
    return false;
}

static int64_t failures_of(const struct json *metadata)
{
    struct strview text =
        json_get_string(json_get_lit(metadata, "annotations"), SV(ANNOTATION_FAILURES));
    int64_t n;
    if (!parse_i64(text, &n) || n < 0) {
        return 0;
    }
    return n < POD_FAILURES_MAX ? n : POD_FAILURES_MAX;
}

/// When the deletion was asked for: deletionTimestamp is that plus the grace period.
static int64_t deleted_at(const struct json *metadata)
{
    int64_t at = time_at(metadata, "deletionTimestamp");
    int64_t grace;
    if (at > 0 && json_int(json_get_lit(metadata, "deletionGracePeriodSeconds"), &grace) &&
        grace > 0 && grace < 86400) {
        at -= grace * 1000;
    }
    return at;
}

static struct strview main_image(const struct json *pod)
{
    json_each(c, json_get_path(pod, "spec", "containers", NULL)) {
        if (sv_eq_lit(json_get_string(c, SV("name")), MAIN_NAME)) {
            return json_get_string(c, SV("image"));
        }
    }
    return SV_NONE;
}

static void read_state(const struct json *pod, struct pod_view *p)
{
    const struct json *metadata = json_get_lit(pod, "metadata");
    const struct json *main = main_status(pod);
    const struct json *state = json_get_lit(main, "state");
    const struct json *running = json_get_lit(state, "running");
    const struct json *terminated = json_get_lit(state, "terminated");
    struct strview phase = json_string(json_get_path(pod, "status", "phase", NULL));
    p->deleting = json_string(json_get_lit(metadata, "deletionTimestamp")).len > 0;
    p->ended = sv_eq_lit(phase, "Failed") || sv_eq_lit(phase, "Succeeded") ||
               (p->deleting && all_terminated(pod));
    p->ready = !p->deleting && !p->ended && is_ready(pod);
    int64_t generation;
    p->ip = json_string(json_get_path(pod, "status", "podIP", NULL));
    p->image = main_image(pod);
    p->edited = json_int(json_get_lit(metadata, "generation"), &generation) && generation > 1;
    p->created_ms = time_at(metadata, "creationTimestamp");
    p->started_ms = time_at(running != NULL ? running : terminated, "startedAt");
    if (p->ended) {
        p->ended_ms = time_at(terminated, "finishedAt");
    }
    if (p->ended_ms == 0 && p->deleting) {
        p->ended_ms = deleted_at(metadata);
    }
    p->trouble = json_string(json_get_path(state, "waiting", "reason", NULL));
}

static int by_place(const void *left, const void *right)
{
    const struct pod_view *a = left;
    const struct pod_view *b = right;
    if (a->id.role != b->id.role) {
        return a->id.role < b->id.role ? -1 : 1;
    }
    int by_revision = sv_cmp(a->id.revision, b->id.revision);
    if (by_revision != 0) {
        return by_revision;
    }
    if (a->id.index != b->id.index) {
        return a->id.index < b->id.index ? -1 : 1;
    }
    if (a->id.attempt != b->id.attempt) {
        return a->id.attempt < b->id.attempt ? -1 : 1;
    }
    return sv_cmp(a->name, b->name);
}

void pods_read(const struct reconcile *rc, struct pod_list *ret)
{
    const struct children *all = &rc->observed->children[CHILD_POD];
    *ret = (struct pod_list){.items = ARENA_NEW_N(rc->arena, struct pod_view, all->n + 1)};
    if (ret->items == NULL) {
        return;
    }
    for (size_t i = 0; i < all->n; i++) {
        const struct json *metadata = json_get_lit(all->items[i], "metadata");
        struct pod_view p = {.object = all->items[i],
                             .name = json_get_string(metadata, SV("name")),
                             .uid = json_get_string(metadata, SV("uid")),
                             .failures = failures_of(metadata)};
        if (pod_name_parse(rc->observed->cluster.name, p.name, &p.id)) {
            read_state(p.object, &p);
            ret->items[ret->n++] = p;
        }
    }
    qsort(ret->items, ret->n, sizeof(*ret->items), by_place);
}

struct strview pod_end_text(const struct reconcile *rc, const struct pod_view *p)
{
    const struct json *status = json_get_lit(p->object, "status");
    const struct json *terminated =
        json_get_path(main_status(p->object), "state", "terminated", NULL);
    struct strview reason = json_get_string(status, SV("reason"));
    struct strview message = json_get_string(status, SV("message"));
    struct strview why = json_get_string(terminated, SV("reason"));
    int64_t code;
    struct strview text;
    if (p->ended && reason.len > 0) {
        text = arena_printf(rc->arena, "%.*s%s%.*s", SV_ARG(reason), message.len > 0 ? ": " : "",
                            SV_ARG(message));
    } else if (p->ended && json_int(json_get_lit(terminated, "exitCode"), &code)) {
        text = arena_printf(rc->arena, "%.*s, exit code %lld",
                            SV_ARG(why.len > 0 ? why : SV("ended")), (long long)code);
    } else {
        text = p->deleting ? SV("deleted") : SV("ended");
    }
    // Cut between characters, not within one.
    size_t len = text.len < 256 ? text.len : 256;
    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) {
        len--;
    }
    return sv_sub(text, 0, len);
}

/// When P ended, as far as it is told, and never in the future.
static int64_t end_of(const struct pod_view *p, int64_t now_ms)
{
    int64_t end = p->ended_ms != 0 ? p->ended_ms : p->created_ms;
    return end < now_ms ? end : now_ms;
}

int64_t pod_failures_after(const struct pod_view *p, int64_t now_ms)
{
    bool healthy = p->started_ms != 0 && end_of(p, now_ms) - p->started_ms >= POD_HEALTHY_MS;
    int64_t n = healthy ? 1 : p->failures + 1;
    return n < POD_FAILURES_MAX ? n : POD_FAILURES_MAX;
}

int64_t pod_successor_due_ms(const struct pod_view *p, int64_t now_ms)
{
    int64_t n = pod_failures_after(p, now_ms);
    int64_t wait = 0;
    for (int64_t i = 2; i <= n && wait < POD_BACKOFF_MAX_MS; i++) {
        wait = wait == 0 ? POD_BACKOFF_FIRST_MS : wait * 2;
    }
    return end_of(p, now_ms) + (wait < POD_BACKOFF_MAX_MS ? wait : POD_BACKOFF_MAX_MS);
}
