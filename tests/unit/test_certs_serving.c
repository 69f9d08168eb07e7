// SPDX-License-Identifier: Apache-2.0
#include "certs/serving.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/dir_store.h"
#include "certs/policy.h"
#include "certs/publisher.h"
#include "certs/replicas.h"
#include "certs/x509.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/os_file.h"
#include "tests/unit/unit.h"

static const char *const NAMES[] = {"localhost"};
static char dir[64];
static char cert_file[128], key_file[128], ca_file[128];
static struct dir_store store;
static struct certs_serving *serving;
static struct err err;
static _Atomic unsigned pairs_seen;
static _Atomic bool refuse_pairs, publish_fails, published;

static struct strbuf clients_seen;

static bool on_pair(void *arg, struct certs_pair *pair, struct strview client_ca)
{
    (void)arg;
    strbuf_reset(&clients_seen);
    strbuf_put(&clients_seen, client_ca);
    ck_assert_uint_gt(pair->cert_pem.len, 0);
    if (refuse_pairs) {
        return false;
    }
    pairs_seen++;
    return true;
}

static int publish(void *ctx, struct strview bundle, bool *changed, struct err *e)
{
    (void)ctx;
    (void)bundle;
    *changed = !publish_fails;
    published = published || !publish_fails;
    return publish_fails ? err_set(e, E_TRANSPORT, "no answer") : 0;
}

static int look(void *ctx, struct strview bundle, struct strview leaf, struct strview ca,
                struct certs_published *ret, struct err *e)
{
    (void)ctx;
    (void)bundle;
    (void)leaf;
    (void)ca;
    *ret = (struct certs_published){.same = published, .leaf = published, .ca = published};
    return publish_fails ? err_set(e, E_TRANSPORT, "no answer") : 0;
}

static struct certs_publisher publisher = {.look = look, .publish = publish};

static void setup(void)
{
    log_init("test", LOG_LEVEL_ERROR, STDERR_FILENO);
    snprintf(dir, sizeof(dir), "/tmp/sluice-serving-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(cert_file, sizeof(cert_file), "%s/tls.crt", dir);
    snprintf(key_file, sizeof(key_file), "%s/tls.key", dir);
    snprintf(ca_file, sizeof(ca_file), "%s/ca.crt", dir);
    ck_assert_int_eq(dir_store_init(&store, dir, &err), 0);
    pairs_seen = 0;
    refuse_pairs = publish_fails = published = false;
    clients_seen = STRBUF(CERTS_PEM_MAX);
    serving = NULL;
}

static void teardown(void)
{
    char command[128];
    certs_serving_stop(serving);
    strbuf_done(&clients_seen);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static void serve_mounted(void)
{
    const struct certs_serving_options o = {.cert_file = cert_file,
                                            .key_file = key_file,
                                            .ca_file = ca_file,
                                            .poll_ms = 5,
                                            .on_pair = on_pair};
    serving = certs_serving_new(&o);
    ck_assert_ptr_nonnull(serving);
}

static void serve_managed(void)
{
    const struct certs_serving_options o = {.cert_file = "",
                                            .store = &store.store,
                                            .publisher = &publisher,
                                            .names = NAMES,
                                            .name_count = 1,
                                            .poll_ms = 5,
                                            .on_pair = on_pair};
    serving = certs_serving_new(&o);
    ck_assert_ptr_nonnull(serving);
}

struct files {
    struct strbuf ca, ca_key, cert, key;
};

static struct files make_files(void)
{
    struct files f = {STRBUF(CERTS_PEM_MAX), STRBUF(CERTS_PEM_MAX), STRBUF(CERTS_PEM_MAX),
                      STRBUF(CERTS_PEM_MAX)};
    ck_assert_int_eq(x509_make_ca(clock_wall_ms(), CERTS_DAY_MS, &f.ca, &f.ca_key, &err), 0);
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&f.ca), strbuf_view(&f.ca_key), NAMES, 1,
                                     clock_wall_ms(), CERTS_DAY_MS, &f.cert, &f.key, &err),
                     0);
    return f;
}

static void free_files(struct files *f)
{
    strbuf_done(&f->ca);
    strbuf_done(&f->ca_key);
    strbuf_done(&f->cert);
    strbuf_done(&f->key);
}

static void write_file(const char *path, const struct strbuf *text)
{
    ck_assert_int_eq(os_file_write_atomic(path, strbuf_view(text), 0600, &err), 0);
}

