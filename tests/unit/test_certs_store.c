// SPDX-License-Identifier: Apache-2.0
#include "certs/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/dir_store.h"
#include "certs/folder.h"
#include "certs/policy.h"
#include "certs/rotate.h"
#include "common/base/os_file.h"
#include "tests/unit/unit.h"

#define TWO_EMPTY_BLOCKS                                                                           \
    "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"                                  \
    "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"
#define NOW INT64_C(1800000000000)

static char dir[64];
static char ca_pem[128];
static struct dir_store store;
static struct certs_material fresh, loaded;
static struct err err;

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/sluice-certs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(ca_pem, sizeof(ca_pem), "%s/ca.pem", dir);
    err = (struct err){0};
    ck_assert_int_eq(dir_store_init(&store, dir, &err), 0);
    fresh = loaded = CERTS_MATERIAL;
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_CA_LIFE_MS, &fresh.cert, &fresh.key, &err), 0);
    strbuf_put(&fresh.bundle, strbuf_view(&fresh.cert));
}

static void teardown(void)
{
    char command[128];
    certs_material_done(&fresh);
    certs_material_done(&loaded);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static int load(void)
{
    certs_material_done(&loaded);
    return store.store.load(store.store.ctx, &loaded, &err);
}

static int save(const struct certs_material *m)
{
    return store.store.save(store.store.ctx, m, &err);
}

static void write_ca_pem(struct strview text, mode_t mode)
{
    ck_assert_int_eq(os_file_write_atomic(ca_pem, text, mode, &err), 0);
}

START_TEST(certs_store__an_empty_folder_has_nothing_and_that_is_no_error)
{
    ck_assert_int_eq(load(), 0);
    ck_assert_str_eq(loaded.version, "");
    ck_assert_uint_eq(loaded.cert.len, 0);
}
END_TEST

START_TEST(certs_store__what_was_saved_is_loaded)
{
    struct stat st;
    ck_assert_int_eq(save(&fresh), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert(sv_eq(strbuf_view(&loaded.cert), strbuf_view(&fresh.cert)));
    ck_assert(sv_eq(strbuf_view(&loaded.key), strbuf_view(&fresh.key)));
    ck_assert(sv_eq(strbuf_view(&loaded.bundle), strbuf_view(&fresh.bundle)));
    ck_assert_str_ne(loaded.version, "");
    ck_assert_int_eq(stat(ca_pem, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(certs_store__a_bundle_of_two_keeps_its_order)
{
    struct strbuf cert = STRBUF(CERTS_PEM_MAX);
    struct strbuf key = STRBUF(CERTS_PEM_MAX);
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &cert, &key, &err), 0);
    strbuf_put(&fresh.bundle, strbuf_view(&cert));
    ck_assert_int_eq(save(&fresh), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert(sv_eq(strbuf_view(&loaded.bundle), strbuf_view(&fresh.bundle)));
    ck_assert(sv_eq(strbuf_view(&loaded.cert), strbuf_view(&fresh.cert)));
    strbuf_done(&cert);
    strbuf_done(&key);
}
END_TEST

START_TEST(certs_store__a_change_that_is_under_way_is_kept)
{
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &fresh.next_cert, &fresh.next_key, &err), 0);
    // The newest first, as certs/managed.c writes it: the CA that signs is found by its key.
    strbuf_reset(&fresh.bundle);
    strbuf_put(&fresh.bundle, strbuf_view(&fresh.next_cert));
    strbuf_put(&fresh.bundle, strbuf_view(&fresh.cert));
    fresh.published_ms = NOW + 123;
    fresh.switched_ms = NOW - 7;
    fresh.rotate = true;
    certs_material_want_leaves(&fresh, SV("2027-01-15T08:00:00Z"));
    ck_assert_int_eq(save(&fresh), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert(sv_eq(strbuf_view(&loaded.cert), strbuf_view(&fresh.cert)));
    ck_assert(sv_eq(strbuf_view(&loaded.key), strbuf_view(&fresh.key)));
    ck_assert(sv_eq(strbuf_view(&loaded.next_cert), strbuf_view(&fresh.next_cert)));
    ck_assert(sv_eq(strbuf_view(&loaded.next_key), strbuf_view(&fresh.next_key)));
    ck_assert(sv_eq(strbuf_view(&loaded.bundle), strbuf_view(&fresh.bundle)));
    ck_assert_int_eq(loaded.published_ms, NOW + 123);
    ck_assert_int_eq(loaded.switched_ms, NOW - 7);
    ck_assert(loaded.rotate);
    ck_assert_str_eq(loaded.leaves_wanted, "2027-01-15T08:00:00Z");
    ck_assert_int_eq(certs_material_phase(&loaded), CERTS_ANNOUNCED);
}
END_TEST

START_TEST(certs_store__a_ca_to_come_that_is_not_in_the_bundle_is_refused)
{
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &fresh.next_cert, &fresh.next_key, &err), 0);
    ck_assert_int_eq(save(&fresh), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "the CA that is to come"));
}
END_TEST

