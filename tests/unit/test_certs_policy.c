// SPDX-License-Identifier: Apache-2.0
#include "certs/policy.h"

#include <string.h>

#include "tests/unit/unit.h"

#define NOW   INT64_C(1800000000000)
#define PAUSE CERTS_PAUSE_MS

/// A CA and a leaf in the middle of their lives, all in order, as the leader sees it.
static struct certs_situation calm(void)
{
    return (struct certs_situation){
        .now_ms = NOW,
        .pause_ms = PAUSE,
        .leads = true,
        .ca = {true, NOW - 100 * CERTS_DAY_MS, NOW + 900 * CERTS_DAY_MS},
        .published_ms = NOW - 10 * PAUSE,
        .switched_ms = NOW - 10 * PAUSE,
        .published = true,
        .ca_published = true,
        .leaf = {true, NOW - CERTS_DAY_MS, NOW + 6 * CERTS_DAY_MS},
        .leaf_has_names = true,
        .leaf_trusted = true,
        .leaf_of_ca = true,
        .all_follow = true,
    };
}

/// The next CA is made and published for long.
static struct certs_situation announced(void)
{
    struct certs_situation s = calm();
    s.next = (struct certs_span){true, NOW - 20 * PAUSE, NOW + 1000 * CERTS_DAY_MS};
    return s;
}

/// The new CA signs for long, and the old one is trusted, too.
static struct certs_situation switched(void)
{
    struct certs_situation s = calm();
    s.has_old = true;
    return s;
}

START_TEST(certs_policy__in_order_nothing_is_done_until_the_leaf_is_due)
{
    const struct certs_situation s = calm();
    struct certs_decision d = certs_decide(&s);
    ck_assert_int_eq(d.step, CERTS_KEEP);
    ck_assert_int_eq(d.renew_at_ms, certs_renew_at(&s.leaf));
}
END_TEST

#define CHANGE(name, statement)                                                                    \
    static void name(struct certs_situation *s)                                                    \
    {                                                                                              \
        statement;                                                                                 \
    }
CHANGE(nothing, (void)s)
CHANGE(no_ca, s->ca = (struct certs_span){0}; s->leaf.present = false)
CHANGE(ca_lost, s->ca = (struct certs_span){0})
CHANGE(ca_over, s->ca.not_after_ms = NOW)
CHANGE(ca_due, s->ca.not_before_ms = NOW - 1800 * CERTS_DAY_MS - 1)
CHANGE(ca_nearly_due, s->ca.not_before_ms = NOW - 1799 * CERTS_DAY_MS)
CHANGE(asked, s->rotate_asked = true)
CHANGE(other_published, s->published = s->ca_published = false)
CHANGE(not_noted, s->published_ms = 0)
CHANGE(noted_in_future, s->published_ms = NOW + 1)
CHANGE(switched_in_future, s->switched_ms = NOW + 1)
CHANGE(just_published, s->published_ms = NOW - PAUSE + 1)
CHANGE(published_a_pause_ago, s->published_ms = NOW - PAUSE)
CHANGE(next_over, s->next.not_after_ms = NOW)
CHANGE(asked_and_not_noted, s->rotate_asked = true; s->published_ms = 0)
CHANGE(leaf_of_old, s->leaf_of_ca = false)
CHANGE(leaf_of_old_due, s->leaf_of_ca = false; s->published_ms = NOW;
       s->leaf.not_before_ms = NOW - 30 * CERTS_DAY_MS)
CHANGE(leaf_of_old_over, s->leaf_of_ca = false; s->published_ms = NOW; s->leaf.not_after_ms = NOW)
CHANGE(leaf_of_old_just_published, s->leaf_of_ca = false; s->published_ms = NOW - PAUSE + 1)
CHANGE(leaf_of_old_ca_not_seen, s->leaf_of_ca = false; s->published = s->ca_published = false)
CHANGE(leaf_due, s->leaf.not_before_ms = NOW - 12 * CERTS_DAY_MS)
CHANGE(leaf_due_ends_with_ca, leaf_due(s); s->ca.not_after_ms = s->leaf.not_after_ms;
       s->ca.not_before_ms = s->leaf.not_before_ms; s->leads = false)
