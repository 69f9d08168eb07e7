// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watcher.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "common/kube/client_state.h"
#include "common/kube/config_state.h"
#include "common/kube/lines.h"
#include "common/kube/page.h"

#define MAX_URL      ((size_t)128 << 10)
#define MAX_REFUSAL  ((size_t)64 << 10)
#define MAX_STRINGS  ((size_t)256 << 10) // of all specs
#define MAX_SLEEP_MS 60000
#define PARKED_MS    30000

struct watch {
    struct kube_watcher *owner;
    struct kube_watch_spec spec;
    struct watch_core core;
    struct watch_request next;
    bool planned; // `next` is what to send
    CURL *easy;
    bool running;
    struct curl_slist *headers;
    struct strbuf url;
    struct strbuf body; // of a refusal
    struct page page;
    struct lines lines;
    bool dropped;       // the core wants no more of this request
    bool told_status;   // WATCH_IN_STATUS was given
    bool reread_token;  // the last answer was 401
    enum errc broken;   // why we cut the transfer ourselves
    int64_t started_ns; // of the request
    int64_t last_byte_ms;
    atomic_bool synced;
    _Atomic int64_t heard_ms; // the last byte of an answer that was no refusal; 0: none
};

struct kube_watcher {
    struct kube_config *config;
    kube_observe_fn *observe;
    void *observe_ctx;
    struct arena strings;
    CURLM *multi;
    struct watch *watches[KUBE_MAX_WATCHES];
    unsigned count;
    pthread_t thread;
    bool started;
    atomic_bool stop;
};

static int on_event(void *ctx, enum kube_event event, struct strview object, struct err *err)
{
    struct watch *w = ctx;
    if (w->spec.event(w->spec.event_ctx, event, object, err) != 0) {
        return -1;
    }
    if (event == KUBE_RESET_END) {
        atomic_store(&w->synced, true);
    }
    return 0;
}

static void step(struct watch *w, const struct watch_input *in)
{
    struct err err = {0};
    if (watch_core_step(&w->core, in, clock_mono_ms(), on_event, w, &err) != 0 &&
        w->spec.failed != NULL) {
        w->spec.failed(w->spec.ctx, &err);
    }
    w->dropped = w->dropped || w->core.stop_request;
}

static int on_line(void *ctx, struct strview line)
{
    struct watch *w = ctx;
    struct watch_input in = {.kind = WATCH_IN_LINE, .text = line};
    step(w, &in);
    return w->dropped ? 1 : 0;
}

static int on_item(void *ctx, struct strview item)
{
    struct watch *w = ctx;
    struct watch_input in = {.kind = WATCH_IN_ITEM, .text = item};
    step(w, &in);
    return w->dropped ? 1 : 0;
}

static int status_of(const struct watch *w)
{
    long status = 0;
    curl_easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct watch *w = ctx;
    size_t bytes = size * n;
    w->last_byte_ms = clock_mono_ms();
    int status = status_of(w);
    // The empty line ends a head; those of 1xx answers are none.
    if (bytes <= 2 && data[0] != ':' && status >= 200 && !w->told_status) {
        struct watch_input in = {.kind = WATCH_IN_STATUS,
                                 .status = status,
                                 .retry_after_ms = kube_retry_after_ms(w->easy)};
        w->told_status = true;
        w->reread_token = status == 401;
        if (status == 200) {
            atomic_store_explicit(&w->heard_ms, w->last_byte_ms, memory_order_relaxed);
        }
        step(w, &in);
    }
    return bytes;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct watch *w = ctx;
    struct strview bytes = sv_make(data, size * n);
    w->last_byte_ms = clock_mono_ms();
    if (status_of(w) != 200) {
        strbuf_put(&w->body, sv_sub(bytes, 0, MAX_REFUSAL - w->body.len));
        return bytes.len;
    }
    atomic_store_explicit(&w->heard_ms, w->last_byte_ms, memory_order_relaxed);
    int rc = w->dropped                        ? 0
             : w->next.want == WATCH_WANT_PAGE ? page_feed(&w->page, bytes, on_item, w, NULL)
                                               : lines_feed(&w->lines, bytes, on_line, w, NULL);
    if (rc != 0 && !w->dropped) {
        w->broken = E_TOO_LARGE;
    }
    return w->dropped || w->broken != E_OK ? 0 : bytes.len;
}

static void drop_headers(struct watch *w)
{
    curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(w->headers);
    w->headers = NULL;
}

static void end_request(struct watch *w)
{
    struct kube_watcher *kw = w->owner;
    if (kw->observe != NULL) {
        kw->observe(kw->observe_ctx, "GET", w->told_status ? status_of(w) : 0,
                    clock_mono_ns() - w->started_ns);
    }
    curl_multi_remove_handle(kw->multi, w->easy);
    drop_headers(w);
    w->running = false;
    w->planned = false;
    strbuf_done(&w->body);
    page_done(&w->page); // an object may be large; it is not kept for the next list
    lines_done(&w->lines);
}

