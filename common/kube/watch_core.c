// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watch_core.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/json/view.h"
#include "common/kube/span.h"

#define MAX_TARGET  (KUBE_MAX_TARGET + WATCH_MAX_CONTINUE * 3)
#define SMALL_ARENA ((size_t)256 << 10) // of a Status or a list's metadata
#define MAX_RETRY_S 3600
#define SHORT_MS    1000 // a stream that ends sooner and empty is a failure

static const struct json_limits SMALL = {.max_bytes = (size_t)64 << 10,
                                         .max_values = 1000,
                                         .max_string = (size_t)32 << 10,
                                         .max_depth = 16};

/// What a Status says, as far as a watch cares.
struct refusal {
    int code;
    uint32_t retry_after_ms;
    char message[160];
};

void watch_core_init(struct watch_core *w, const struct kube_ref *ref,
                     struct strview label_selector, struct strview field_selector, uint64_t seed)
{
    *w = (struct watch_core){.ref = *ref,
                             .label_selector = label_selector,
                             .field_selector = field_selector,
                             .random = seed,
                             .rv = STRBUF(WATCH_MAX_RV),
                             .next_page = STRBUF(WATCH_MAX_CONTINUE),
                             .target = STRBUF(MAX_TARGET),
                             .page_limit = WATCH_PAGE};
}

void watch_core_done(struct watch_core *w)
{
    strbuf_done(&w->rv);
    strbuf_done(&w->next_page);
    strbuf_done(&w->target);
}

/// 0 to BELOW - 1 (splitmix64).
static uint64_t pick(struct watch_core *w, uint64_t below)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static void query_number(struct strbuf *b, const char *key, unsigned n)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", n);
    kube_query_put(b, key, sv_from(text));
}

int watch_core_next(struct watch_core *w, struct watch_request *ret, struct err *err)
{
    w->status = 0;
    w->retry_after_ms = 0;
    w->lines = 0;
    w->stop_request = false;
    w->begun = w->state == WATCH_LISTING;
    strbuf_reset(&w->target);
    if (kube_path_put(&w->target, &w->ref, err) != 0) {
        return -1;
    }
    kube_query_put(&w->target, "labelSelector", w->label_selector);
    kube_query_put(&w->target, "fieldSelector", w->field_selector);
    *ret = (struct watch_request){.not_before_ms = w->not_before_ms};
    if (w->state == WATCH_WATCHING) {
        w->timeout_s =
            WATCH_TIMEOUT_MIN_S + (unsigned)pick(w, WATCH_TIMEOUT_MAX_S - WATCH_TIMEOUT_MIN_S + 1);
        kube_query_put(&w->target, "watch", SV("true"));
        kube_query_put(&w->target, "allowWatchBookmarks", SV("true"));
        kube_query_put(&w->target, "resourceVersion", strbuf_view(&w->rv));
        query_number(&w->target, "timeoutSeconds", w->timeout_s);
        ret->want = WATCH_WANT_STREAM;
        ret->idle_ms = (int64_t)(w->timeout_s + WATCH_IDLE_SLACK_S) * 1000;
    } else {
        query_number(&w->target, "limit", w->page_limit);
        if (w->state == WATCH_LISTING) {
            kube_query_put(&w->target, "continue", strbuf_view(&w->next_page));
        }
        ret->want = WATCH_WANT_PAGE;
        ret->idle_ms = (int64_t)WATCH_LIST_TIMEOUT_S * 1000;
    }
    ret->target = strbuf_view(&w->target);
    return strbuf_ok(&w->target) ? 0 : err_set(err, E_TOO_LARGE, "the selectors are too long");
}

/// Notes a failure: when to try again. RELIST: what we have can't be continued.
static void back_off(struct watch_core *w, bool relist, uint32_t retry_after_ms, int64_t now_ms)
{
    if (w->state == WATCH_WATCHING && w->status == 200 &&
        now_ms - w->started_ms >= WATCH_HEALTHY_MS) {
        w->failures = 0;
    }
    int64_t delay = WATCH_BACKOFF_MIN_MS;
    for (uint32_t i = 0; i < w->failures && delay < WATCH_BACKOFF_MAX_MS; i++) {
        delay *= 2;
    }
    delay = delay < WATCH_BACKOFF_MAX_MS ? delay : WATCH_BACKOFF_MAX_MS;
    // Between a half and the whole of it, so that many clients don't come back at once.
    delay = delay / 2 + (int64_t)pick(w, (uint64_t)delay / 2 + 1);
    w->failures += w->failures < UINT32_MAX ? 1 : 0;
    w->not_before_ms = now_ms + (retry_after_ms > delay ? (int64_t)retry_after_ms : delay);
    w->stop_request = true;
    if (relist || w->failures % WATCH_MAX_RESUMES == 0) {
        w->state = WATCH_EMPTY;
    }
}

