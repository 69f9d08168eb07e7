// SPDX-License-Identifier: Apache-2.0
// What follows from a pod's state as time goes by: its end in words, the back-off after it, its
// trouble.
#include "controller/pods.h"

struct strview pod_end_text(const struct reconcile *rc, const struct pod_view *p)
{
    if (p->deleted_first || !p->ended) {
        return p->disrupted.len > 0
                   ? arena_printf(rc->arena, "deleted (%.*s)", SV_ARG(sv_sub(p->disrupted, 0, 64)))
                   : SV("deleted");
    }
    if (p->trouble.kind == TROUBLE_NONE) {
        return SV("ended");
    }
    struct strbuf b = STRBUF(1024);
    trouble_put_what(&b, &p->trouble);
    return text_take(rc->arena, &b);
}

/// When P ended. A time that can't be tells of its node's clock, not of the pod: then it is taken
/// for ended when it was made, for such a clock would hold up the next one for hours, or not at
/// all. 0 when that is ahead, too: then it is our own clock.
static int64_t end_of(const struct pod_view *p, int64_t now_ms)
{
    bool told = p->ended_ms >= p->created_ms && p->ended_ms <= now_ms + POD_BACKOFF_MAX_MS;
    return told ? p->ended_ms : p->created_ms <= now_ms ? p->created_ms : 0;
}

/// Whether P's container ran for ten minutes at its end.
static bool was_healthy(const struct pod_view *p)
{
    int64_t from = p->started_ms;
    // Start and end are by its node's clock, but a deletion is by the API server's.
    if (p->deleted_first && (from < p->created_ms || from > p->ended_ms)) {
        from = p->created_ms;
    }
    return p->started_ms != 0 && p->ended_ms - from >= POD_HEALTHY_MS;
}

int64_t pod_failures_after(const struct pod_view *p)
{
    int64_t restarts = p->deleted_first || !p->ended ? 0 : p->restarts;
    int64_t n = was_healthy(p) ? 1 : p->failures + 1 + restarts;
    return n < POD_FAILURES_MAX ? n : POD_FAILURES_MAX;
}

int64_t pod_successor_due_ms(const struct pod_view *p, int64_t now_ms)
{
    int64_t n = pod_failures_after(p);
    int64_t wait = 0;
    for (int64_t i = 2; i <= n && wait < POD_BACKOFF_MAX_MS; i++) {
        wait = wait == 0 ? POD_BACKOFF_FIRST_MS : wait * 2;
    }
    return end_of(p, now_ms) + (wait < POD_BACKOFF_MAX_MS ? wait : POD_BACKOFF_MAX_MS);
}

// ---- trouble ------------------------------------------------------------------------

/// A trouble of KIND that holds from FROM_MS on.
static struct pod_trouble from_then_on(const struct pod_view *p, enum trouble_kind kind,
                                       int64_t from_ms, int64_t now_ms, int64_t *ret_look_ms)
{
    struct pod_trouble t = {.pod = p->name, .exit_code = TROUBLE_NO_CODE};
    if (now_ms >= from_ms) {
        t.kind = kind;
        t.reason = p->deleting ? SV("Terminating") : SV_NONE;
    } else {
        *ret_look_ms = from_ms;
    }
    return t;
}

/// Whether what P's status tells is over: its container runs again, and long enough.
static bool is_over(const struct pod_view *p, int64_t now_ms, int64_t *ret_look_ms)
{
    if (!p->recovered) {
        return false;
    }
    // One failure is over with readiness; memory and loops prove themselves by time.
    if (p->trouble.kind == TROUBLE_ENDED) {
        return p->ready;
    }
    int64_t healthy_ms = p->recovered_ms + POD_HEALTHY_MS;
    if (now_ms < healthy_ms) {
        *ret_look_ms = healthy_ms;
        return false;
    }
    return true;
}

struct pod_trouble pod_trouble_of(const struct pod_view *p, int64_t now_ms,
                                  enum trouble_kind held_up, int64_t *ret_look_ms)
{
    struct pod_trouble none = {.pod = p->name, .exit_code = TROUBLE_NO_CODE};
    *ret_look_ms = 0;
    if (p->deleting && !p->ended && held_up != TROUBLE_NONE) {
        return from_then_on(p, held_up, p->gone_by_ms + POD_STUCK_MS, now_ms, ret_look_ms);
    }
    if (p->deleting && (p->deleted_first || !p->ended)) {
        return none;
    }
    if (p->trouble.kind != TROUBLE_NONE && !is_over(p, now_ms, ret_look_ms)) {
        return p->trouble;
    }
    if (p->ended) {
        return none;
    }
    bool healthy = p->started_ms != 0 && now_ms - p->started_ms >= POD_HEALTHY_MS;
    if (p->failures > 1 && !p->ready && !healthy) {
        none.kind = TROUBLE_FAILED_BEFORE;
        none.message = p->replaces;
        return none;
    }
    if (p->creating && !p->ready) {
        return from_then_on(p, TROUBLE_SLOW, p->created_ms + POD_SLOW_MS, now_ms, ret_look_ms);
    }
    return none;
}