CHANGE(leaf_nearly_due, s->leaf.not_before_ms = NOW - 12 * CERTS_DAY_MS + 10)
CHANGE(leaf_unwanted, s->leaf_unwanted = true)
CHANGE(leaf_unwanted_of_old, s->leaf_unwanted = true; s->leaf_of_ca = false; s->published_ms = NOW)
CHANGE(leaf_untrusted, s->leaf_trusted = false; s->published = false)
CHANGE(leaf_nameless, s->leaf_has_names = false)
CHANGE(leaf_of_future, s->leaf.not_before_ms = NOW + 1)
CHANGE(all_of_future, s->leaf.not_before_ms = s->ca.not_before_ms = NOW + 1; s->published_ms = NOW)
CHANGE(one_lags, s->all_follow = false)
CHANGE(just_switched, s->switched_ms = NOW - PAUSE + 1)
CHANGE(first_leaf, s->leaf.present = false; s->published = s->ca_published = false;
       s->published_ms = 0)

// Each row is a situation with one thing changed, and the step of the leader and of a follower.
static const struct {
    const char *what;
    struct certs_situation (*base)(void);
    void (*change)(struct certs_situation *s);
    enum certs_step leader, follower;
} PHASES[] = {
    {"stable: rest", calm, nothing, CERTS_KEEP, CERTS_KEEP},
    {"stable: no CA", calm, no_ca, CERTS_MAKE_CA, CERTS_KEEP},
    {"stable: the CA is lost", calm, ca_lost, CERTS_MAKE_CA, CERTS_KEEP},
    {"stable: the CA is over", calm, ca_over, CERTS_MAKE_CA, CERTS_KEEP},
    {"stable: the CA is due", calm, ca_due, CERTS_ANNOUNCE, CERTS_KEEP},
    {"stable: the CA is nearly due", calm, ca_nearly_due, CERTS_KEEP, CERTS_KEEP},
    {"stable: asked", calm, asked, CERTS_ANNOUNCE, CERTS_KEEP},
    {"stable: reset by others", calm, other_published, CERTS_PUBLISH, CERTS_KEEP},
    {"stable: not noted", calm, not_noted, CERTS_NOTE_PUBLISHED, CERTS_KEEP},
    {"stable: noted in the future", calm, noted_in_future, CERTS_NOTE_PUBLISHED, CERTS_KEEP},
    {"stable: switched in the future", calm, switched_in_future, CERTS_NOTE_PUBLISHED, CERTS_KEEP},
    {"stable: asked, not noted", calm, asked_and_not_noted, CERTS_NOTE_PUBLISHED, CERTS_KEEP},
    {"stable: a first leaf waits for nothing", calm, first_leaf, CERTS_ISSUE_LEAF,
     CERTS_ISSUE_LEAF},
    {"stable: the leaf is due", calm, leaf_due, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"stable: the leaf is due, and so is the CA", calm, leaf_due_ends_with_ca, CERTS_KEEP,
     CERTS_KEEP},
    {"stable: the leaf is nearly due", calm, leaf_nearly_due, CERTS_KEEP, CERTS_KEEP},
    {"stable: new leaves are asked for", calm, leaf_unwanted, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"stable: nobody can trust it", calm, leaf_untrusted, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"stable: a name lacks", calm, leaf_nameless, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"stable: the clock was set back", calm, leaf_of_future, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"stable: and before the CA", calm, all_of_future, CERTS_KEEP, CERTS_KEEP},
    {"announced: published for long", announced, nothing, CERTS_SWITCH, CERTS_KEEP},
    {"announced: to be published", announced, other_published, CERTS_PUBLISH, CERTS_KEEP},
    {"announced: not noted", announced, not_noted, CERTS_NOTE_PUBLISHED, CERTS_KEEP},
    {"announced: just published", announced, just_published, CERTS_KEEP, CERTS_KEEP},
    {"announced: the pause is over", announced, published_a_pause_ago, CERTS_SWITCH, CERTS_KEEP},
    {"announced: the next is over", announced, next_over, CERTS_ANNOUNCE, CERTS_KEEP},
    {"announced: the CA is over", announced, ca_over, CERTS_SWITCH, CERTS_KEEP},
    {"announced: asked again", announced, asked, CERTS_SWITCH, CERTS_KEEP},
    {"announced: the leaf is due", announced, leaf_due, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"switched: all is over", switched, nothing, CERTS_RETIRE, CERTS_KEEP},
    {"switched: our leaf is old", switched, leaf_of_old, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"switched: one lags", switched, one_lags, CERTS_KEEP, CERTS_KEEP},
    {"switched: a moment ago", switched, just_switched, CERTS_KEEP, CERTS_KEEP},
    {"switched: to be published", switched, other_published, CERTS_PUBLISH, CERTS_KEEP},
    {"switched: asked again", switched, asked, CERTS_RETIRE, CERTS_KEEP},
    {"made at once: just published", switched, leaf_of_old_just_published, CERTS_KEEP, CERTS_KEEP},
    {"made at once: old and due", switched, leaf_of_old_due, CERTS_KEEP, CERTS_KEEP},
    {"made at once: old and unwanted", switched, leaf_unwanted_of_old, CERTS_KEEP, CERTS_KEEP},
    {"made at once: old and over", switched, leaf_of_old_over, CERTS_ISSUE_LEAF, CERTS_ISSUE_LEAF},
    {"made at once: not seen published", switched, leaf_of_old_ca_not_seen, CERTS_PUBLISH,
     CERTS_KEEP},
};