static void write_files(const struct files *f)
{
    write_file(ca_file, &f->ca);
    write_file(key_file, &f->key);
    write_file(cert_file, &f->cert);
}

static bool ready(int64_t now)
{
    CLEANUP(strbuf_done) struct strbuf why = STRBUF(256);
    bool yes = certs_serving_ready(serving, now, &why);
    ck_assert(yes == (why.len == 0));
    return yes;
}

static struct certs_serving_stats stats(void)
{
    struct certs_serving_stats s;
    certs_serving_stats(serving, &s);
    return s;
}

START_TEST(certs_serving__mounted_files_are_served_and_read_again_only_when_they_change)
{
    struct files f = make_files();
    write_files(&f);
    serve_mounted();
    ck_assert(!ready(clock_wall_ms()));
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_uint_eq(pairs_seen, 1);
    ck_assert_uint_eq(stats().reads, 1);
    ck_assert(ready(clock_wall_ms()));
    ck_assert(!ready(clock_wall_ms() + 2 * CERTS_DAY_MS));
    ck_assert(!ready(clock_wall_ms() - 2 * CERTS_DAY_MS));
    struct certs_pair *p = certs_serving_current(serving);
    ck_assert(sv_eq(p->cert_pem, strbuf_view(&f.cert)));
    certs_pair_unref(p);
    free_files(&f);
}
END_TEST

START_TEST(certs_serving__a_torn_pair_keeps_the_old_one_until_it_is_whole)
{
    struct files old = make_files();
    struct files new = make_files();
    write_files(&old);
    serve_mounted();
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    write_file(key_file, &new.key);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    write_file(cert_file, &new.cert); // its CA is still the old one
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_uint_eq(stats().read_errors, 2);
    struct certs_pair *p = certs_serving_current(serving);
    ck_assert(sv_eq(p->cert_pem, strbuf_view(&old.cert)));
    certs_pair_unref(p);
    ck_assert(ready(clock_wall_ms()));
    write_file(ca_file, &new.ca);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    p = certs_serving_current(serving);
    ck_assert(sv_eq(p->cert_pem, strbuf_view(&new.cert)));
    certs_pair_unref(p);
    free_files(&old);
    free_files(&new);
}
END_TEST

START_TEST(certs_serving__missing_and_garbage_files_are_errors_and_leave_the_pair)
{
    struct files f = make_files();
    serve_mounted();
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_ptr_null(certs_serving_current(serving));
    write_files(&f);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_int_eq(os_file_write_atomic(cert_file, SV("garbage"), 0600, &err), 0);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_int_eq(os_file_write_atomic(cert_file, SV(""), 0600, &err), 0);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    unlink(cert_file);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_uint_eq(stats().read_errors, 4);
    ck_assert(ready(clock_wall_ms()));
    free_files(&f);
}
END_TEST

START_TEST(certs_serving__a_pair_that_the_server_refuses_is_not_the_current_one)
{
    refuse_pairs = true;
    serve_managed();
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_ptr_null(certs_serving_current(serving));
    refuse_pairs = false;
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_uint_eq(pairs_seen, 1);
}
END_TEST

START_TEST(certs_serving__ready_only_when_the_bundle_is_published)
{
    publish_fails = true;
    serve_managed();
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "publishing the CA bundle"));
    ck_assert_uint_eq(pairs_seen, 1);
    ck_assert(!ready(clock_wall_ms()));
    publish_fails = false;
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert(ready(clock_wall_ms()));
    publish_fails = true; // the API server is away: what was published still is
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert(ready(clock_wall_ms()));
    ck_assert_uint_eq(stats().publish_errors, 2);
    ck_assert_uint_eq(stats().read_errors, 0);
    ck_assert_int_gt(stats().ca_not_after_ms, clock_wall_ms());
    ck_assert_int_eq(stats().phase, CERTS_STABLE);
}
END_TEST

static unsigned records;

static int count_record(void *ctx, const struct certs_record *r, struct err *e)
{
    (void)ctx;
    (void)e;
    ck_assert_uint_eq(strlen(r->issuer), 64);
    ck_assert_uint_eq(strlen(r->leaf), 64);
    records++;
    return 0;
}

