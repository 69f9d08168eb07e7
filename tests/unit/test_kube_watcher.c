// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/kube/store.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/kube_record.h"
#include "tests/unit/unit.h"

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube_watcher *watcher;
static struct record rec;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of rec
static atomic_int failures;
static atomic_int last_code; // enum errc
static struct err err;
static char dir[64];
static struct stub_seen seen;

#define LIST(rv, names) "{\"metadata\":{\"resourceVersion\":\"" rv "\"},\"items\":[" names "]}"
#define POD(name)       "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"1\"}}"
#define EVENT(type, name, rv)                                                                      \
    "{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name                            \
    "\",\"resourceVersion\":\"" rv "\"}}}\n"
#define GONE                                                                                       \
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n"

static int on_event(void *ctx, enum kube_event event, struct strview object, struct err *e)
{
    pthread_mutex_lock(&lock);
    int rc = record_event(ctx, event, object, e);
    pthread_mutex_unlock(&lock);
    return rc;
}

static void on_failure(void *ctx, const struct err *e)
{
    (void)ctx;
    atomic_store(&last_code, (int)e->code);
    atomic_fetch_add(&failures, 1);
}

static void open_watch(int64_t idle_ms)
{
    struct kube_watch_spec spec = {.resource = &KUBE_PODS,
                                   .ns = SV("a"),
                                   .event = on_event,
                                   .event_ctx = &rec,
                                   .failed = on_failure,
                                   .idle_ms = idle_ms};
    ck_assert_int_eq(kube_watcher_new(config, NULL, NULL, &watcher, &err), 0);
    ck_assert_int_eq(kube_watcher_add(watcher, &spec, &err), 0);
}

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "first");
    rec = RECORD;
    atomic_store(&failures, 0);
    open_watch(0);
}

static void teardown(void)
{
    kube_watcher_free(watcher);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
    strbuf_done(&rec.text);
}

static void start(void)
{
    ck_assert_int_eq(kube_watcher_start(watcher, &err), 0);
}

/// Waits until exactly this was told.
static void told(const char *want)
{
    int64_t until = clock_mono_ms() + 8000;
    bool same = false;
    while (!same && clock_mono_ms() < until) {
        pthread_mutex_lock(&lock);
        same = sv_eq_lit(strbuf_view(&rec.text), want);
        pthread_mutex_unlock(&lock);
        clock_sleep_ms(5);
    }
    pthread_mutex_lock(&lock);
    ck_assert_str_eq(rec.text.ptr, want);
    pthread_mutex_unlock(&lock);
}

static void list_once(const char *body)
{
    stub_add(stub, &(struct stub_answer){.query = "limit=", .times = 1, .body = sv_from(body)});
}

/// A stream that stays open behind its body; bytes come N at a time.
static void stream_once(const char *body, size_t chunk)
{
    stub_add(stub, &(struct stub_answer){.query = "watch=true",
                                         .times = 1,
                                         .body = sv_from(body),
                                         .chunk = chunk,
                                         .stall_ms = 60000});
}

static bool wait_synced(const struct kube_watcher *w)
{
    for (int i = 0; i < 1000 && !kube_watcher_synced(w); i++) {
        clock_sleep_ms(10);
    }
    return kube_watcher_synced(w);
}

START_TEST(watcher__it_lists_then_streams_byte_by_byte)
{
    list_once(LIST("5", POD("p")));
    stream_once(EVENT("ADDED", "q", "6") EVENT("DELETED", "p", "7"), 1);
    start();
    ck_assert(wait_synced(watcher));
    told("begin item:p end add:q del:p");
    ck_assert_int_eq(atomic_load(&failures), 0);
}
END_TEST

START_TEST(watcher__a_stream_cut_in_a_line_is_resumed_from_the_last_whole_one)
{
    list_once(LIST("5", ""));
    stub_add(stub,
             &(struct stub_answer){.query = "watch=true",
                                   .times = 1,
                                   .body = SV_INIT(EVENT("ADDED", "q", "6") "{\"type\":\"ADDED\","),
                                   .chunk = 7,
                                   .cut = true});
    stream_once(EVENT("ADDED", "r", "7"), 5);
    start();
    told("begin end add:q add:r");
    ck_assert(stub_seen(stub, 2, &seen));
    ck_assert_ptr_nonnull(strstr(seen.query, "resourceVersion=6&"));
    ck_assert_int_eq(atomic_load(&last_code), E_TRANSPORT);
}
END_TEST

START_TEST(watcher__gone_in_the_stream_lists_again)
{
    list_once(LIST("5", POD("p")));
    stream_once(EVENT("ADDED", "q", "6") GONE, 11);
    list_once(LIST("9", POD("q")));
    stream_once(EVENT("ADDED", "r", "10"), 0);
    start();
    told("begin item:p end add:q begin item:q end add:r");
    ck_assert_int_eq(atomic_load(&last_code), E_GONE);
}
END_TEST

START_TEST(watcher__gone_as_a_status_lists_again)
{
    list_once(LIST("5", ""));
    stub_add(stub, &(struct stub_answer){.query = "watch=true", .times = 1, .status = 410});
    list_once(LIST("9", POD("q")));
    stream_once(EVENT("ADDED", "r", "10"), 0);
    start();
    told("begin end begin item:q end add:r");
}
END_TEST

START_TEST(watcher__a_throttled_list_is_asked_for_later)
{
    stub_add(stub,
             &(struct stub_answer){
                 .query = "limit=", .times = 1, .status = 429, .header = {"Retry-After", "1"}});
    list_once(LIST("5", ""));
    stream_once("", 0);
    int64_t from = clock_mono_ms();
    start();
    told("begin end");
    ck_assert_int_ge(clock_mono_ms() - from, 1000);
    ck_assert_int_eq(atomic_load(&last_code), E_THROTTLED);
}
END_TEST

