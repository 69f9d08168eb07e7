// SPDX-License-Identifier: Apache-2.0
#include "common/world/snapshots.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/base/lane.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/kube/span.h"
#include "common/kube/store.h"
#include "common/world/row_cluster.h"
#include "common/world/row_namespace.h"
#include "common/world/row_policy.h"

#define SCRATCH_MAX  ((size_t)64 << 20) // of one object, while it is read
#define SCRATCH_KEEP ((size_t)64 << 10)

struct snapshot_feed {
    struct snapshots *owner;
    enum snapshot_kind kind;
    struct strview ns;
    uint32_t list; // number of the running list, or of the last one
    bool whole;    // there was one
};

struct snapshots {
    struct {
        // A reference that waits for the lane's next request; who exchanges it out owns it.
        _Alignas(LANE_ALIGN) struct snapshot *_Atomic kept;
    } lanes[LANES];
    // Read with each review, so it has its line to itself.
    _Alignas(LANE_ALIGN) struct snapshot *_Atomic current;
    // Held while a reference to `current` is taken, or `current` is changed.
    _Alignas(LANE_ALIGN) pthread_mutex_t lock;
    // The watch thread's own:
    struct table *tables[SNAPSHOT_KIND_COUNT];
    struct table *roles; // the clusters, by role
    struct table *added; // policies that are not watched
    struct policies *policies;
    bool policies_changed; // since `policies` was made
    bool changed;          // since `current` was
    bool started;
    snapshots_changed_fn *told;
    void *told_ctx;
    uint32_t lists;
    struct snapshot_feed feeds[SNAPSHOT_FEEDS_MAX];
    size_t n_feeds;
    struct arena scratch;
};

static const struct {
    const char *what;
    size_t max;
} KINDS[SNAPSHOT_KIND_COUNT] = {
#define X(id, what_, max_) [SNAPSHOT_##id] = {what_, max_},
    SNAPSHOT_KINDS(X)
#undef X
};

// ---- life ---------------------------------------------------------------------------------------

int snapshots_new(struct snapshots **ret, struct err *err)
{
    struct snapshots *s = mem_alloc_aligned(_Alignof(struct snapshots), sizeof(*s));
    if (s == NULL) {
        return err_set(err, E_NOMEM, "no memory for snapshots");
    }
    *s = (struct snapshots){.scratch = ARENA(SCRATCH_MAX), .policies_changed = true};
    pthread_mutex_init(&s->lock, NULL);
    s->roles = table_new(ROW_BY_ROLE);
    s->added = table_new(ROW_BY_NAME);
    bool ok = s->roles != NULL && s->added != NULL;
    for (int k = 0; k < SNAPSHOT_KIND_COUNT; k++) {
        s->tables[k] = table_new(ROW_BY_NAME);
        ok = ok && s->tables[k] != NULL;
    }
    if (!ok) {
        snapshots_free(s);
        return err_set(err, E_NOMEM, "no memory for snapshots");
    }
    *ret = s;
    return 0;
}