START_TEST(certs_serving__what_is_served_is_recorded_also_when_all_else_fails)
{
    struct certs_replicas replicas = {.record = count_record};
    const struct certs_serving_options o = {.store = &store.store,
                                            .publisher = &publisher,
                                            .replicas = &replicas,
                                            .names = NAMES,
                                            .name_count = 1,
                                            .on_pair = on_pair};
    records = 0;
    serving = certs_serving_new(&o);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_uint_eq(records, 1);
    char path[128];
    snprintf(path, sizeof(path), "%s/ca.pem", dir);
    ck_assert_int_eq(os_file_write_atomic(path, SV("rubbish"), 0600, &err), 0);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_uint_eq(records, 2);
}
END_TEST

static bool follows(void *arg)
{
    (void)arg;
    return false;
}

START_TEST(certs_serving__a_follower_waits_for_the_ca_without_a_fault)
{
    const struct certs_serving_options o = {.store = &store.store,
                                            .leads = follows,
                                            .names = NAMES,
                                            .name_count = 1,
                                            .on_pair = on_pair};
    serving = certs_serving_new(&o);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "no CA yet"));
    ck_assert_uint_eq(stats().read_errors, 0);
    ck_assert_ptr_null(certs_serving_current(serving));
}
END_TEST

START_TEST(certs_serving__the_thread_renews_while_others_use_the_pair)
{
    struct files files[3] = {make_files(), make_files(), make_files()};
    write_files(&files[0]);
    serve_mounted();
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_int_eq(certs_serving_start(serving, &err), 0);
    for (unsigned i = 1; i < 3; i++) {
        write_files(&files[i]);
        int64_t end = clock_mono_ms() + 20000;
        while (pairs_seen < i + 1 && clock_mono_ms() < end) {
            struct certs_pair *p = certs_serving_current(serving);
            ck_assert_int_eq(x509_check_key(p->cert_pem, p->key_pem, &err), 0);
            certs_pair_unref(p);
        }
        ck_assert_uint_eq(pairs_seen, i + 1);
    }
    for (size_t i = 0; i < 3; i++) {
        free_files(&files[i]);
    }
}
END_TEST

START_TEST(certs_serving__replicas_of_one_store_share_a_ca)
{
    serve_managed();
    struct certs_serving *first = serving;
    serve_managed();
    ck_assert_int_eq(certs_serving_step(first, clock_wall_ms(), &err), 0);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    struct certs_pair *a = certs_serving_current(first);
    struct certs_pair *b = certs_serving_current(serving);
    ck_assert_str_ne(a->fingerprint, b->fingerprint);
    ck_assert_int_eq(x509_verify(a->cert_pem, b->ca_pem, &err), 0);
    certs_pair_unref(a);
    certs_pair_unref(b);
    certs_serving_stop(first);
}
END_TEST

/// As a kubelet does it in FOLDER: files are links through "..data", which is swapped.
static void swap_data(const char *folder, unsigned n, const struct files *f)
{
    char sub[64], path[128], text[160];
    snprintf(sub, sizeof(sub), "..%u", n);
    snprintf(path, sizeof(path), "%s/%s", folder, sub);
    ck_assert_int_eq(os_mkdir_all(path, 0700, &err), 0);
    snprintf(text, sizeof(text), "%s/tls.crt", path);
    write_file(text, &f->cert);
    snprintf(text, sizeof(text), "%s/tls.key", path);
    write_file(text, &f->key);
    snprintf(text, sizeof(text), "%s/ca.crt", path);
    write_file(text, &f->ca);
    snprintf(path, sizeof(path), "%s/..data_tmp", folder);
    snprintf(text, sizeof(text), "%s/..data", folder);
    ck_assert_int_eq(symlink(sub, path), 0);
    ck_assert_int_eq(rename(path, text), 0);
}

/// Serves two pairs one after the other, of a volume FOLDER to which our files are links by way of
/// VIA, and waits until the second is there.
static void serve_swapped(const char *folder, const char *via, int64_t poll_ms)
{
    struct files files[2] = {make_files(), make_files()};
    const char *const names[] = {"tls.crt", "tls.key", "ca.crt"};
    const char *const paths[] = {cert_file, key_file, ca_file};
    char target[128];
    swap_data(folder, 1, &files[0]);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(target, sizeof(target), "%s..data/%s", via, names[i]);
        ck_assert_int_eq(symlink(target, paths[i]), 0);
    }
    const struct certs_serving_options o = {.cert_file = cert_file,
                                            .key_file = key_file,
                                            .ca_file = ca_file,
                                            .poll_ms = poll_ms,
                                            .on_pair = on_pair};
    serving = certs_serving_new(&o);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_int_eq(certs_serving_start(serving, &err), 0);
    clock_sleep_ms(1100); // the first look of the thread
    swap_data(folder, 2, &files[1]);
    int64_t end = clock_mono_ms() + 5000;
    while (pairs_seen < 2 && clock_mono_ms() < end) {
        clock_sleep_ms(5);
    }
    ck_assert_uint_eq(pairs_seen, 2);
    ck_assert_uint_eq(stats().read_errors, 0);
    free_files(&files[0]);
    free_files(&files[1]);
}

