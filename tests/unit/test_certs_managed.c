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
static bool load_fails, save_fails, publish_fails, look_fails, rival_saves, one_lags;
static struct strbuf published;

static struct err err;
static struct certs_pair *leaf;

static void copy(struct certs_material *to, const struct certs_material *from)
{
    strbuf_put(&to->cert, strbuf_view(&from->cert));
    strbuf_put(&to->key, strbuf_view(&from->key));
    strbuf_put(&to->next_cert, strbuf_view(&from->next_cert));
    strbuf_put(&to->next_key, strbuf_view(&from->next_key));
    strbuf_put(&to->bundle, strbuf_view(&from->bundle));
    to->published_ms = from->published_ms;
    to->switched_ms = from->switched_ms;
    to->rotate = from->rotate;
    memcpy(to->leaves_wanted, from->leaves_wanted, sizeof(to->leaves_wanted));
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
    if (save_fails) {
        return err_set(e, E_DENIED, "forbidden");
    }
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

static int fake_look(void *ctx, struct strview bundle, struct strview cert, struct strview ca,
                     struct certs_published *ret, struct err *e)
{
    (void)ctx;
    struct strview p = strbuf_view(&published);
    bool same = sv_eq(p, bundle);
    *ret = (struct certs_published){
        .same = same,
        .leaf = same || (cert.len > 0 && p.len > 0 && x509_verify(cert, p, NULL) == 0),
        .ca = same || (ca.len > 0 && p.len > 0 && x509_holds(p, ca))};
    return look_fails ? err_set(e, E_TRANSPORT, "no answer") : 0;
}

static int fake_all_follow(void *ctx, struct strview issuer, bool *ret, struct err *e)
{
    (void)ctx;
    (void)e;
    ck_assert_uint_eq(issuer.len, 64);
    *ret = !one_lags;
    return 0;
}

static struct certs_store store = {.load = fake_load, .save = fake_save};
static struct certs_publisher publisher = {.look = fake_look, .publish = fake_publish};
static struct certs_replicas replicas = {.all_follow = fake_all_follow};
static struct managed_options options;

static void setup(void)
{
    kept = CERTS_MATERIAL;
    saves = conflicts_to_come = 0;
    load_fails = save_fails = publish_fails = look_fails = rival_saves = one_lags = false;
    options = (struct managed_options){.store = &store,
                                       .publisher = &publisher,
                                       .replicas = &replicas,
                                       .leads = true,
                                       .names = NAMES,
                                       .name_count = 1};
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

static bool did(enum certs_step what)
{
    return (out.steps & 1U << what) != 0;
}

static size_t bundle_size(void)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    size_t n;
    ck_assert_int_eq(x509_read(strbuf_view(&kept.bundle), info, CERTS_CHAIN_MAX, &n, &err), 0);
    return n;
}

static int step(int64_t now)
{
    int rc = managed_step(&options, leaf, now, &out, &err);
    if (out.pair != NULL) {
        certs_pair_unref(leaf);
        leaf = out.pair;
    }
    return rc;
}

START_TEST(certs_managed__the_first_round_makes_all_and_the_second_nothing)
{
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(did(CERTS_MAKE_CA) && out.published && out.publish_changed);
    ck_assert_ptr_nonnull(leaf);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
    ck_assert_int_eq(leaf->not_after_ms, NOW - CERTS_BACKDATE_MS + CERTS_LEAF_LIFE_MS);
    ck_assert_int_eq(kept.published_ms, NOW);
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(out.steps == 0 && !out.publish_changed && out.pair == NULL);
    ck_assert_int_eq(out.phase, CERTS_STABLE);
    ck_assert_int_eq(out.due_ms, certs_renew_at(&(struct certs_span){true, leaf->not_before_ms,
                                                                     leaf->not_after_ms}));
    ck_assert_uint_eq(saves, 2); // the CA, and the time of its publication
}
END_TEST

START_TEST(certs_managed__the_leaf_alone_is_renewed_and_the_bundle_stays)
{
    char first[65];
    ck_assert_int_eq(step(NOW), 0);
    memcpy(first, leaf->fingerprint, sizeof(first));
    ck_assert_int_eq(step(NOW + 5 * CERTS_DAY_MS), 0);
    ck_assert_str_ne(leaf->fingerprint, first);
    ck_assert_uint_eq(out.steps, 1U << CERTS_ISSUE_LEAF);
}
END_TEST

START_TEST(certs_managed__a_new_leaf_can_be_asked_for)
{
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_str_eq(out.leaves, "");
    options.leaves = "";
    certs_material_want_leaves(&kept, SV("now"));
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_uint_eq(out.steps, 1U << CERTS_ISSUE_LEAF);
    ck_assert_str_eq(out.leaves, "now");
    options.leaves = "now";
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_uint_eq(out.steps, 0);
}
END_TEST

START_TEST(certs_managed__a_bundle_that_was_reset_is_repaired)
{
    ck_assert_int_eq(step(NOW), 0);
    strbuf_reset(&published);
    ck_assert_int_eq(step(NOW + 5), 0);
    ck_assert(out.publish_changed);
    ck_assert(sv_eq(strbuf_view(&published), strbuf_view(&kept.bundle)));
    ck_assert_int_eq(kept.published_ms, NOW + 5);
}
END_TEST

START_TEST(certs_managed__the_loser_of_a_race_takes_what_the_winner_made)
{
    rival_saves = true;
    ck_assert_int_eq(step(NOW), 0);
    ck_assert(!did(CERTS_MAKE_CA));
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
    ck_assert_int_eq(step(NOW), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "publishing the CA bundle"));
    ck_assert(out.publish_failed && !out.published);
    ck_assert_ptr_nonnull(leaf);
}
END_TEST