void snapshots_free(struct snapshots *s)
{
    if (s == NULL) {
        return;
    }
    for (unsigned lane = 0; lane < LANES; lane++) {
        snapshot_unref(atomic_load(&s->lanes[lane].kept));
    }
    snapshot_unref(atomic_load(&s->current));
    policies_unref(s->policies);
    for (int k = 0; k < SNAPSHOT_KIND_COUNT; k++) {
        table_unref(s->tables[k]);
    }
    table_unref(s->roles);
    table_unref(s->added);
    arena_done(&s->scratch);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

// ---- the current one ----------------------------------------------------------------------------

struct snapshot *snapshots_take(struct snapshots *s)
{
    struct snapshot *snap = atomic_exchange(&s->lanes[lane_mine()].kept, NULL);
    if (snap != NULL && snap == atomic_load(&s->current)) {
        return snap;
    }
    snapshot_unref(snap);
    pthread_mutex_lock(&s->lock);
    snap = atomic_load(&s->current);
    if (snap != NULL) {
        snapshot_ref(snap);
    }
    pthread_mutex_unlock(&s->lock);
    return snap;
}

static void drop_kept(struct snapshots *s, unsigned lane)
{
    snapshot_unref(atomic_exchange(&s->lanes[lane].kept, NULL));
}

void snapshots_give_back(struct snapshots *s, struct snapshot *snap)
{
    unsigned lane = lane_mine();
    uintptr_t given = (uintptr_t)snap; // once it is in the lane, others may free it
    snapshot_unref(atomic_exchange(&s->lanes[lane].kept, snap));
    // When a new one was put in between, who did so may have found the lane empty. (A new one at
    // the address of ours is no harm: then ours is freed, and no longer in the lane.)
    if (given != (uintptr_t)atomic_load(&s->current)) {
        drop_kept(s, lane);
    }
}

// ---- the next one -------------------------------------------------------------------------------

static int publish(struct snapshots *s, struct err *err)
{
    bool policies_changed = s->policies_changed;
    if (policies_changed) {
        struct policies *now;
        if (policies_make(s->added, s->tables[SNAPSHOT_POLICIES], &now, err) != 0) {
            return -1;
        }
        policies_unref(s->policies);
        s->policies = now;
        s->policies_changed = false;
    }
    struct snapshot *now =
        snapshot_new(&(struct snapshot_parts){.policies = s->policies,
                                              .namespaces = s->tables[SNAPSHOT_NAMESPACES],
                                              .clusters = s->tables[SNAPSHOT_CLUSTERS],
                                              .roles = s->roles,
                                              .watched = s->n_feeds != 0});
    if (now == NULL) {
        return err_set(err, E_NOMEM, "no memory for a snapshot");
    }
    pthread_mutex_lock(&s->lock);
    struct snapshot *old = atomic_exchange(&s->current, now);
    pthread_mutex_unlock(&s->lock);
    snapshot_unref(old);
    for (unsigned lane = 0; lane < LANES; lane++) {
        drop_kept(s, lane);
    }
    s->changed = false;
    if (s->told != NULL) {
        s->told(s->told_ctx, policies_changed);
    }
    return 0;
}

/// What has changed counts from now on, once every feed had its list.
static int publish_whole(struct snapshots *s, struct err *err)
{
    for (size_t i = 0; i < s->n_feeds; i++) {
        if (!s->feeds[i].whole) {
            return 0;
        }
    }
    return s->started && s->changed ? publish(s, err) : 0;
}

void snapshots_on_change(struct snapshots *s, snapshots_changed_fn *fn, void *ctx)
{
    s->told = fn;
    s->told_ctx = ctx;
}

int snapshots_start(struct snapshots *s, struct err *err)
{
    s->started = true;
    s->changed = true;
    return publish_whole(s, err);
}

struct snapshot_feed *snapshots_feed(struct snapshots *s, enum snapshot_kind kind,
                                     struct strview ns)
{
    if (s->n_feeds == SNAPSHOT_FEEDS_MAX) {
        return NULL;
    }
    struct snapshot_feed *f = &s->feeds[s->n_feeds++];
    *f = (struct snapshot_feed){.owner = s, .kind = kind, .ns = ns};
    return f;
}

int snapshots_add_policy(struct snapshots *s, struct strview text, struct err *err)
{
    struct row *r = NULL;
    if (row_policy_new(text, &r, err) != 0) {
        return -1;
    }
    int rc = 0;
    struct strview name = r->keys[ROW_BY_NAME];
    if (row_policy_faults(r) != 0) {
        rc = err_set(err, E_INVALID, "FlinkPolicy %.*s: %.*s", SV_ARG(name),
                     SV_ARG(row_policy_fault(r)));
    } else if (table_get(s->added, name) != NULL) {
        rc = err_set(err, E_INVALID, "FlinkPolicy %.*s is given twice", SV_ARG(name));
    } else if (!table_put(&s->added, r)) {
        rc = err_set(err, E_NOMEM, "no memory for a FlinkPolicy");
    }
    row_unref(r);
    return rc;
}

// ---- events -------------------------------------------------------------------------------------

/// The key under which an object of F's kind stands.
static void put_key(const struct snapshot_feed *f, struct strview ns, struct strview name,
                    struct strbuf *b)
{
    if (f->kind == SNAPSHOT_CLUSTERS) {
        row_cluster_put_key(b, ns, name);
    } else {
        strbuf_put(b, name);
    }
}

static bool is_equal(enum snapshot_kind kind, const struct row *a, const struct row *b)
{
    return kind == SNAPSHOT_CLUSTERS     ? row_cluster_equal(a, b)
           : kind == SNAPSHOT_NAMESPACES ? row_namespace_equal(a, b)
                                         : false;
}

static void note_change(struct snapshots *s, enum snapshot_kind kind)
{
    s->changed = true;
    s->policies_changed = s->policies_changed || kind == SNAPSHOT_POLICIES;
}

/// The roles first: whatever fails then is done over when the collection is listed again, since the
/// table of names still shows the old row.
static int take_row(struct snapshots *s, enum snapshot_kind kind, const struct row *old,
                    struct row *now, struct err *err)
{
    struct strview was = old != NULL ? old->keys[ROW_BY_ROLE] : SV_NONE;
    struct strview is = now->keys[ROW_BY_ROLE];
    if ((sv_present(was) && !sv_eq(was, is) && !table_del(&s->roles, was)) ||
        (sv_present(is) && !table_put(&s->roles, now)) || !table_put(&s->tables[kind], now)) {
        return err_set(err, E_NOMEM, "no memory for one more object");
    }
    note_change(s, kind);
    return 0;
}

static int drop_row(struct snapshots *s, enum snapshot_kind kind, struct row *old, struct err *err)
{
    struct strview role = old->keys[ROW_BY_ROLE];
    row_ref(old); // its keys are needed to the end
    bool ok = (!sv_present(role) || table_del(&s->roles, role)) &&
              table_del(&s->tables[kind], old->keys[ROW_BY_NAME]);
    row_unref(old);
    if (!ok) {
        return err_set(err, E_NOMEM, "no memory to take an object out");
    }
    note_change(s, kind);
    return 0;
}

/// NULL: ERR tells.
static struct row *make_row(struct snapshots *s, enum snapshot_kind kind,
                            const struct kube_object *o, struct strview text, struct err *err)
{
    struct row *r = NULL;
    int rc = -1;
    arena_reset(&s->scratch, SCRATCH_KEEP);
    switch (kind) {
    case SNAPSHOT_POLICIES:
        rc = row_policy_new(o->unreadable ? text : o->text, &r, err);
        break;
    case SNAPSHOT_NAMESPACES:
        rc = row_namespace_new(o->json, &s->scratch, &r, err);
        break;
    case SNAPSHOT_CLUSTERS:
        rc = row_cluster_new(o->json,
                             span_member(span_member(text, SV("metadata")), SV("managedFields")),
                             &s->scratch, &r, err);
        break;
    case SNAPSHOT_KIND_COUNT:
        err_set(err, E_BUG, "no such kind");
        break;
    }
    return rc == 0 ? r : NULL;
}

static void tell_faults(const struct row *policy)
{
    if (row_policy_faults(policy) != 0) {
        log_warn("a part of a policy can't be used", KV_S("policy", policy->keys[ROW_BY_NAME]),
                 KV_U("faults", row_policy_faults(policy)),
                 KV_S("first", row_policy_fault(policy)));
    }
}

/// Whether OLD was made of the very spec that O has: its status changes far more often.
static bool is_same_policy(const struct row *old, const struct kube_object *o)
{
    int64_t generation = 0;
    (void)json_int(json_get_path(o->json, "metadata", "generation", NULL), &generation);
    return row_policy_is(old, o->uid, generation);
}

static int put_object(struct snapshot_feed *f, const struct kube_object *o, struct strview text,
                      struct err *err)
{
    struct snapshots *s = f->owner;
    CLEANUP(strbuf_done) struct strbuf key = STRBUF(4096);
    put_key(f, o->ns, o->name, &key);
    struct row *old = table_get(s->tables[f->kind], strbuf_view(&key));
    if (old != NULL && f->kind == SNAPSHOT_POLICIES && is_same_policy(old, o)) {
        old->list = f->list;
        return 0;
    }
    if (old == NULL && table_count(s->tables[f->kind]) >= KINDS[f->kind].max) {
        return err_set(err, E_TOO_LARGE, "more than %zu %s", KINDS[f->kind].max,
                       KINDS[f->kind].what);
    }
    struct row *now = make_row(s, f->kind, o, text, err);
    if (now == NULL) {
        return -1;
    }
    int rc = 0;
    if (old != NULL && is_equal(f->kind, old, now)) {
        old->list = f->list;
    } else {
        now->list = f->list;
        rc = take_row(s, f->kind, old, now, err);
        if (rc == 0 && f->kind == SNAPSHOT_POLICIES) {
            tell_faults(now);
        }
    }
    row_unref(now);
    return rc;
}

static int drop_object(struct snapshot_feed *f, const struct kube_object *o, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf key = STRBUF(4096);
    put_key(f, o->ns, o->name, &key);
    struct row *old = table_get(f->owner->tables[f->kind], strbuf_view(&key));
    return old != NULL ? drop_row(f->owner, f->kind, old, err) : 0;
}

/// Whether a row of F's kind is one of those that F tells of.
static bool is_of(const struct snapshot_feed *f, const struct row *r)
{
    return f->ns.len == 0 ||
           sv_eq(f->ns, f->kind == SNAPSHOT_CLUSTERS ? row_cluster_ns(r) : r->keys[ROW_BY_NAME]);
}

/// Takes out what the list that just ended did not have.
static int drop_unseen(struct snapshot_feed *f, struct err *err)
{
    struct snapshots *s = f->owner;
    // A reference of our own: the table is another one as soon as a row is dropped.
    struct table *rows = table_ref(s->tables[f->kind]);
    int rc = 0;
    struct row *r;
    for (struct table_at at = {0}; rc == 0 && (r = table_row(rows, at)) != NULL;
         at = table_next(rows, at)) {
        if (r->list != f->list && is_of(f, r)) {
            rc = drop_row(s, f->kind, r, err);
        }
    }
    table_unref(rows);
    return rc;
}

static int take_text(struct snapshot_feed *f, enum kube_event event, struct strview text,
                     struct err *err)
{
    struct kube_object *o = NULL;
    if (kube_object_new(text, &o, err) != 0) {
        return -1;
    }
    if (o->unreadable && event != KUBE_DELETED) {
        log_warn("only the metadata of an object can be read", KV_STR("of", KINDS[f->kind].what),
                 KV_S("namespace", o->ns), KV_S("name", o->name));
    }
    int rc = event == KUBE_DELETED ? drop_object(f, o, err) : put_object(f, o, text, err);
    kube_object_unref(o);
    return rc;
}

int snapshot_feed_event(void *feed, enum kube_event event, struct strview object, struct err *err)
{
    struct snapshot_feed *f = feed;
    int rc = 0;
    switch (event) {
    case KUBE_RESET_BEGIN:
        f->list = ++f->owner->lists;
        return 0;
    case KUBE_RESET_END:
        rc = drop_unseen(f, err);
        f->whole = f->whole || rc == 0;
        break;
    case KUBE_RESET_ITEM:
    case KUBE_ADDED:
    case KUBE_MODIFIED:
    case KUBE_DELETED:
        rc = take_text(f, event, object, err);
        break;
    }
    return rc == 0 ? publish_whole(f->owner, err) : rc;
}
