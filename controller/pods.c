// SPDX-License-Identifier: Apache-2.0
#include "controller/pods.h"

#include <stdlib.h>

#include "common/base/parse_num.h"
#include "common/k8s/quantity.h"
#include "common/k8s/timestamp.h"

#define MAIN_NAME "flink-main-container"

static const struct json *main_status(const struct json *status)
{
    json_each(c, json_get_lit(status, "containerStatuses")) {
        if (sv_eq_lit(json_get_string(c, SV("name")), MAIN_NAME)) {
            return c;
        }
    }
    return NULL;
}

static const struct json *condition(const struct json *status, const char *type)
{
    json_each(c, json_get_lit(status, "conditions")) {
        if (sv_eq_lit(json_get_string(c, SV("type")), type)) {
            return c;
        }
    }
    return NULL;
}

static bool condition_is(const struct json *condition, const char *value)
{
    return sv_eq_lit(json_get_string(condition, SV("status")), value);
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

static int64_t failures_of(const struct json *notes)
{
    int64_t n;
    if (!parse_i64(json_get_string(notes, SV(ANNOTATION_FAILURES)), &n) || n < 0) {
        return 0;
    }
    return n < POD_FAILURES_MAX ? n : POD_FAILURES_MAX;
}

/// When the deletion was asked for: deletionTimestamp is that plus the grace period.
static int64_t deleted_at(const struct json *metadata)
{
    int64_t at = timestamp_or_zero(json_get_string(metadata, SV("deletionTimestamp")));
    int64_t grace;
    if (at > 0 && json_int(json_get_lit(metadata, "deletionGracePeriodSeconds"), &grace) &&
        grace > 0 && grace < 86400) {
        at -= grace * 1000;
    }
    return at;
}

// ---- what is wrong ------------------------------------------------------------------

/// Why a container waits, in the kubelet's words (pkg/kubelet/images, kuberuntime).
static enum trouble_kind waiting_kind(struct strview reason)
{
    static const struct {
        const char *reason;
        enum trouble_kind kind;
    } KINDS[] = {
        {"ContainerCreating", TROUBLE_NONE},
        {"PodInitializing", TROUBLE_NONE},
        {"CrashLoopBackOff", TROUBLE_CRASH_LOOP},
        {"InvalidImageName", TROUBLE_IMAGE_NAME},
        {"ErrImagePull", TROUBLE_IMAGE_PULL},
        {"ImagePullBackOff", TROUBLE_IMAGE_PULL},
        {"ErrImageNeverPull", TROUBLE_IMAGE_PULL},
        {"ImageInspectError", TROUBLE_IMAGE_PULL},
        {"RegistryUnavailable", TROUBLE_IMAGE_PULL},
        {"SignatureValidationFailed", TROUBLE_IMAGE_PULL},
        {"CreateContainerConfigError", TROUBLE_CONFIG},
    };
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (sv_eq_lit(reason, KINDS[i].reason)) {
            return KINDS[i].kind;
        }
    }
    return TROUBLE_START;
}

/// The kubelet says ErrImagePull and ImagePullBackOff by turns: one trouble, with one cause.
static void settle_image_pull(struct pod_trouble *t)
{
    static const struct strview AGAIN = SV_INIT("ErrImagePull: ");
    size_t at = sv_find(t->message, AGAIN);
    if (at != SIZE_MAX) {
        t->message = sv_from_pos(t->message, at + AGAIN.len);
    }
    if (sv_eq_lit(t->reason, "ErrImagePull")) {
        t->reason = SV("ImagePullBackOff");
    }
}

/// The end of a container into T. False when that was no failure.
static bool read_end(const struct json *terminated, int64_t restarts, struct pod_trouble *t)
{
    if (terminated == NULL || !json_int(json_get_lit(terminated, "exitCode"), &t->exit_code)) {
        t->exit_code = TROUBLE_NO_CODE;
        return false;
    }
    t->reason = json_get_string(terminated, SV("reason"));
    if (sv_eq_lit(t->reason, "OOMKilled")) {
        t->kind = TROUBLE_OUT_OF_MEMORY;
        t->message = sv_from(TROUBLE_INFO[t->kind].text);
        return true;
    }
    t->kind = restarts > 0 ? TROUBLE_CRASH_LOOP : TROUBLE_ENDED;
    t->message = cause_line(json_get_string(terminated, SV("message")));
    if (t->reason.len == 0) {
        t->reason = SV("Error");
    }
    return t->exit_code != 0;
}

static void read_waiting(const struct json *status, const struct json *waiting,
                         struct pod_trouble *t)
{
    struct strview reason = json_get_string(waiting, SV("reason"));
    enum trouble_kind kind = waiting_kind(reason);
    if (kind == TROUBLE_CRASH_LOOP) {
        (void)read_end(json_get_path(status, "lastState", "terminated", NULL), 1, t);
        if (t->kind != TROUBLE_OUT_OF_MEMORY) {
            t->kind = kind;
            t->reason = reason;
        }
        return;
    }
    t->kind = kind;
    t->reason = reason;
    t->message = cause_line(json_get_string(waiting, SV("message")));
    if (kind == TROUBLE_IMAGE_PULL) {
        settle_image_pull(t);
    }
}