START_TEST(certs_serving__a_swapped_volume_is_seen_at_once)
{
    serve_swapped(dir, "", 1000000 /* never */);
}
END_TEST

START_TEST(certs_serving__what_no_watch_tells_is_found_by_the_poll)
{
    char folder[96];
    snprintf(folder, sizeof(folder), "%s/elsewhere", dir);
    ck_assert_int_eq(os_mkdir_all(folder, 0700, &err), 0);
    serve_swapped(folder, "elsewhere/", 100);
}
END_TEST

START_TEST(certs_serving__an_expired_pair_does_not_replace_a_good_one)
{
    struct files f = make_files();
    struct files old = make_files();
    strbuf_reset(&old.cert);
    strbuf_reset(&old.key);
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&f.ca), strbuf_view(&f.ca_key), NAMES, 1,
                                     clock_wall_ms() - CERTS_HOUR_MS, CERTS_HOUR_MS / 2, &old.cert,
                                     &old.key, &err),
                     0);
    write_files(&f);
    serve_mounted();
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    write_file(key_file, &old.key);
    write_file(cert_file, &old.cert);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "has expired"));
    ck_assert_uint_eq(pairs_seen, 1);
    ck_assert(ready(clock_wall_ms()));
    free_files(&f);
    free_files(&old);
}
END_TEST

START_TEST(certs_serving__the_ca_of_clients_is_read_again_and_a_bad_one_is_not_taken)
{
    char client_ca[128];
    struct files f = make_files();
    struct files other = make_files();
    snprintf(client_ca, sizeof(client_ca), "%s/clients.crt", dir);
    const struct certs_serving_options o = {.client_ca_file = client_ca,
                                            .store = &store.store,
                                            .names = NAMES,
                                            .name_count = 1,
                                            .on_pair = on_pair};
    serving = certs_serving_new(&o);
    // Without it nobody is served: they would not be asked.
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_uint_eq(pairs_seen, 0);
    write_file(client_ca, &f.ca);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert(sv_eq(strbuf_view(&clients_seen), strbuf_view(&f.ca)));
    ck_assert_uint_eq(pairs_seen, 1);
    ck_assert_int_eq(os_file_write_atomic(client_ca, SV("nothing"), 0600, &err), 0);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), -1);
    ck_assert_uint_eq(pairs_seen, 1);
    write_file(client_ca, &other.ca);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert(sv_eq(strbuf_view(&clients_seen), strbuf_view(&other.ca)));
    ck_assert_uint_eq(pairs_seen, 2);
    ck_assert_int_eq(certs_serving_step(serving, clock_wall_ms(), &err), 0);
    ck_assert_uint_eq(pairs_seen, 2);
    ck_assert_uint_eq(stats().read_errors, 2);
    free_files(&f);
    free_files(&other);
}
END_TEST

UNIT_MAIN(setup, teardown,
          certs_serving__mounted_files_are_served_and_read_again_only_when_they_change,
          certs_serving__a_torn_pair_keeps_the_old_one_until_it_is_whole,
          certs_serving__missing_and_garbage_files_are_errors_and_leave_the_pair,
          certs_serving__a_pair_that_the_server_refuses_is_not_the_current_one,
          certs_serving__ready_only_when_the_bundle_is_published,
          certs_serving__what_is_served_is_recorded_also_when_all_else_fails,
          certs_serving__a_follower_waits_for_the_ca_without_a_fault,
          certs_serving__the_thread_renews_while_others_use_the_pair,
          certs_serving__replicas_of_one_store_share_a_ca,
          certs_serving__a_swapped_volume_is_seen_at_once,
          certs_serving__what_no_watch_tells_is_found_by_the_poll,
          certs_serving__an_expired_pair_does_not_replace_a_good_one,
          certs_serving__the_ca_of_clients_is_read_again_and_a_bad_one_is_not_taken)
