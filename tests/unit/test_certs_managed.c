// SPDX-License-Identifier: Apache-2.0
#include "certs/managed.h"

#include <string.h>

#include "certs/policy.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1800000000000)

static const char *const NAMES[] = {"sluice-webhook.sluice-system.svc"};

// A store in memory, whose conflicts and faults are scripted.
static struct certs_material kept;
static unsigned saves, conflicts_to_come;
static bool load_fails, publish_fails, rival_saves;
static struct strbuf published;

static struct err err;
static struct certs_pair *leaf;

static void copy(struct certs_material *to, const struct certs_material *from)
{
    strbuf_put(&to->cert, strbuf_view(&from->cert));
    strbuf_put(&to->key, strbuf_view(&from->key));
    strbuf_put(&to->bundle, strbuf_view(&from->bundle));
    memcpy(to->version, from->version, sizeof(to->version));
}

static void keep(const struct certs_material *m)
{
    struct certs_material next = CERTS_MATERIAL;
    copy(&next, m);
    next.version[0] = (char)('a' + (char)(kept.version[0] == '\0' ? 0 : kept.version[0] - 'a' + 1));
    next.version[1] = '\0';
    certs_material_done(&kept);
    kept = next;
}

static int fake_load(void *ctx, struct certs_material *ret, struct err *e)
{
    (void)ctx;
    if (load_fails) {
        return err_set(e, E_TRANSPORT, "no answer");
    }
    copy(ret, &kept);
    return 0;
}

static int fake_save(void *ctx, const struct certs_material *m, struct err *e)
{
    (void)ctx;
    if (rival_saves) { // another replica was a moment quicker
        struct certs_material rival = CERTS_MATERIAL;
        rival_saves = false;
        ck_assert_int_eq(x509_make_ca(NOW, CERTS_CA_LIFE_MS, &rival.cert, &rival.key, e), 0);
        strbuf_put(&rival.bundle, strbuf_view(&rival.cert));
        keep(&rival);
        certs_material_done(&rival);
    }
    if (conflicts_to_come > 0) {
        conflicts_to_come--;
        return err_set(e, E_CONFLICT, "again");
    }
    if (strcmp(m->version, kept.version) != 0) {
        return err_set(e, E_CONFLICT, "somebody else");
    }
    ck_assert_int_eq(certs_material_check(m, e), 0);
    saves++;
    keep(m);
    return 0;
}

static int fake_publish(void *ctx, struct strview bundle, bool *changed, struct err *e)
{
    (void)ctx;
    if (publish_fails) {
        return err_set(e, E_TRANSPORT, "no answer");
    }
    *changed = !sv_eq(strbuf_view(&published), bundle);
    strbuf_reset(&published);
    strbuf_put(&published, bundle);
    return 0;
}

static struct certs_store store = {.load = fake_load, .save = fake_save};
static struct certs_publisher publisher = {.publish = fake_publish};
static struct managed_options options = {
    .store = &store, .publisher = &publisher, .names = NAMES, .name_count = 1};

static void setup(void)
{
    kept = CERTS_MATERIAL;
    saves = conflicts_to_come = 0;
    load_fails = publish_fails = rival_saves = false;
    published = STRBUF(CERTS_PEM_MAX);
    leaf = NULL;
    err = (struct err){0};
}

static void teardown(void)
{
    certs_material_done(&kept);
    strbuf_done(&published);
    certs_pair_unref(leaf);
}

static struct managed_outcome out;

static int step(int64_t now)
{
    int rc = managed_step(&options, leaf, now, &out, &err);
    if (rc == 0 && out.pair != NULL) {
        certs_pair_unref(leaf);
        leaf = out.pair;
    }
    return rc;
}

START_TEST(certs_managed__the_first_round_makes_all_and_the_second_nothing)
{
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(out.made_ca && out.published && out.publish_changed);
    ck_assert_ptr_nonnull(leaf);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
    ck_assert_int_eq(leaf->not_after_ms, NOW - CERTS_BACKDATE_MS + CERTS_LEAF_LIFE_MS);
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(!out.made_ca && !out.publish_changed && out.pair == NULL);
    ck_assert_uint_eq(saves, 1);
}
END_TEST