START_TEST(certs_managed__a_leaf_is_renewed_also_when_the_leader_may_not_write)
{
    ck_assert_int_eq(step(NOW), 0);
    strbuf_reset(&published);
    save_fails = true;
    ck_assert_int_eq(step(NOW + 5 * CERTS_DAY_MS), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert(did(CERTS_ISSUE_LEAF));
    ck_assert_int_gt(leaf->not_after_ms, NOW + 10 * CERTS_DAY_MS);
}
END_TEST

START_TEST(certs_managed__a_follower_writes_nothing_and_issues_its_own_leaf)
{
    options.leads = false;
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_ptr_null(leaf); // it waits for the CA
    options.leads = true;
    ck_assert_int_eq(step(NOW), 0);
    certs_pair_unref(leaf);
    leaf = NULL;
    options.leads = false;
    kept.rotate = true;
    strbuf_reset(&published);
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_uint_eq(out.steps, 1U << CERTS_ISSUE_LEAF);
    ck_assert(!out.published); // nobody trusts it yet: not ready
    ck_assert_uint_eq(saves, 2);
    ck_assert_uint_eq(published.len, 0);
}
END_TEST

/// A whole change, asked for by hand, with what holds in each phase.
START_TEST(certs_managed__a_ca_is_changed_in_phases)
{
    char old[65], issuer[65];
    struct strbuf first = STRBUF(CERTS_PEM_MAX);
    int64_t now = NOW;
    ck_assert_int_eq(step(now), 0);
    memcpy(old, leaf->fingerprint, sizeof(old));
    strbuf_put(&first, strbuf_view(&kept.cert));

    kept.rotate = true;
    ck_assert_int_eq(step(now += 10 * CERTS_PAUSE_MS), 0);
    ck_assert(did(CERTS_ANNOUNCE) && did(CERTS_PUBLISH) && did(CERTS_NOTE_PUBLISHED));
    ck_assert(!did(CERTS_ISSUE_LEAF) && !kept.rotate);
    ck_assert_int_eq(out.phase, CERTS_ANNOUNCED);
    ck_assert_uint_eq(bundle_size(), 2);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
    ck_assert(x509_holds(strbuf_view(&published), strbuf_view(&kept.next_cert)));
    ck_assert_int_eq(out.due_ms, now + CERTS_PAUSE_MS);
    ck_assert_int_eq(step(now + CERTS_PAUSE_MS - 1), 0);
    ck_assert_uint_eq(out.steps, 0);

    ck_assert_int_eq(step(now += CERTS_PAUSE_MS), 0);
    ck_assert_uint_eq(out.steps, 1U << CERTS_SWITCH | 1U << CERTS_ISSUE_LEAF);
    ck_assert_int_eq(out.phase, CERTS_SWITCHED);
    ck_assert_str_ne(leaf->fingerprint, old);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
    x509_issuer(leaf->cert_pem, strbuf_view(&first), issuer);
    ck_assert_str_eq(issuer, "");

    one_lags = true;
    ck_assert_int_eq(step(now += 10 * CERTS_PAUSE_MS), 0);
    ck_assert_uint_eq(out.steps, 0);
    one_lags = false;
    ck_assert_int_eq(step(now), 0);
    ck_assert(did(CERTS_RETIRE) && did(CERTS_PUBLISH));
    ck_assert_int_eq(out.phase, CERTS_STABLE);
    ck_assert_uint_eq(bundle_size(), 1);
    ck_assert(!x509_holds(strbuf_view(&published), strbuf_view(&first)));
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
    strbuf_done(&first);
}
END_TEST

START_TEST(certs_managed__a_ca_that_is_due_is_changed_before_it_ends)
{
    int64_t now = NOW;
    struct x509_info ca;
    size_t n;
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_int_eq(x509_read(strbuf_view(&kept.cert), &ca, 1, &n, &err), 0);
    int64_t due = certs_renew_at(&(struct certs_span){true, ca.not_before_ms, ca.not_after_ms});
    for (; kept.switched_ms == NOW && now < ca.not_after_ms; now += CERTS_HOUR_MS) {
        ck_assert_int_eq(step(now), 0);
    }
    ck_assert_int_ge(now, due);
    ck_assert_int_lt(now, due + CERTS_DAY_MS);
}
END_TEST

START_TEST(certs_managed__a_crash_at_each_write_is_gone_on_from)
{
    // The writes of a change fail from the Nth on; then all goes well again.
    for (unsigned good = 0; good < 8; good++) {
        int64_t now = NOW;
        teardown();
        setup();
        ck_assert_int_eq(step(now), 0);
        kept.rotate = true;
        unsigned before = saves;
        for (int i = 0; i < 20; i++) {
            save_fails = saves - before >= good && i < 10;
            publish_fails = save_fails;
            ck_assert(step(now += CERTS_PAUSE_MS) == 0 || save_fails);
            ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
        }
        ck_assert_int_eq(out.phase, CERTS_STABLE);
        ck_assert_int_gt(kept.switched_ms, NOW);
        ck_assert_uint_eq(bundle_size(), 1);
        ck_assert(sv_eq(strbuf_view(&published), strbuf_view(&kept.bundle)));
    }
}
END_TEST

START_TEST(certs_managed__a_store_that_vanished_does_not_take_the_trust_in_what_is_served)
{
    ck_assert_int_eq(step(NOW), 0);
    char old[65];
    memcpy(old, leaf->fingerprint, sizeof(old));
    certs_material_done(&kept);
    ck_assert_int_eq(step(NOW + 1), 0);
    ck_assert(did(CERTS_MAKE_CA) && out.pair == NULL && out.published);
    ck_assert_uint_eq(bundle_size(), 2);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
    ck_assert_int_eq(step(NOW + 1 + CERTS_PAUSE_MS), 0);
    ck_assert_str_ne(leaf->fingerprint, old);
    ck_assert_uint_eq(bundle_size(), 1);
    ck_assert_int_eq(x509_verify(leaf->cert_pem, strbuf_view(&published), &err), 0);
}
END_TEST

START_TEST(certs_managed__what_cannot_be_looked_at_is_not_taken_for_published)
{
    ck_assert_int_eq(step(NOW), 0);
    kept.rotate = true;
    ck_assert_int_eq(step(NOW + 1), 0);
    options.leads = false;
    look_fails = true;
    ck_assert_int_eq(step(NOW + CERTS_DAY_MS), 0);
    ck_assert(!out.looked && out.steps == 0);
}
END_TEST

START_TEST(certs_managed__an_expired_ca_leaves_the_bundle)
{
    ck_assert_int_eq(step(NOW), 0);
    ck_assert_int_eq(step(NOW + 2 * CERTS_CA_LIFE_MS), 0);
    ck_assert(did(CERTS_MAKE_CA));
    ck_assert_uint_eq(bundle_size(), 1);
    ck_assert_int_gt(leaf->not_after_ms, NOW + 2 * CERTS_CA_LIFE_MS);
}
END_TEST

UNIT_MAIN(setup, teardown, certs_managed__the_first_round_makes_all_and_the_second_nothing,
          certs_managed__the_leaf_alone_is_renewed_and_the_bundle_stays,
          certs_managed__a_new_leaf_can_be_asked_for,
          certs_managed__a_bundle_that_was_reset_is_repaired,
          certs_managed__the_loser_of_a_race_takes_what_the_winner_made,
          certs_managed__endless_conflicts_end_in_an_error,
          certs_managed__a_store_that_cannot_be_read_changes_nothing,
          certs_managed__a_first_leaf_is_made_also_when_publishing_fails,
          certs_managed__a_leaf_is_renewed_also_when_the_leader_may_not_write,
          certs_managed__a_follower_writes_nothing_and_issues_its_own_leaf,
          certs_managed__a_ca_is_changed_in_phases,
          certs_managed__a_ca_that_is_due_is_changed_before_it_ends,
          certs_managed__a_crash_at_each_write_is_gone_on_from,
          certs_managed__a_store_that_vanished_does_not_take_the_trust_in_what_is_served,
          certs_managed__what_cannot_be_looked_at_is_not_taken_for_published,
          certs_managed__an_expired_ca_leaves_the_bundle)