START_TEST(certs_policy__every_phase_has_its_steps)
{
    for (size_t i = 0; i < ARRAY_LEN(PHASES); i++) {
        struct certs_situation s = PHASES[i].base();
        PHASES[i].change(&s);
        enum certs_step leader = certs_decide(&s).step;
        s.leads = false;
        struct certs_decision d = certs_decide(&s);
        enum certs_step follower = d.step;
        // Who waits for another than the clock must not be woken by it again and again.
        ck_assert(d.step != CERTS_KEEP || d.renew_at_ms == 0 || d.renew_at_ms > NOW);
        if (leader != PHASES[i].leader || follower != PHASES[i].follower) {
            ck_abort_msg("%s: %u and %u", PHASES[i].what, leader, follower);
        }
    }
}
END_TEST

START_TEST(certs_policy__what_is_due_by_the_clock_is_told)
{
    struct certs_situation s = announced();
    s.published_ms = NOW - PAUSE + 7;
    ck_assert_int_eq(certs_decide(&s).renew_at_ms, NOW + 7);
    s = switched();
    s.switched_ms = NOW - PAUSE + 9;
    ck_assert_int_eq(certs_decide(&s).renew_at_ms, NOW + 9);
}
END_TEST

// ---- a world of replicas, CAs as numbers ----------------------------------------------------

#define REPLICAS  4
#define LAG_MS    (PAUSE - 1000) // in which an API server reads what is published
#define RECORD_MS INT64_C(120000)
#define HISTORY   64

struct model_replica {
    bool alive;
    unsigned issuer; // of its leaf; 0: none
    struct certs_span leaf;
    bool ready;
    unsigned recorded;
    int64_t recorded_ms;
    int64_t next_ms; // it looks again
};

static struct {
    uint64_t random;
    int64_t now;
    struct certs_span cas[256]; // by number
    unsigned count;
    unsigned ca, next;  // the store
    uint64_t bundle[4]; // sets of CAs
    int64_t published_ms, switched_ms;
    bool rotate;
    struct {
        int64_t from;
        uint64_t set[4];
    } published[HISTORY]; // the last is what is published
    unsigned publications;
    struct model_replica r[REPLICAS];
    unsigned leader; // REPLICAS: none
    bool faults;
    unsigned changes; // of the CA, done
} w;

static unsigned dice(unsigned sides)
{
    w.random = w.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(w.random >> 33) % sides;
}

static bool has(const uint64_t *set, unsigned ca)
{
    return (set[ca / 64] >> ca % 64 & 1) != 0;
}

static void add(uint64_t *set, unsigned ca)
{
    set[ca / 64] |= UINT64_C(1) << ca % 64;
}

static unsigned make(void)
{
    ck_assert_uint_lt(++w.count, 256);
    w.cas[w.count] = (struct certs_span){true, w.now, w.now + 6 * CERTS_HOUR_MS};
    return w.count;
}

static uint64_t *published(void)
{
    return w.published[(w.publications - 1) % HISTORY].set;
}

static bool other_than(const uint64_t *set, unsigned a, unsigned b)
{
    for (unsigned i = 1; i <= w.count; i++) {
        if (has(set, i) && i != a && i != b) {
            return true;
        }
    }
    return false;
}

static bool all_follow(void)
{
    for (unsigned i = 0; i < REPLICAS; i++) {
        const struct model_replica *r = &w.r[i];
        if (r->recorded != 0 && w.now - r->recorded_ms < RECORD_MS && r->recorded != w.ca) {
            return false;
        }
    }
    return true;
}