/// What the STATUS of one container tells, if that is worse than what is known of P.
static void read_container(const struct json *status, bool init, struct pod_view *p)
{
    struct pod_trouble t = {.container = json_get_string(status, SV("name")),
                            .exit_code = TROUBLE_NO_CODE};
    const struct json *state = json_get_lit(status, "state");
    const struct json *waiting = json_get_lit(state, "waiting");
    const struct json *terminated = json_get_lit(state, "terminated");
    const struct json *running = json_get_lit(state, "running");
    int64_t restarts;
    if (!json_int(json_get_lit(status, "restartCount"), &restarts) || restarts < 0) {
        restarts = 0;
    }
    bool recovered = false;
    if (waiting != NULL) {
        read_waiting(status, waiting, &t);
        p->creating = p->creating || t.kind == TROUBLE_NONE;
    } else if (terminated != NULL) {
        bool bad = read_end(terminated, restarts, &t);
        t.kind = bad || (p->ended && !init) ? t.kind : TROUBLE_NONE;
    } else if (running != NULL) {
        // Restarted once is what a restart policy is for; more than that is a loop.
        bool bad =
            read_end(json_get_path(status, "lastState", "terminated", NULL), restarts - 1, &t);
        t.kind = bad ? t.kind : TROUBLE_NONE;
        recovered = true;
    }
    if (t.kind == TROUBLE_CRASH_LOOP) {
        t.reason = SV("CrashLoopBackOff"); // also between two tries
    }
    if (t.kind != TROUBLE_NONE && (p->trouble.kind == TROUBLE_NONE || t.kind < p->trouble.kind)) {
        p->trouble = t;
        p->recovered = recovered;
        p->recovered_ms = timestamp_or_zero(json_get_string(running, SV("startedAt")));
    }
}

/// What concerns the pod as a whole: where it could not run, or not go on.
static void read_whole(const struct json *status, struct pod_view *p)
{
    const struct json *scheduled = condition(status, "PodScheduled");
    struct pod_trouble t = {.exit_code = TROUBLE_NO_CODE};
    t.reason = json_get_string(status, SV("reason"));
    if (p->ended && t.reason.len > 0) {
        bool ran = json_count(json_get_lit(status, "containerStatuses")) > 0;
        t.kind = sv_eq_lit(t.reason, "Evicted") ? TROUBLE_EVICTED
                 : ran                          ? TROUBLE_ENDED
                                                : TROUBLE_NOT_ADMITTED;
        t.message = cause_line(json_get_string(status, SV("message")));
        p->trouble = t;
    } else if (!p->ended && condition_is(scheduled, "False")) {
        t.reason = json_get_string(scheduled, SV("reason"));
        t.kind = sv_eq_lit(t.reason, "SchedulingGated") ? TROUBLE_GATED : TROUBLE_UNSCHEDULABLE;
        t.message = cause_line(json_get_string(scheduled, SV("message")));
        p->trouble = t;
    }
}

static void read_trouble(const struct json *status, struct pod_view *p)
{
    json_each(c, json_get_lit(status, "initContainerStatuses")) {
        read_container(c, true, p);
    }
    json_each(c, json_get_lit(status, "containerStatuses")) {
        read_container(c, false, p);
    }
    read_whole(status, p);
    p->trouble.pod = p->name;
}

// ---- all of it ----------------------------------------------------------------------

/// The condition of a pod that is still starting dates from before its container.
static void read_readiness(const struct json *ready, struct pod_view *p)
{
    int64_t since_ms = timestamp_or_zero(json_get_string(ready, SV("lastTransitionTime")));
    p->ready = !p->deleting && !p->ended && condition_is(ready, "True");
    if (!condition_is(ready, "True") && p->started_ms != 0 && since_ms > p->started_ms) {
        p->unready_ms = since_ms;
    }
}

static void read_times(const struct json *metadata, const struct json *main, struct pod_view *p)
{
    const struct json *state = json_get_lit(main, "state");
    const struct json *running = json_get_lit(state, "running");
    const struct json *terminated = json_get_lit(state, "terminated");
    p->created_ms = timestamp_or_zero(json_get_string(metadata, SV("creationTimestamp")));
    p->started_ms =
        timestamp_or_zero(json_get_string(running != NULL ? running : terminated, SV("startedAt")));
    p->gone_by_ms = timestamp_or_zero(json_get_string(metadata, SV("deletionTimestamp")));
    if (p->ended) {
        p->ended_ms = timestamp_or_zero(json_get_string(terminated, SV("finishedAt")));
    }
    int64_t deleted_ms = deleted_at(metadata);
    // Seconds are all that Kubernetes tells.
    p->deleted_first = p->deleting && (p->ended_ms == 0 || deleted_ms <= p->ended_ms);
    if (p->ended_ms == 0) {
        p->ended_ms = deleted_ms;
    }
}