/// Reads a Status; leaves CODE when the text is none.
static void read_refusal(struct strview text, struct refusal *r)
{
    CLEANUP(arena_done) struct arena arena = ARENA(SMALL_ARENA);
    const struct json *v = NULL;
    int64_t n;
    if (json_parse(text, &SMALL, &arena, &v, NULL) != 0 ||
        !sv_eq_lit(json_get_string(v, SV("kind")), "Status")) {
        return;
    }
    if (json_int(json_get_lit(v, "code"), &n) && n > 0 && n < 1000) {
        r->code = (int)n;
    }
    if (json_int(json_get_path(v, "details", "retryAfterSeconds", NULL), &n) && n > 0) {
        r->retry_after_ms = (uint32_t)(n < MAX_RETRY_S ? n : MAX_RETRY_S) * 1000;
    }
    struct strview message = sv_sub(json_get_string(v, SV("message")), 0, sizeof(r->message) - 1);
    if (message.len != 0) {
        memcpy(r->message, message.ptr, message.len);
    }
    r->message[message.len] = '\0';
}

/// An answer that is no 200, or an ERROR in the stream.
static int refused(struct watch_core *w, struct strview text, int code, int64_t now_ms,
                   struct err *err)
{
    struct refusal r = {.code = code, .message = "", .retry_after_ms = w->retry_after_ms};
    read_refusal(text, &r);
    // 410: too old. Another 4xx (a bad resourceVersion, no such resource) can't be continued
    // either, but for those that are not about what we asked.
    bool relist = r.code >= 400 && r.code < 500 && r.code != 401 && r.code != 403 &&
                  r.code != 408 && r.code != 429;
    back_off(w, relist, r.retry_after_ms, now_ms);
    enum errc ec = r.code == 410                    ? E_GONE
                   : r.code == 404                  ? E_NOT_FOUND
                   : r.code == 401 || r.code == 403 ? E_DENIED
                   : r.code == 429                  ? E_THROTTLED
                                                    : E_TRANSPORT;
    err_set(err, ec, "%s %s: %d %s", w->ref.resource->plural,
            code == w->status && w->lines == 0 ? "answered" : "in the stream", r.code, r.message);
    if (err != NULL) {
        err->detail = r.code;
        err->retry_after_ms = r.retry_after_ms;
    }
    return -1;
}

/// The server speaks another language than we know.
static int garbled(struct watch_core *w, const char *what, int64_t now_ms, struct err *err)
{
    back_off(w, w->state != WATCH_WATCHING, 0, now_ms);
    return err_set(err, E_TRANSPORT, "%s: %s", w->ref.resource->plural, what);
}

static int give(struct watch_core *w, enum kube_event event, struct strview object, int64_t now_ms,
                kube_event_fn *fn, void *ctx, struct err *err)
{
    if (fn(ctx, event, object, err) == 0) {
        return 0;
    }
    back_off(w, true, 0, now_ms);
    return err_wrap(err, "%s", w->ref.resource->plural);
}

/// Takes the string value of TEXT (JSON) into B.
static bool take_string(struct strview text, struct strbuf *b)
{
    CLEANUP(arena_done) struct arena arena = ARENA(SMALL_ARENA);
    const struct json *v = NULL;
    if (json_parse(text, &SMALL, &arena, &v, NULL) != 0 || json_string(v).len == 0 ||
        json_string(v).len > b->max) {
        return false;
    }
    strbuf_reset(b);
    strbuf_put(b, json_string(v));
    return strbuf_ok(b);
}

static int begin_list(struct watch_core *w, int64_t now_ms, kube_event_fn *fn, void *ctx,
                      struct err *err)
{
    if (!w->begun && give(w, KUBE_RESET_BEGIN, SV_NONE, now_ms, fn, ctx, err) != 0) {
        return -1;
    }
    w->begun = true;
    return 0;
}

static int take_item(struct watch_core *w, struct strview item, int64_t now_ms, kube_event_fn *fn,
                     void *ctx, struct err *err)
{
    if (w->state == WATCH_WATCHING) {
        return garbled(w, "an object of a list in a stream", now_ms, err);
    }
    return begin_list(w, now_ms, fn, ctx, err) != 0
               ? -1
               : give(w, KUBE_RESET_ITEM, item, now_ms, fn, ctx, err);
}

