// SPDX-License-Identifier: Apache-2.0
// The plain client that the controller is held against (keeper_scale_test.py): it writes and lists
// the same objects with no thought about them, on as many connections as the controller has
// workers. SLUICE_TEST_KUBECONFIG is the API server. Answers are one line of JSON.
//
//   create TEMPLATE COUNT CONNECTIONS     TEMPLATE's lines "METHOD\tPATH\tBODY" for each of COUNT
//       clusters; @NAME@ is its name, @UID@ the UID that the first line's answer has
//   edit NAMESPACE COUNT RATE SECONDS REPLICAS     RATE times a second one of COUNT clusters gets
//       REPLICAS TaskManagers, in the next round one more; how long until a new pod is seen
//   list NAMESPACE                        every collection that the controller watches
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/os_file.h"
#include "common/base/parse_num.h"
#include "common/kube/client_state.h"
#include "common/kube/watcher.h"

#define CONNECTIONS_MAX 64
#define LINES_MAX       64
#define SAMPLES_MAX     400000
#define CLUSTERS_MAX    20000
#define NAME_FORMAT     "c%05zu"
#define ARENA_SIZE      ((size_t)512 << 20)
#define EDITORS         4

static struct kube_config *config;

NORETURN static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "plain_client: %s: %s\n", what, err != NULL ? err->msg : "");
    exit(EXIT_FAILURE);
}

static struct kube *connect_api(void)
{
    struct kube *k;
    struct err err;
    struct kube_options opt = {.timeout_ms = 60000, .max_body = KUBE_MAX_PAGE};
    if (kube_open(config, &opt, &k, &err) != 0) {
        die("connect", &err);
    }
    return k;
}

/// One request; 429 is tried again when the server asked for it, as any client does.
static const struct json *send_one(struct kube *k, const char *method, struct strview target,
                                   struct strview body, struct arena *arena)
{
    bool patch = strcmp(method, "PATCH") == 0;
    struct kube_request rq = {.method = method,
                              .content_type =
                                  patch ? "application/merge-patch+json" : "application/json",
                              .body = body,
                              .write = true,
                              .max_body = KUBE_MAX_PAGE};
    const struct json *ret = NULL;
    for (;;) {
        struct err err;
        strbuf_truncate(&k->url, k->path_at);
        strbuf_put(&k->url, target);
        if (kube_call(k, &rq, arena, &ret, &err) == 0) {
            return ret;
        }
        if (err.code != E_THROTTLED) {
            die("request", &err);
        }
        struct timespec wait = {.tv_nsec = 100000000};
        nanosleep(&wait, NULL);
    }
}

// ---- numbers ------------------------------------------------------------------------------------

struct samples {
    pthread_mutex_t lock;
    int64_t us[SAMPLES_MAX];
    size_t n;
};

static void sample_add(struct samples *s, int64_t us)
{
    pthread_mutex_lock(&s->lock);
    if (s->n < SAMPLES_MAX) {
        s->us[s->n++] = us;
    }
    pthread_mutex_unlock(&s->lock);
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void samples_print(const char *name, struct samples *s)
{
    qsort(s->us, s->n, sizeof(s->us[0]), by_value);
    double p50 = s->n != 0 ? (double)s->us[s->n / 2] / 1000 : 0;
    double p99 = s->n != 0 ? (double)s->us[(s->n * 99) / 100] / 1000 : 0;
    printf("\"%s\":{\"n\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f}", name, s->n, p50, p99);
}

// ---- create -------------------------------------------------------------------------------------

struct line {
    char method[8];
    struct strview path, body;
};

struct creation {
    struct line lines[LINES_MAX];
    size_t n_lines;
    size_t count;
    atomic_size_t next;
    atomic_size_t requests;
};

static struct creation creation;
static struct samples pods = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct samples all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void copy_text(struct strview text, char *ret, size_t size)
{
    size_t n = text.len < size ? text.len : size - 1;
    if (n > 0) {
        memcpy(ret, text.ptr, n);
    }
    ret[n] = '\0';
}

static void read_template(const char *path)
{
    static struct arena arena = {.max = (size_t)4 << 20};
    struct strview text;
    struct err err;
    CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)4 << 20);
    if (os_file_read(path, (size_t)4 << 20, &b, &err) != 0) {
        die(path, &err);
    }
    text = arena_copy(&arena, strbuf_view(&b));
    while (text.len != 0 && creation.n_lines < LINES_MAX) {
        size_t end = sv_find_char(text, '\n');
        struct strview line = sv_sub(text, 0, end);
        size_t tab = sv_find_char(line, '\t');
        struct line *l = &creation.lines[creation.n_lines++];
        copy_text(sv_sub(line, 0, tab), l->method, sizeof(l->method));
        line = sv_from_pos(line, tab + 1);
        tab = sv_find_char(line, '\t');
        l->path = sv_sub(line, 0, tab);
        l->body = sv_from_pos(line, tab + 1);
        text = end == SIZE_MAX ? SV_NONE : sv_from_pos(text, end + 1);
    }
}