START_TEST(watcher__a_rotated_token_is_read_again_after_401)
{
    stub_add(stub, &(struct stub_answer){
                       .query = "limit=", .token = "second", .body = SV_INIT(LIST("5", ""))});
    stub_add(stub, &(struct stub_answer){.query = "limit=", .status = 401});
    stream_once("", 0);
    stub_set_token(dir, "second");
    start();
    told("begin end");
}
END_TEST

START_TEST(watcher__a_line_of_nine_mebibytes_is_not_kept)
{
    size_t size = (size_t)9 << 20;
    char *line = mem_alloc(size);
    ck_assert_ptr_nonnull(line);
    memset(line, 'x', size);
    list_once(LIST("5", ""));
    stub_add(stub, &(struct stub_answer){.query = "watch=true",
                                         .times = 1,
                                         .body = sv_make(line, size),
                                         .chunk = 32 << 10});
    list_once(LIST("9", POD("q")));
    stream_once("", 0);
    start();
    told("begin end begin item:q end");
    ck_assert_int_eq(atomic_load(&last_code), E_TOO_LARGE);
    mem_free(line);
}
END_TEST

START_TEST(watcher__an_answer_that_is_no_list_is_asked_for_again)
{
    list_once("<html>");
    list_once(LIST("5", POD("p")));
    stream_once("", 0);
    start();
    told("begin item:p end");
}
END_TEST

START_TEST(watcher__what_the_handler_refuses_is_listed_again)
{
    rec.fail_at = 3;
    list_once(LIST("5", ""));
    stream_once(EVENT("ADDED", "q", "6"), 0);
    list_once(LIST("6", POD("q")));
    stream_once("", 0);
    start();
    told("begin end begin item:q end");
    ck_assert_int_eq(atomic_load(&last_code), E_NOMEM);
}
END_TEST

START_TEST(watcher__a_silent_stream_is_given_up_and_resumed)
{
    kube_watcher_free(watcher);
    open_watch(300);
    list_once(LIST("5", ""));
    stream_once(EVENT("ADDED", "q", "6"), 0);
    stream_once(EVENT("ADDED", "r", "7"), 0);
    start();
    told("begin end add:q add:r");
    ck_assert(stub_seen(stub, 2, &seen));
    ck_assert_ptr_nonnull(strstr(seen.query, "resourceVersion=6&"));
    ck_assert_int_eq(atomic_load(&last_code), E_TIMEOUT);
}
END_TEST

START_TEST(watcher__it_stops_at_once_while_a_stream_is_open)
{
    list_once(LIST("5", ""));
    stream_once("", 0);
    start();
    told("begin end");
    ck_assert(stub_wait(stub, 2));
    int64_t from = clock_mono_ms();
    kube_watcher_stop(watcher);
    ck_assert_int_lt(clock_mono_ms() - from, 1000);
}
END_TEST

START_TEST(watcher__it_tells_when_the_server_last_said_something)
{
    struct strview refusal = SV_INIT("{\"kind\":\"Status\",\"code\":503}");
    list_once(LIST("5", ""));
    stub_add(stub, &(struct stub_answer){.query = "watch=true", .status = 503, .body = refusal});
    ck_assert_int_eq(kube_watcher_heard_ms(watcher), 0);
    int64_t before = clock_mono_ms();
    start();
    told("begin end");
    int64_t heard = kube_watcher_heard_ms(watcher);
    ck_assert_int_ge(heard, before);
    // A refusal is no news.
    ck_assert(stub_wait(stub, 3));
    ck_assert_int_eq(kube_watcher_heard_ms(watcher), heard);
}
END_TEST

START_TEST(watcher__it_feeds_a_store)
{
    struct kube_store *store;
    ck_assert_int_eq(kube_store_new(10, NULL, NULL, &store, &err), 0);
    struct kube_watch_spec spec = {
        .resource = &KUBE_NAMESPACES, .event = kube_store_event, .event_ctx = store};
    ck_assert_int_eq(kube_watcher_add(watcher, &spec, &err), 0);
    stub_add(stub, &(struct stub_answer){.path = "/api/v1/namespaces",
                                         .query = "limit=",
                                         .body = SV_INIT(LIST("5", POD("n1") "," POD("n2")))});
    list_once(LIST("5", ""));
    stream_once("", 0);
    stream_once("", 0);
    start();
    ck_assert(wait_synced(watcher));
    ck_assert_uint_eq(kube_store_count(store), 2);
    kube_watcher_stop(watcher);
    kube_store_free(store);
}
END_TEST

UNIT_MAIN(setup, teardown, watcher__it_lists_then_streams_byte_by_byte,
          watcher__a_stream_cut_in_a_line_is_resumed_from_the_last_whole_one,
          watcher__it_tells_when_the_server_last_said_something,
          watcher__gone_in_the_stream_lists_again, watcher__gone_as_a_status_lists_again,
          watcher__a_throttled_list_is_asked_for_later,
          watcher__a_rotated_token_is_read_again_after_401,
          watcher__a_line_of_nine_mebibytes_is_not_kept,
          watcher__an_answer_that_is_no_list_is_asked_for_again,
          watcher__what_the_handler_refuses_is_listed_again,
          watcher__a_silent_stream_is_given_up_and_resumed,
          watcher__it_stops_at_once_while_a_stream_is_open, watcher__it_feeds_a_store)