/// The transfer is over: what it means to the watch.
static void on_done(struct watch *w, CURLcode code)
{
    struct watch_input in = {.kind = WATCH_IN_END};
    int status = status_of(w);
    if (w->dropped) {
        end_request(w);
        return;
    }
    if (w->broken != E_OK) {
        in.code = w->broken;
    } else if (code != CURLE_OK) {
        in.code = code == CURLE_OPERATION_TIMEDOUT ? E_TIMEOUT : E_TRANSPORT;
    } else if (status != 200) {
        in.kind = WATCH_IN_REFUSE;
        in.text = strbuf_view(&w->body);
    } else if (w->next.want == WATCH_WANT_PAGE) {
        in.kind = WATCH_IN_PAGE;
        in.text = strbuf_view(&w->page.rest);
    }
    step(w, &in);
    end_request(w);
}

static bool set_headers(struct watch *w)
{
    CLEANUP(strbuf_done) struct strbuf line = STRBUF(KUBE_MAX_TOKEN + 64);
    kube_config_put_authorization(w->owner->config, w->reread_token, &line);
    w->headers = curl_slist_append(NULL, "Accept: application/json");
    if (w->headers != NULL && line.len != 0) {
        struct curl_slist *more = curl_slist_append(w->headers, line.ptr);
        if (more == NULL) {
            curl_slist_free_all(w->headers);
        }
        w->headers = more;
    }
    return w->headers != NULL && strbuf_ok(&line);
}

static void send_request(struct watch *w, int64_t now)
{
    strbuf_reset(&w->url);
    strbuf_put(&w->url, w->owner->config->server);
    strbuf_put(&w->url, w->next.target);
    w->dropped = false;
    w->told_status = false;
    w->broken = E_OK;
    w->last_byte_ms = now;
    w->started_ns = clock_mono_ns();
    if (strbuf_ok(&w->url) && set_headers(w)) {
        curl_easy_setopt(w->easy, CURLOPT_URL, w->url.ptr);
        curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, w->headers);
        w->running = curl_multi_add_handle(w->owner->multi, w->easy) == CURLM_OK;
    }
    if (!w->running) {
        drop_headers(w);
        w->next.not_before_ms = now + PARKED_MS;
    }
}

/// When a running request has been silent for too long.
static int64_t idle_at(const struct watch *w)
{
    return w->last_byte_ms + (w->spec.idle_ms != 0 ? w->spec.idle_ms : w->next.idle_ms);
}

/// Moves one watch on; the time at which it wants to be looked at again.
static int64_t tend(struct watch *w, int64_t now)
{
    if (w->running && !w->dropped && now >= idle_at(w)) {
        struct watch_input in = {.kind = WATCH_IN_END, .code = E_TIMEOUT};
        step(w, &in);
        end_request(w);
    }
    if (!w->running && !w->planned) {
        struct err err = {0};
        w->planned = true;
        if (watch_core_next(&w->core, &w->next, &err) != 0) {
            w->planned = false;
            w->core.state = WATCH_EMPTY;
            if (w->spec.failed != NULL) {
                w->spec.failed(w->spec.ctx, &err);
            }
            return now + PARKED_MS;
        }
    }
    if (!w->running && now >= w->next.not_before_ms) {
        send_request(w, now);
    }
    return w->running ? idle_at(w) : w->next.not_before_ms;
}

static void collect_done(struct kube_watcher *kw)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(kw->multi, &left)) != NULL;) {
        struct watch *w = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&w);
        if (m->msg == CURLMSG_DONE && w != NULL) {
            on_done(w, m->data.result);
        }
    }
}

static void *run(void *arg)
{
    struct kube_watcher *kw = arg;
    while (!atomic_load(&kw->stop)) {
        int64_t now = clock_mono_ms();
        int64_t wake = now + MAX_SLEEP_MS;
        for (unsigned i = 0; i < kw->count; i++) {
            int64_t at = tend(kw->watches[i], now);
            wake = at < wake ? at : wake;
        }
        int running;
        curl_multi_perform(kw->multi, &running);
        collect_done(kw);
        bool idle = true; // a request that just ended has a next one to send
        for (unsigned i = 0; i < kw->count; i++) {
            idle = idle && (kw->watches[i]->running || kw->watches[i]->planned);
        }
        now = clock_mono_ms();
        int64_t wait = !idle || wake <= now ? 0 : wake - now;
        if (!atomic_load(&kw->stop)) {
            curl_multi_poll(kw->multi, NULL, 0, (int)wait, NULL);
        }
    }
    for (unsigned i = 0; i < kw->count; i++) {
        if (kw->watches[i]->running) {
            end_request(kw->watches[i]);
        }
    }
    return NULL;
}