static void read_state(const struct json *pod, struct pod_view *p)
{
    const struct json *metadata = json_get_lit(pod, "metadata");
    const struct json *status = json_get_lit(pod, "status");
    const struct json *notes = json_get_lit(metadata, "annotations");
    const struct json *main = main_status(status);
    const struct json *disrupted = condition(status, "DisruptionTarget");
    struct strview phase = json_get_string(status, SV("phase"));
    int64_t generation;
    p->ip = json_get_string(status, SV("podIP"));
    p->deleting = json_get_string(metadata, SV("deletionTimestamp")).len > 0;
    p->ended = sv_eq_lit(phase, "Failed") || sv_eq_lit(phase, "Succeeded") ||
               (p->deleting && all_terminated(pod));
    p->edited = json_int(json_get_lit(metadata, "generation"), &generation) && generation > 1;
    p->creating = sv_eq_lit(phase, "Pending") &&
                  condition_is(condition(status, "PodScheduled"), "True") &&
                  json_get_lit(status, "containerStatuses") == NULL;
    p->failures = failures_of(notes);
    p->replaces = json_get_string(notes, SV(ANNOTATION_REPLACES));
    if (condition_is(disrupted, "True")) {
        p->disrupted = json_get_string(disrupted, SV("reason"));
    }
    if (!json_int(json_get_lit(main, "restartCount"), &p->restarts) || p->restarts < 0) {
        p->restarts = 0;
    }
    read_times(metadata, main, p);
    read_readiness(condition(status, "Ready"), p);
    read_trouble(status, p);
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
                             .uid = json_get_string(metadata, SV("uid"))};
        if (pod_name_parse(rc->observed->cluster.name, p.name, &p.id)) {
            read_state(p.object, &p);
            ret->items[ret->n++] = p;
        }
    }
    qsort(ret->items, ret->n, sizeof(*ret->items), by_place);
}

// ---- an edited pod ------------------------------------------------------------------

/// The quantity of RENDERED's NAME that SEEN has otherwise; what others added is theirs.
static struct strview quantities_text(const struct reconcile *rc, const char *name,
                                      const struct json *rendered, const struct json *seen)
{
    json_each(want, rendered) {
        struct quantity a;
        struct quantity b;
        struct strview key = json_key(want);
        struct strview now = json_get_string(seen, key);
        if (quantity_read(want, &a, NULL) &&
            (!quantity_read(json_get(seen, key), &b, NULL) || quantity_cmp(a, b) != 0)) {
            return arena_printf(rc->arena, "%s.%.*s %.*s is not %.*s", name, SV_ARG(key),
                                SV_ARG(now.len > 0 ? now : SV("(none)")),
                                SV_ARG(json_string(want)));
        }
    }
    return SV_NONE;
}

static struct strview container_text(const struct reconcile *rc, const struct json *rendered,
                                     const struct json *seen)
{
    struct strview want = json_get_string(rendered, SV("image"));
    struct strview image = json_get_string(seen, SV("image"));
    if (want.len > 0 && !sv_eq(want, image)) {
        return arena_printf(rc->arena, "image %.*s is not %.*s", SV_ARG(image), SV_ARG(want));
    }
    const struct json *a = json_get_lit(rendered, "resources");
    const struct json *b = json_get_lit(seen, "resources");
    struct strview text =
        quantities_text(rc, "limits", json_get_lit(a, "limits"), json_get_lit(b, "limits"));
    return sv_present(text) ? text
                            : quantities_text(rc, "requests", json_get_lit(a, "requests"),
                                              json_get_lit(b, "requests"));
}

static const struct json *named(const struct json *list, struct strview name)
{
    json_each(c, list) {
        if (sv_eq(json_get_string(c, SV("name")), name)) {
            return c;
        }
    }
    return NULL;
}

struct strview pod_edited_text(const struct reconcile *rc, const struct pod_view *p,
                               const struct json *rendered)
{
    static const char *const LISTS[] = {"containers", "initContainers"};
    for (size_t i = 0; p->edited && i < ARRAY_LEN(LISTS); i++) {
        const struct json *seen = json_get_path(p->object, "spec", LISTS[i], NULL);
        json_each(c, json_get_path(rendered, "spec", LISTS[i], NULL)) {
            struct strview name = json_get_string(c, SV("name"));
            const struct json *there = named(seen, name);
            struct strview what = there != NULL ? container_text(rc, c, there) : SV_NONE;
            if (sv_present(what)) {
                return arena_printf(rc->arena, "container %.*s: %.*s", SV_ARG(name), SV_ARG(what));
            }
        }
    }
    return SV_NONE;
}