static int take_page(struct watch_core *w, struct strview page, int64_t now_ms, kube_event_fn *fn,
                     void *ctx, struct err *err)
{
    struct strview meta = span_member(page, SV("metadata"));
    struct strview items = span_member(page, SV("items"));
    struct strview token = span_member(meta, SV("continue"));
    bool more = token.len != 0 && !sv_eq_lit(token, "\"\"");
    if (w->state == WATCH_WATCHING || !sv_present(items) ||
        !take_string(span_member(meta, SV("resourceVersion")), &w->rv) ||
        (more && !take_string(token, &w->next_page))) {
        return garbled(w, "the list is no List object", now_ms, err);
    }
    if (begin_list(w, now_ms, fn, ctx, err) != 0) {
        return -1;
    }
    struct strview item;
    bool broken = false;
    while (!sv_eq_lit(items, "null") && span_next(&items, &item, &broken)) {
        if (give(w, KUBE_RESET_ITEM, item, now_ms, fn, ctx, err) != 0) {
            return -1;
        }
    }
    if (broken) {
        return garbled(w, "the list ends in its middle", now_ms, err);
    }
    w->state = more ? WATCH_LISTING : WATCH_WATCHING;
    w->not_before_ms = now_ms;
    if (more) {
        return 0;
    }
    w->page_limit = WATCH_PAGE;
    if (give(w, KUBE_RESET_END, SV_NONE, now_ms, fn, ctx, err) != 0) {
        return -1;
    }
    w->synced = true;
    return 0;
}

static int take_line(struct watch_core *w, struct strview line, int64_t now_ms, kube_event_fn *fn,
                     void *ctx, struct err *err)
{
    static const struct {
        const char *type; // as written
        enum kube_event event;
    } TYPES[] = {
        {"\"ADDED\"", KUBE_ADDED}, {"\"MODIFIED\"", KUBE_MODIFIED}, {"\"DELETED\"", KUBE_DELETED}};
    struct strview type = span_member(line, SV("type"));
    struct strview object = span_member(line, SV("object"));
    if (w->state != WATCH_WATCHING || !sv_present(type) || !sv_present(object)) {
        return garbled(w, "a line that is no watch event", now_ms, err);
    }
    if (sv_eq_lit(type, "\"ERROR\"")) {
        return refused(w, object, 500, now_ms, err);
    }
    struct strview rv = span_member(span_member(object, SV("metadata")), SV("resourceVersion"));
    bool known = sv_eq_lit(type, "\"BOOKMARK\"");
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        if (sv_eq_lit(type, TYPES[i].type)) {
            known = true;
            if (sv_present(rv) && give(w, TYPES[i].event, object, now_ms, fn, ctx, err) != 0) {
                return -1;
            }
        }
    }
    // Only after the receiver has it: what it did not take is asked for again.
    if (!known || !take_string(rv, &w->rv)) {
        return garbled(w, "an event of an unknown type, or without a resourceVersion", now_ms, err);
    }
    w->lines++;
    return 0;
}

static int take_end(struct watch_core *w, enum errc code, int64_t now_ms, struct err *err)
{
    const char *what = w->ref.resource->plural;
    bool watching = w->state == WATCH_WATCHING;
    if (code == E_OK && watching && w->status == 200 &&
        (w->lines != 0 || now_ms - w->started_ms >= SHORT_MS)) {
        // The time that we asked for has passed, or the server wants its connection back.
        if (now_ms - w->started_ms >= WATCH_HEALTHY_MS) {
            w->failures = 0;
        }
        w->not_before_ms = now_ms;
        return 0;
    }
    if (code == E_TOO_LARGE && !watching && w->page_limit > 1) {
        w->page_limit /= 2;
    }
    // The line that was too long would come again: a list has other limits.
    back_off(w, code == E_TOO_LARGE && watching, w->retry_after_ms, now_ms);
    return err_set(err, code == E_OK ? E_TRANSPORT : code, "%s: %s", what,
                   code == E_TIMEOUT     ? "nothing came for too long"
                   : code == E_TOO_LARGE ? "a line or a page that is too long"
                   : code == E_OK        ? "the answer ended at once"
                                         : "the connection broke");
}

int watch_core_step(struct watch_core *w, const struct watch_input *in, int64_t now_ms,
                    kube_event_fn *fn, void *ctx, struct err *err)
{
    switch (in->kind) {
    case WATCH_IN_STATUS:
        w->status = in->status;
        w->retry_after_ms = in->retry_after_ms;
        w->started_ms = now_ms;
        return 0;
    case WATCH_IN_ITEM:
        return take_item(w, in->text, now_ms, fn, ctx, err);
    case WATCH_IN_PAGE:
        return take_page(w, in->text, now_ms, fn, ctx, err);
    case WATCH_IN_LINE:
        return take_line(w, in->text, now_ms, fn, ctx, err);
    case WATCH_IN_REFUSE:
        return refused(w, in->text, w->status, now_ms, err);
    case WATCH_IN_END:
        return take_end(w, in->code, now_ms, err);
    }
    return err_set(err, E_BUG, "no such input");
}