/// TEXT with the places for name and UID filled in.
static void fill(struct strbuf *b, struct strview text, const char *name, struct strview uid)
{
    strbuf_reset(b);
    while (text.len != 0) {
        size_t at = sv_find_char(text, '@');
        strbuf_put(b, sv_sub(text, 0, at));
        text = at == SIZE_MAX ? SV_NONE : sv_from_pos(text, at);
        if (sv_starts(text, SV("@NAME@"))) {
            strbuf_put_str(b, name);
            text = sv_from_pos(text, 6);
        } else if (sv_starts(text, SV("@UID@"))) {
            strbuf_put(b, uid);
            text = sv_from_pos(text, 5);
        } else if (text.len != 0) {
            strbuf_put(b, SV("@"));
            text = sv_from_pos(text, 1);
        }
    }
}

static void create_one(struct kube *k, size_t number, struct strbuf *path, struct strbuf *body,
                       struct arena *arena)
{
    char name[32], uid_text[64] = "";
    struct strview uid = SV("");
    snprintf(name, sizeof(name), NAME_FORMAT, number);
    for (size_t i = 0; i < creation.n_lines; i++) {
        const struct line *l = &creation.lines[i];
        fill(path, l->path, name, uid);
        fill(body, l->body, name, uid);
        int64_t start = clock_mono_ns();
        const struct json *answer =
            send_one(k, l->method, strbuf_view(path), strbuf_view(body), arena);
        int64_t us = (clock_mono_ns() - start) / 1000;
        sample_add(&all, us);
        if (sv_ends(l->path, SV("/pods"))) {
            sample_add(&pods, us);
        }
        if (i == 0) {
            struct strview got = json_string(json_get_path(answer, "metadata", "uid", NULL));
            copy_text(got, uid_text, sizeof(uid_text));
            uid = sv_from(uid_text);
        }
        arena_reset(arena, (size_t)1 << 20);
    }
}

static void *create_run(void *arg)
{
    (void)arg;
    struct kube *k = connect_api();
    struct arena arena = ARENA(ARENA_SIZE);
    struct strbuf path = STRBUF(4096), body = STRBUF((size_t)4 << 20);
    for (size_t i; (i = atomic_fetch_add(&creation.next, 1)) < creation.count;) {
        create_one(k, i, &path, &body, &arena);
    }
    strbuf_done(&path);
    strbuf_done(&body);
    arena_done(&arena);
    kube_close(k);
    return NULL;
}

static void run_threads(size_t n, void *(*run)(void *))
{
    pthread_t threads[CONNECTIONS_MAX];
    for (size_t i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, run, NULL) != 0) {
            die("no thread", NULL);
        }
    }
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void create(const char *file, size_t count, size_t connections)
{
    creation.count = count;
    read_template(file);
    int64_t start = clock_mono_ns();
    run_threads(connections < CONNECTIONS_MAX ? connections : CONNECTIONS_MAX, create_run);
    double took = (double)(clock_mono_ns() - start) / 1e9;
    printf("{\"seconds\":%.3f,", took);
    samples_print("pods", &pods);
    printf(",");
    samples_print("all", &all);
    printf("}\n");
}

