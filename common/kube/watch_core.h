// SPDX-License-Identifier: Apache-2.0
// One list-and-watch of one collection as a pure state machine: it is told what came from the
// server and what time it is, and tells which request to make next and when, and which events
// happened. It never lies about order: RESET_BEGIN, ITEM…, RESET_END after each list, then
// ADDED/MODIFIED/DELETED. Sources: client-go tools/cache/reflector.go, kube-rs runtime/watcher.rs
// (back-off, states), the Kubernetes API concepts page (bookmarks, 410 as status and in the stream,
// continue tokens). Not thread-safe; no I/O, no clock: times are the caller's monotonic
// milliseconds.
#ifndef SLUICE_KUBE_WATCH_CORE_H
#define SLUICE_KUBE_WATCH_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/kube/resource.h"

/// Back-off as kube-rs' watcher has it, but no longer than 5 s: reviews rest on what is watched;
/// and how long a watch must have been healthy for it to start anew.
#define WATCH_BACKOFF_MIN_MS 800
#define WATCH_BACKOFF_MAX_MS 5000
#define WATCH_HEALTHY_MS     120000
#define WATCH_PAGE           500
#define WATCH_TIMEOUT_MIN_S  240
#define WATCH_TIMEOUT_MAX_S  290
#define WATCH_IDLE_SLACK_S   30
#define WATCH_LIST_TIMEOUT_S 60
#define WATCH_MAX_RV         1024  // bytes of a resourceVersion
#define WATCH_MAX_CONTINUE   12288 // bytes of a continue token
#define WATCH_MAX_RESUMES    5     // failures in a row after which the collection is listed anew

enum kube_event {
    KUBE_RESET_BEGIN, // a list begins: mark what you have as possibly gone (a list may begin again)
    KUBE_RESET_ITEM,  // an object of the list
    KUBE_RESET_END,   // the list is whole: what was not in it is gone
    KUBE_ADDED,
    KUBE_MODIFIED,
    KUBE_DELETED,
};

/// OBJECT is JSON text (empty for RESET_BEGIN and RESET_END), borrowed for the call. 0, or -1 when
/// the receiver can't keep it (out of memory, full): the whole collection is then listed again,
/// later.
typedef int kube_event_fn(void *ctx, enum kube_event event, struct strview object, struct err *err);

enum watch_state {
    WATCH_EMPTY,    // nothing known: a list is next
    WATCH_LISTING,  // some pages came
    WATCH_WATCHING, // the list is whole; events are streamed from its resourceVersion on
};

enum watch_want {
    WATCH_WANT_PAGE,   // GET of TARGET; its objects may be inputs, what is left of it is one
    WATCH_WANT_STREAM, // GET of TARGET; each line is one input
};

struct watch_request {
    enum watch_want want;
    struct strview target; // path and query; borrowed until the next call on this watch
    int64_t not_before_ms; // do not send it earlier
    int64_t idle_ms;       // give up (WATCH_IN_END, E_TIMEOUT) after so long without a byte
};

enum watch_in {
    WATCH_IN_STATUS, // the answer's head: status, retry_after_ms
    WATCH_IN_ITEM,   // text: one object of a page that was answered with 200
    WATCH_IN_PAGE,   // text: the whole body of that page, but for the objects that were given
                     // already; ends the request
    WATCH_IN_LINE,   // text: one line of a stream that was answered with 200
    WATCH_IN_REFUSE, // text: the body (may be cut) of any other answer; ends the request
    WATCH_IN_END,    // the request is over without one: code E_OK when a stream ended cleanly
};

struct watch_input {
    enum watch_in kind;
    int status;
    uint32_t retry_after_ms;
    struct strview text;
    enum errc code;
};

struct watch_core {
    struct kube_ref ref; // strings borrowed
    struct strview label_selector, field_selector;
    enum watch_state state;
    bool begun;        // RESET_BEGIN was given for the running list
    bool synced;       // a list was whole at least once
    bool stop_request; // the running request is of no more use: drop it
    uint64_t random;   // state of the generator
    struct strbuf rv, next_page, target;
    unsigned page_limit; // halved while pages are too large
    unsigned timeout_s;  // of the running stream
    int status;          // of the running request; 0: no head yet
    uint32_t retry_after_ms;
    uint32_t failures; // in a row
    int64_t not_before_ms;
    int64_t started_ms; // when the running stream was answered
    uint64_t lines;     // of the running stream
};

/// Watches the collection REF; strings of REF and the selectors are borrowed for its life. SEED:
/// any random number (jitter, watch time-outs).
void watch_core_init(struct watch_core *w, const struct kube_ref *ref,
                     struct strview label_selector, struct strview field_selector, uint64_t seed);
void watch_core_done(struct watch_core *w);

/// The request to make next. Called when none is running. -1: REF can't be addressed (E_INVALID).
MUST_USE int watch_core_next(struct watch_core *w, struct watch_request *ret, struct err *err);

/// One input; events go to FN. Afterwards, when w->stop_request is set, the caller drops the
/// running request without a WATCH_IN_END and asks watch_core_next(). Returns 0, or -1 with ERR
/// telling of a failure that the watch has already taken into account (for a log line and a
/// metric).
MUST_USE int watch_core_step(struct watch_core *w, const struct watch_input *in, int64_t now_ms,
                             kube_event_fn *fn, void *ctx, struct err *err);

#endif