int kube_watcher_new(struct kube_config *config, kube_observe_fn *observe, void *observe_ctx,
                     struct kube_watcher **ret, struct err *err)
{
    struct kube_watcher *kw = mem_alloc(sizeof(*kw));
    CURLM *multi = kw != NULL ? curl_multi_init() : NULL;
    if (multi == NULL) {
        mem_free(kw);
        return err_set(err, E_NOMEM, "no memory for a watcher");
    }
    *kw = (struct kube_watcher){.config = config,
                                .observe = observe,
                                .observe_ctx = observe_ctx,
                                .strings = ARENA(MAX_STRINGS),
                                .multi = multi};
    *ret = kw;
    return 0;
}

static void free_watch(struct watch *w)
{
    if (w == NULL) {
        return;
    }
    curl_easy_cleanup(w->easy);
    watch_core_done(&w->core);
    strbuf_done(&w->url);
    strbuf_done(&w->body);
    page_done(&w->page);
    lines_done(&w->lines);
    mem_free(w);
}

static void setup_easy(struct watch *w)
{
    kube_config_setup(w->owner->config, w->easy);
    // Streams that share an HTTP/2 connection stall each other in libcurl 7.88 (Debian 12): what
    // one transfer's read leaves behind for another waits for the next byte on the wire, for
    // seconds.
    curl_easy_setopt(w->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(w->easy, CURLOPT_PRIVATE, w);
    curl_easy_setopt(w->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(w->easy, CURLOPT_HEADERDATA, w);
    curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, w);
}

int kube_watcher_add(struct kube_watcher *kw, const struct kube_watch_spec *spec, struct err *err)
{
    ASSERT(!kw->started);
    uint64_t seed;
    if (kw->count == KUBE_MAX_WATCHES) {
        return err_set(err, E_TOO_LARGE, "more than %d watches", KUBE_MAX_WATCHES);
    }
    if (os_random(&seed, sizeof(seed), err) != 0) {
        return -1;
    }
    struct watch *w = mem_alloc(sizeof(*w));
    CURL *easy = w != NULL ? curl_easy_init() : NULL;
    if (easy == NULL) {
        mem_free(w);
        return err_set(err, E_NOMEM, "no memory for a watch");
    }
    *w = (struct watch){.owner = kw,
                        .spec = *spec,
                        .easy = easy,
                        .url = STRBUF(MAX_URL),
                        .body = STRBUF(MAX_REFUSAL),
                        .page = PAGE(KUBE_MAX_PAGE, KUBE_MAX_LINE),
                        .lines = LINES(KUBE_MAX_LINE)};
    struct kube_ref ref = {.resource = spec->resource, .ns = arena_copy(&kw->strings, spec->ns)};
    struct strview label = spec->label_selector, field = spec->field_selector;
    label = sv_present(label) ? arena_copy(&kw->strings, label) : label;
    field = sv_present(field) ? arena_copy(&kw->strings, field) : field;
    watch_core_init(&w->core, &ref, label, field, seed);
    setup_easy(w);
    int rc = arena_ok(&kw->strings) ? watch_core_next(&w->core, &w->next, err)
                                    : err_set(err, E_TOO_LARGE, "the selectors are too long");
    if (rc != 0) {
        free_watch(w);
        return -1;
    }
    w->planned = true;
    kw->watches[kw->count++] = w;
    return 0;
}

int kube_watcher_start(struct kube_watcher *w, struct err *err)
{
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        return err_set(err, E_NOMEM, "no thread for the watches");
    }
    w->started = true;
    return 0;
}

bool kube_watcher_synced(const struct kube_watcher *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (!atomic_load(&w->watches[i]->synced)) {
            return false;
        }
    }
    return true;
}

int64_t kube_watcher_heard_ms(const struct kube_watcher *w)
{
    int64_t least = INT64_MAX;
    for (unsigned i = 0; i < w->count; i++) {
        int64_t ms = atomic_load_explicit(&w->watches[i]->heard_ms, memory_order_relaxed);
        least = ms < least ? ms : least;
    }
    return w->count != 0 ? least : 0;
}

void kube_watcher_stop(struct kube_watcher *w)
{
    if (!w->started) {
        return;
    }
    atomic_store(&w->stop, true);
    curl_multi_wakeup(w->multi);
    pthread_join(w->thread, NULL);
    w->started = false;
}

void kube_watcher_free(struct kube_watcher *w)
{
    if (w == NULL) {
        return;
    }
    kube_watcher_stop(w);
    for (unsigned i = 0; i < w->count; i++) {
        free_watch(w->watches[i]);
    }
    curl_multi_cleanup(w->multi);
    arena_done(&w->strings);
    mem_free(w);
}