// ---- edit ---------------------------------------------------------------------------------------

struct edits {
    struct strview ns;
    size_t clusters, rate, total, replicas;
    int64_t start_ns;
    atomic_size_t next, seen;
    _Atomic int64_t sent_ns[CLUSTERS_MAX]; // 0: nothing is waited for
};

static struct edits edits;

/// A pod that was not there before: the answer to the edit of its cluster.
static int on_pod(void *ctx, enum kube_event event, struct strview object, struct err *err)
{
    static struct arena arena = {.max = (size_t)4 << 20};
    const struct json *pod;
    uint64_t number;
    (void)ctx;
    if (event != KUBE_ADDED) {
        return 0;
    }
    arena_reset(&arena, (size_t)1 << 20);
    if (json_parse(object, &KUBE_JSON_LIMITS, &arena, &pod, err) != 0) {
        return -1;
    }
    struct strview name =
        json_get_string(json_get_path(pod, "metadata", "labels", NULL), SV("sluice.dev/cluster"));
    if (parse_u64(sv_from_pos(name, 1), &number) && number < CLUSTERS_MAX) {
        int64_t sent = atomic_exchange(&edits.sent_ns[number], 0);
        if (sent != 0) {
            sample_add(&pods, (clock_mono_ns() - sent) / 1000);
            atomic_fetch_add(&edits.seen, 1);
        }
    }
    return 0;
}

static void *edit_run(void *arg)
{
    (void)arg;
    struct kube *k = connect_api();
    struct arena arena = ARENA(ARENA_SIZE);
    char path[256], body[128], ns[64];
    copy_text(edits.ns, ns, sizeof(ns));
    for (size_t i; (i = atomic_fetch_add(&edits.next, 1)) < edits.total;) {
        int64_t due = edits.start_ns + (int64_t)(i * 1000000000U / edits.rate);
        struct timespec at = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        size_t number = i % edits.clusters;
        snprintf(path, sizeof(path),
                 "/apis/sluice.dev/v1beta1/namespaces/%s/flinkclusters/" NAME_FORMAT, ns, number);
        snprintf(body, sizeof(body), "{\"spec\":{\"taskManager\":{\"replicas\":%zu}}}",
                 edits.replicas + i / edits.clusters);
        int64_t start = clock_mono_ns();
        atomic_store(&edits.sent_ns[number], start);
        (void)send_one(k, "PATCH", sv_from(path), sv_from(body), &arena);
        sample_add(&all, (clock_mono_ns() - start) / 1000);
        arena_reset(&arena, (size_t)1 << 20);
    }
    arena_done(&arena);
    kube_close(k);
    return NULL;
}

static void edit(const char *ns, size_t clusters, size_t rate, size_t seconds, size_t replicas)
{
    struct kube_watcher *w;
    struct err err;
    struct kube_watch_spec spec = {.resource = &KUBE_PODS, .ns = sv_from(ns), .event = on_pod};
    edits.ns = sv_from(ns);
    edits.clusters = clusters < CLUSTERS_MAX ? clusters : CLUSTERS_MAX;
    edits.rate = rate;
    edits.total = rate * seconds;
    edits.replicas = replicas;
    if (kube_watcher_new(config, NULL, NULL, &w, &err) != 0 ||
        kube_watcher_add(w, &spec, &err) != 0 || kube_watcher_start(w, &err) != 0) {
        die("watch", &err);
    }
    struct timespec pause = {.tv_nsec = 50000000};
    while (!kube_watcher_synced(w)) {
        nanosleep(&pause, NULL);
    }
    struct timespec settle = {.tv_sec = 1};
    nanosleep(&settle, NULL);
    edits.start_ns = clock_mono_ns();
    run_threads(EDITORS, edit_run);
    for (int i = 0; i < 1200 && atomic_load(&edits.seen) < edits.total; i++) {
        nanosleep(&pause, NULL);
    }
    kube_watcher_free(w);
    printf("{\"edits\":%zu,", edits.total);
    samples_print("edit", &all);
    printf(",");
    samples_print("edit_to_pod", &pods);
    printf("}\n");
}