START_TEST(certs_managed__the_leaf_alone_is_renewed_and_the_bundle_stays)
{
    char first[65];
    ck_assert_int_eq(step(NOW), 0);
    memcpy(first, leaf->fingerprint, sizeof(first));
    ck_assert_int_eq(step(NOW + 5 * CERTS_DAY_MS), 0);
    ck_assert_str_ne(leaf->fingerprint, first);
    ck_assert(!out.publish_changed && !out.made_ca);
}
END_TEST

START_TEST(certs_managed__a_bundle_that_was_reset_is_repaired)
{
    ck_assert_int_eq(step(NOW), 0);
    strbuf_reset(&published);
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(out.publish_changed);
    ck_assert(sv_eq(strbuf_view(&published), strbuf_view(&kept.bundle)));
}
END_TEST

START_TEST(certs_managed__the_loser_of_a_race_takes_what_the_winner_made)
{
    rival_saves = true;
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(!out.made_ca);
    ck_assert_uint_eq(saves, 0);
    ck_assert(x509_signed_by(leaf->cert_pem, strbuf_view(&kept.cert)));
}
END_TEST

START_TEST(certs_managed__endless_conflicts_end_in_an_error)
{
    conflicts_to_come = 1000;
    ck_assert_int_eq(step(NOW), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_uint_gt(conflicts_to_come, 900);
}
END_TEST

START_TEST(certs_managed__a_store_that_cannot_be_read_changes_nothing)
{
    ck_assert_int_eq(step(NOW), 0);
    load_fails = true;
    ck_assert_int_eq(step(NOW + 100 * CERTS_DAY_MS), -1);
    ck_assert_int_eq(err.code, E_TRANSPORT);
    ck_assert_ptr_null(out.pair);
}
END_TEST

START_TEST(certs_managed__a_first_leaf_is_made_also_when_publishing_fails)
{
    publish_fails = true;
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(out.publish_failed && !out.published);
    ck_assert_ptr_nonnull(leaf);
}
END_TEST

START_TEST(certs_managed__a_new_ca_is_published_beside_the_old_before_a_leaf_of_it_is_served)
{
    int64_t due = NOW + CERTS_CA_LIFE_MS / 10 * 9;
    size_t n;
    struct x509_info info[4];
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_int_eq(step(due - 2 * CERTS_DAY_MS), 0);
    char old[65];
    memcpy(old, leaf->fingerprint, sizeof(old));
    publish_fails = true;
    ck_assert_int_eq(step(due), 0);
    ck_assert(out.made_ca && out.pair == NULL); // the old leaf goes on
    ck_assert_int_eq(x509_read(strbuf_view(&kept.bundle), info, 4, &n, &err), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&kept.bundle), &err), 0);
    publish_fails = false;
    ck_assert_int_eq(step(due), 0);
    ck_assert_str_ne(leaf->fingerprint, old);
    ck_assert(x509_signed_by(leaf->cert_pem, strbuf_view(&kept.cert)));
    ck_assert_uint_eq(saves, 2);
}
END_TEST

START_TEST(certs_managed__a_ca_that_vanished_is_made_again_and_the_leaf_with_it)
{
    ck_assert_int_eq(step(NOW), 0);
    certs_material_done(&kept);
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(out.made_ca && out.pair != NULL);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
}
END_TEST

START_TEST(certs_managed__an_expired_ca_leaves_the_bundle)
{
    size_t n;
    struct x509_info info[4];
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_int_eq(step(NOW + 2 * CERTS_CA_LIFE_MS), 0);
    ck_assert(out.made_ca);
    ck_assert_int_eq(x509_read(strbuf_view(&kept.bundle), info, 4, &n, &err), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_gt(leaf->not_after_ms, NOW + 2 * CERTS_CA_LIFE_MS);
}
END_TEST

UNIT_MAIN(setup, teardown, certs_managed__the_first_round_makes_all_and_the_second_nothing,
          certs_managed__the_leaf_alone_is_renewed_and_the_bundle_stays,
          certs_managed__a_bundle_that_was_reset_is_repaired,
          certs_managed__the_loser_of_a_race_takes_what_the_winner_made,
          certs_managed__endless_conflicts_end_in_an_error,
          certs_managed__a_store_that_cannot_be_read_changes_nothing,
          certs_managed__a_first_leaf_is_made_also_when_publishing_fails,
          certs_managed__a_new_ca_is_published_beside_the_old_before_a_leaf_of_it_is_served,
          certs_managed__a_ca_that_vanished_is_made_again_and_the_leaf_with_it,
          certs_managed__an_expired_ca_leaves_the_bundle)