static struct certs_situation situation(unsigned i)
{
    const struct model_replica *r = &w.r[i];
    bool same = memcmp(published(), w.bundle, sizeof(w.bundle)) == 0;
    return (struct certs_situation){.now_ms = w.now,
                                    .pause_ms = PAUSE,
                                    .leads = w.leader == i,
                                    .ca = w.cas[w.ca],
                                    .next = w.cas[w.next],
                                    .has_old = other_than(w.bundle, w.ca, w.next),
                                    .rotate_asked = w.rotate,
                                    .published_ms = w.published_ms,
                                    .switched_ms = w.switched_ms,
                                    .published = same,
                                    .ca_published = has(published(), w.ca),
                                    .leaf = r->leaf,
                                    .leaf_has_names = true,
                                    .leaf_trusted = has(w.bundle, r->issuer),
                                    .leaf_of_ca = r->issuer == w.ca,
                                    .all_follow = all_follow()};
}

static void put_bundle(unsigned first, bool keep)
{
    if (!keep) {
        memset(w.bundle, 0, sizeof(w.bundle));
    }
    add(w.bundle, first);
    w.published_ms = 0;
}

/// False: the replica dies in its midst.
static bool model_act(unsigned i, enum certs_step step)
{
    struct model_replica *r = &w.r[i];
    switch (step) {
    case CERTS_KEEP:
        break;
    case CERTS_ISSUE_LEAF:
        r->issuer = w.ca;
        r->leaf = (struct certs_span){true, w.now, w.now + CERTS_HOUR_MS};
        break;
    case CERTS_MAKE_CA:
        w.ca = make();
        w.switched_ms = w.now;
        put_bundle(w.ca, true);
        break;
    case CERTS_ANNOUNCE:
        w.next = make();
        w.rotate = false;
        put_bundle(w.next, true);
        break;
    case CERTS_PUBLISH:
        w.published_ms = 0;
        if (w.faults && dice(4) == 0) {
            return false;
        }
        w.published[w.publications % HISTORY].from = w.now;
        memcpy(w.published[w.publications++ % HISTORY].set, w.bundle, sizeof(w.bundle));
        break;
    case CERTS_NOTE_PUBLISHED:
        w.published_ms = w.now;
        break;
    case CERTS_SWITCH:
        w.ca = w.next;
        w.next = 0;
        w.switched_ms = w.now;
        break;
    case CERTS_RETIRE:
        put_bundle(w.ca, false);
        w.changes++;
        break;
    }
    return !w.faults || dice(8) != 0;
}

static void die(unsigned i)
{
    struct model_replica *r = &w.r[i];
    r->alive = r->ready = false;
    r->issuer = 0;
    r->leaf.present = false;
    if (w.leader == i) {
        w.leader = REPLICAS;
    }
}

static void replica_round(unsigned i)
{
    struct model_replica *r = &w.r[i];
    enum certs_step step;
    int steps = 0;
    do {
        const struct certs_situation s = situation(i);
        step = certs_decide(&s).step;
        ck_assert_int_lt(steps++, 10);
        if (step != CERTS_KEEP && !model_act(i, step)) {
            die(i);
            return;
        }
    } while (step != CERTS_KEEP);
    r->ready = r->issuer != 0 && has(published(), r->issuer);
    r->recorded = r->issuer;
    r->recorded_ms = w.now;
    r->next_ms = w.now + 1000 + dice(w.faults ? 100000 : 10000); // the API server may be away
}

/// Whatever bundle an API server may know at this time, it verifies what is served.
static void check_served(void)
{
    for (unsigned i = 0; i < REPLICAS; i++) {
        for (unsigned n = w.publications; w.r[i].ready && n > 0 && n + HISTORY > w.publications;
             n--) {
            if (!has(w.published[(n - 1) % HISTORY].set, w.r[i].issuer)) {
                ck_abort_msg(
                    "seed %lu: at %ld replica %u serves CA %u, unknown to publication %u of %u",
                    (unsigned long)w.random, (long)w.now, i, w.r[i].issuer, n, w.publications);
            }
            if (w.published[(n - 1) % HISTORY].from <= w.now - LAG_MS) {
                break; // older ones nobody uses any more
            }
        }
    }
}