START_TEST(certs_store__a_change_is_asked_for_once)
{
    struct rotate_outcome r;
    ck_assert_int_eq(rotate_ca(&store.store, &r, &err), -1);
    ck_assert_int_eq(err.code, E_NOT_FOUND);
    ck_assert_int_eq(save(&fresh), 0);
    ck_assert_int_eq(rotate_ca(&store.store, &r, &err), 0);
    ck_assert(r.marked && r.phase == CERTS_STABLE);
    ck_assert_int_eq(rotate_ca(&store.store, &r, &err), 0);
    ck_assert(!r.marked);
    ck_assert_int_eq(rotate_leaves(&store.store, NOW * 1000, &err), 0);
    ck_assert_int_eq(load(), 0);
    ck_assert(loaded.rotate);
    ck_assert_str_eq(loaded.leaves_wanted, "2027-01-15T08:00:00.000000Z");
}
END_TEST

START_TEST(certs_store__who_saves_second_is_told)
{
    ck_assert_int_eq(save(&fresh), 0);
    ck_assert_int_eq(save(&fresh), -1); // it was loaded as "nothing there"
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_int_eq(load(), 0);
    ck_assert_int_eq(save(&loaded), 0);
}
END_TEST

START_TEST(certs_store__a_key_that_others_may_read_is_refused)
{
    ck_assert_int_eq(save(&fresh), 0);
    static const mode_t modes[] = {0640, 0604, 0660, 0666, 0644, 0700 | 0001};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        ck_assert_int_eq(chmod(ca_pem, modes[i]), 0);
        ck_assert_int_eq(load(), -1);
        ck_assert_ptr_nonnull(strstr(err.msg, "chmod 600"));
    }
    ck_assert_int_eq(chmod(ca_pem, 0600), 0);
    ck_assert_int_eq(load(), 0);
}
END_TEST

START_TEST(certs_store__a_torn_or_foreign_file_is_refused_and_not_overwritten)
{
    struct certs_material other = CERTS_MATERIAL;
    struct strbuf torn = STRBUF(CERTS_PEM_MAX);
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &other.cert, &other.key, &err), 0);
    strbuf_put(&torn, strbuf_view(&other.key)); // the key of one, the certificate of another
    strbuf_put(&torn, strbuf_view(&fresh.cert));
    write_ca_pem(strbuf_view(&torn), 0600);
    ck_assert_int_eq(load(), -1);
    ck_assert_int_eq(save(&fresh), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    strbuf_done(&torn);
    certs_material_done(&other);
}
END_TEST

START_TEST(certs_store__garbage_is_an_error)
{
    static const char *const texts[] = {"", "hello", "-----BEGIN PRIVATE KEY-----\n",
                                        TWO_EMPTY_BLOCKS,
                                        "-----END CERTIFICATE----------BEGIN CERTIFICATE-----"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        write_ca_pem(sv_from(texts[i]), 0600);
        ck_assert_msg(load() == -1, "%s", texts[i]);
    }
    ck_assert_int_eq(unlink(ca_pem), 0);
    ck_assert_int_eq(mkdir(ca_pem, 0700), 0);
    ck_assert_int_eq(load(), -1);
}
END_TEST

START_TEST(certs_store__a_file_cut_anywhere_is_an_error)
{
    struct strbuf whole = STRBUF(CERTS_PEM_MAX);
    ck_assert_int_eq(save(&fresh), 0);
    ck_assert_int_eq(os_file_read(ca_pem, CERTS_PEM_MAX, &whole, &err), 0);
    for (size_t i = 0; i + 1 < whole.len; i += 13) {
        write_ca_pem(sv_make(whole.ptr, i), 0600);
        ck_assert_int_eq(load(), -1);
    }
    strbuf_done(&whole);
}
END_TEST