// ---- list ---------------------------------------------------------------------------------------

static const struct kube_resource *const LISTED[] = {
    &KUBE_FLINKCLUSTERS,        &KUBE_CONTROLLERREVISIONS,
    &KUBE_CONFIGMAPS,           &KUBE_SERVICEACCOUNTS,
    &KUBE_ROLEBINDINGS,         &KUBE_SERVICES,
    &KUBE_PODDISRUPTIONBUDGETS, &KUBE_PODS,
};

static struct strview list_ns;
static atomic_size_t listed, next_list;

/// The pages of one collection, each read into a tree.
static void *list_run(void *arg)
{
    (void)arg;
    struct kube *k = connect_api();
    struct kube_ref ref = {.resource = LISTED[atomic_fetch_add(&next_list, 1)], .ns = list_ns};
    struct kube_request rq = {.method = "GET", .max_body = KUBE_MAX_PAGE};
    struct arena arena = ARENA(ARENA_SIZE);
    CLEANUP(strbuf_done) struct strbuf more = STRBUF(16384);
    do {
        const struct json *page;
        struct err err;
        if (kube_target(k, &ref, &err) != 0) {
            die("list", &err);
        }
        kube_query_put(&k->url, "limit", SV("500"));
        if (ref.resource != &KUBE_FLINKCLUSTERS) {
            kube_query_put(&k->url, "labelSelector", SV("app.kubernetes.io/managed-by=sluice"));
        }
        kube_query_put(&k->url, "continue", more.len != 0 ? strbuf_view(&more) : SV_NONE);
        if (kube_call(k, &rq, &arena, &page, &err) != 0) {
            die("list", &err);
        }
        atomic_fetch_add(&listed, json_count(json_get_lit(page, "items")));
        strbuf_reset(&more);
        strbuf_put(&more, json_string(json_get_path(page, "metadata", "continue", NULL)));
        arena_reset(&arena, (size_t)1 << 20);
    } while (more.len != 0);
    arena_done(&arena);
    kube_close(k);
    return NULL;
}

static void list(const char *ns)
{
    list_ns = sv_from(ns);
    int64_t start = clock_mono_ns();
    run_threads(ARRAY_LEN(LISTED), list_run);
    printf("{\"seconds\":%.3f,\"objects\":%zu}\n", (double)(clock_mono_ns() - start) / 1e9,
           atomic_load(&listed));
}

// ---- the command line ---------------------------------------------------------------------------

static size_t number(const char *text)
{
    uint64_t n;
    if (!parse_u64(sv_from(text), &n) || n == 0) {
        die(text, NULL);
    }
    return (size_t)n;
}

int main(int argc, char **argv)
{
    struct err err;
    struct kube_config_source s = {.kubeconfig = getenv("SLUICE_TEST_KUBECONFIG"),
                                   .user_agent = "plain-client"};
    if (kube_global_init(&err) != 0 || kube_config_load(&s, &config, &err) != 0) {
        die("kubeconfig", &err);
    }
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "create") == 0 && argc == 5) {
        create(argv[2], number(argv[3]), number(argv[4]));
    } else if (strcmp(verb, "edit") == 0 && argc == 7) {
        edit(argv[2], number(argv[3]), number(argv[4]), number(argv[5]), number(argv[6]));
    } else if (strcmp(verb, "list") == 0 && argc == 3) {
        list(argv[2]);
    } else {
        die("usage: plain_client create|edit|list …", NULL);
    }
    kube_config_free(config);
    return EXIT_SUCCESS;
}