static void fate(void)
{
    unsigned i = dice(REPLICAS);
    switch (dice(400)) {
    case 0:
        die(i);
        break;
    case 1:
        w.rotate = true;
        break;
    case 2:
        w.leader = REPLICAS;
        break;
    default:
        break;
    }
    if (!w.r[i].alive && dice(60) == 0) {
        w.r[i] = (struct model_replica){.alive = true,
                                        .recorded = w.r[i].recorded,
                                        .recorded_ms = w.r[i].recorded_ms,
                                        .next_ms = w.now};
    }
}

static void tick(void)
{
    w.now += 500;
    if (w.faults) {
        fate();
    }
    if (w.leader == REPLICAS && dice(20) == 0 && w.r[w.now / 500 % REPLICAS].alive) {
        w.leader = (unsigned)(w.now / 500 % REPLICAS);
    }
    for (unsigned i = 0; i < REPLICAS; i++) {
        if (w.r[i].alive && w.now >= w.r[i].next_ms) {
            replica_round(i);
        }
    }
    check_served();
}

START_TEST(certs_policy__nothing_is_ever_served_that_an_api_server_does_not_trust)
{
    unsigned changes = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        memset(&w, 0, sizeof(w));
        w.random = seed;
        w.now = NOW;
        w.leader = REPLICAS;
        w.publications = 1; // an empty one
        for (unsigned i = 0; i < REPLICAS; i++) {
            w.r[i].alive = true;
        }
        // The first CA has no one before it who is trusted: the replicas are not ready until an
        // API server knows it.
        while (w.publications < 2 || w.now < w.published[1].from + PAUSE) {
            w.now += 500;
            w.leader = 0;
            replica_round(0);
        }
        w.published[0].from = 0;
        for (unsigned i = 0; i < REPLICAS; i++) {
            w.r[i].next_ms = w.now;
        }
        w.faults = true;
        for (int n = 0; n < 40000; n++) {
            tick();
        }
        w.faults = false;
        w.rotate = false;
        for (unsigned i = 0; i < REPLICAS; i++) {
            w.r[i].alive = true;
        }
        for (int n = 0; n < 2000; n++) {
            tick();
        }
        // Whatever was begun comes to its end.
        ck_assert(w.next == 0 || w.cas[w.next].not_before_ms > w.now - 3 * PAUSE);
        changes += w.changes;
    }
    ck_assert_uint_gt(changes, 200);
}
END_TEST

START_TEST(certs_policy__expired_cas_leave_the_bundle_and_the_rest_is_bounded)
{
    struct certs_span cas[CERTS_BUNDLE_MAX + 3];
    bool keep[CERTS_BUNDLE_MAX + 3];
    for (size_t i = 0; i < CERTS_BUNDLE_MAX + 3; i++) {
        cas[i] = (struct certs_span){true, 0, NOW + (i == 1 ? 0 : 1)};
    }
    certs_bundle_prune(cas, CERTS_BUNDLE_MAX + 3, NOW, keep);
    ck_assert(keep[0]);
    ck_assert(!keep[1]);
    ck_assert(keep[CERTS_BUNDLE_MAX]);
    ck_assert(!keep[CERTS_BUNDLE_MAX + 1]);
    ck_assert(!keep[CERTS_BUNDLE_MAX + 2]);
}
END_TEST

START_TEST(certs_policy__the_lives_fit_into_each_other)
{
    const struct certs_span leaf = {true, 0, CERTS_LEAF_LIFE_MS};
    ck_assert_int_lt(CERTS_LEAF_LIFE_MS, CERTS_CA_LIFE_MS / 10);
    ck_assert_int_lt(CERTS_BACKDATE_MS, certs_renew_at(&leaf) / 10);
    ck_assert_int_eq(certs_backdate(CERTS_LEAF_LIFE_MS), CERTS_BACKDATE_MS);
    ck_assert_int_eq(certs_backdate(60000), 3000);
}
END_TEST

UNIT_MAIN(NULL, NULL, certs_policy__in_order_nothing_is_done_until_the_leaf_is_due,
          certs_policy__every_phase_has_its_steps, certs_policy__what_is_due_by_the_clock_is_told,
          certs_policy__nothing_is_ever_served_that_an_api_server_does_not_trust,
          certs_policy__expired_cas_leave_the_bundle_and_the_rest_is_bounded,
          certs_policy__the_lives_fit_into_each_other)