START_TEST(certs_store__material_that_does_not_fit_is_not_saved)
{
    strbuf_reset(&fresh.bundle);
    ck_assert_int_eq(save(&fresh), -1);
    ck_assert_int_eq(access(ca_pem, F_OK), -1);
}
END_TEST

static void *save_once(void *arg)
{
    struct certs_material m = CERTS_MATERIAL;
    struct err e = {0};
    int *result = arg;
    *result = -1;
    if (x509_make_ca(NOW, CERTS_DAY_MS, &m.cert, &m.key, &e) == 0) {
        strbuf_put(&m.bundle, strbuf_view(&m.cert));
        *result = store.store.save(store.store.ctx, &m, &e) == 0 ? 1
                  : e.code == E_CONFLICT                         ? 0
                                                                 : -1;
    }
    certs_material_done(&m);
    return NULL;
}

START_TEST(certs_store__of_many_that_race_one_wins)
{
    pthread_t threads[8];
    int results[8];
    int won = 0;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, save_once, &results[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_ge(results[i], 0);
        won += results[i];
    }
    ck_assert_int_eq(won, 1);
    ck_assert_int_eq(load(), 0);
}
END_TEST

static struct folder_outcome ensure(const char *const *names, size_t n, int64_t now, bool force)
{
    struct folder_outcome done;
    const struct folder_request r = {
        .dir = dir, .names = names, .name_count = n, .life_ms = 90 * CERTS_DAY_MS, .force = force};
    if (folder_ensure(&r, now, &done, &err) < 0) {
        ck_abort_msg("%s", err.msg);
    }
    return done;
}

START_TEST(certs_folder__ensure_makes_what_is_missing_and_then_nothing)
{
    static const char *const names[] = {"localhost", "127.0.0.1"};
    struct folder_outcome first = ensure(names, 2, NOW, false);
    ck_assert(first.made_ca);
    ck_assert_ptr_nonnull(first.why);
    struct folder_outcome second = ensure(names, 1, NOW + CERTS_DAY_MS, false);
    ck_assert(!second.made_ca);
    ck_assert_ptr_null(second.why);
    ck_assert_str_eq(second.fingerprint, first.fingerprint);
}
END_TEST

START_TEST(certs_folder__ensure_renews_what_is_due_of_other_names_or_damaged)
{
    static const char *const names[] = {"localhost", "127.0.0.1"};
    char cert[128];
    snprintf(cert, sizeof(cert), "%s/tls.crt", dir);
    struct folder_outcome a = ensure(names, 1, NOW, false);
    struct folder_outcome b = ensure(names, 2, NOW, false);
    ck_assert_str_ne(a.fingerprint, b.fingerprint);
    struct folder_outcome c = ensure(names, 2, NOW + 60 * CERTS_DAY_MS, false);
    ck_assert_str_ne(b.fingerprint, c.fingerprint);
    ck_assert_int_eq(os_file_write_atomic(cert, SV("garbage"), 0644, &err), 0);
    struct folder_outcome d = ensure(names, 2, NOW + 60 * CERTS_DAY_MS, false);
    ck_assert_ptr_nonnull(d.why);
    struct folder_outcome e = ensure(names, 2, NOW + 60 * CERTS_DAY_MS, true);
    ck_assert_str_ne(d.fingerprint, e.fingerprint);
    ck_assert(!b.made_ca && !c.made_ca && !d.made_ca && !e.made_ca);
}
END_TEST

UNIT_MAIN(setup, teardown, certs_store__an_empty_folder_has_nothing_and_that_is_no_error,
          certs_store__what_was_saved_is_loaded, certs_store__a_bundle_of_two_keeps_its_order,
          certs_store__a_change_that_is_under_way_is_kept,
          certs_store__a_ca_to_come_that_is_not_in_the_bundle_is_refused,
          certs_store__a_change_is_asked_for_once, certs_store__who_saves_second_is_told,
          certs_store__a_key_that_others_may_read_is_refused,
          certs_store__a_torn_or_foreign_file_is_refused_and_not_overwritten,
          certs_store__garbage_is_an_error, certs_store__a_file_cut_anywhere_is_an_error,
          certs_store__material_that_does_not_fit_is_not_saved,
          certs_store__of_many_that_race_one_wins,
          certs_folder__ensure_makes_what_is_missing_and_then_nothing,
          certs_folder__ensure_renews_what_is_due_of_other_names_or_damaged)
