// SPDX-License-Identifier: Apache-2.0
#include "controller/claims.h"

#include <pthread.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/world/clusters.h"
#include "common/world/row_cluster.h"

struct claims {
    pthread_mutex_t lock;
    struct queue *queue;
    struct clusters seen, decided, refused;
};

int claims_new(struct queue *queue, struct claims **ret, struct err *err)
{
    struct claims *c = mem_alloc(sizeof(*c));
    if (c == NULL) {
        return err_set(err, E_NOMEM, "no memory for the claims");
    }
    *c = (struct claims){.queue = queue};
    pthread_mutex_init(&c->lock, NULL);
    if (clusters_init(&c->seen, err) != 0 || clusters_init(&c->decided, err) != 0 ||
        clusters_init(&c->refused, err) != 0) {
        claims_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void claims_free(struct claims *c)
{
    if (c != NULL) {
        clusters_done(&c->seen);
        clusters_done(&c->decided);
        clusters_done(&c->refused);
        pthread_mutex_destroy(&c->lock);
        mem_free(c);
    }
}

// ---- looking again ------------------------------------------------------------------------------

static void queue_row(struct claims *c, const struct row *r)
{
    char text[QUEUE_KEY_MAX];
    struct strview ns = row_cluster_ns(r), name = row_cluster_name(r);
    if (ns.len + 1 + name.len < sizeof(text)) {
        memcpy(text, ns.ptr, ns.len);
        text[ns.len] = '/';
        memcpy(text + ns.len + 1, name.ptr, name.len);
        (void)queue_add(c->queue, sv_make(text, ns.len + 1 + name.len), QUEUE_CHANGE);
    }
}

static void again_in_namespace(struct claims *c, struct strview ns)
{
    size_t n = 0;
    const struct row *r;
    for (struct table_at at = clusters_of_namespace(&c->refused, ns);
         n++ < CLAIMS_AGAIN_MAX && (r = table_row(c->refused.names, at)) != NULL &&
         clusters_in_namespace(r, ns);
         at = table_next(c->refused.names, at)) {
        queue_row(c, r);
    }
}

static void again_with_role(struct claims *c, struct strview role)
{
    size_t n = 0;
    const struct row *r;
    for (struct table_at at = clusters_of_role(&c->refused, role);
         n++ < CLAIMS_AGAIN_MAX && (r = table_row(c->refused.roles, at)) != NULL &&
         clusters_has_role(r, role);
         at = table_next(c->refused.roles, at)) {
        queue_row(c, r);
    }
}

static struct strview role_of(const struct row *r)
{
    struct strview key = r != NULL ? r->keys[ROW_BY_ROLE] : SV_NONE;
    return sv_present(key) ? sv_sub(key, 0, sv_find_char(key, '\0')) : SV_NONE;
}

/// A row gave way to NOW (NULL: to nothing): who was refused may have waited for what it had.
static void tell_freed(struct claims *c, const struct row *was, const struct row *now)
{
    struct strview role = role_of(was);
    if (sv_present(role) && (now == NULL || !sv_eq(role, role_of(now)))) {
        again_with_role(c, role);
    }
    if (now == NULL || now->weight < was->weight) {
        again_in_namespace(c, row_cluster_ns(was));
    }
}

/// Takes a name out of LIST, one of C's.
static bool drop(struct claims *c, struct clusters *list, struct strview ns, struct strview name)
{
    struct row *was = clusters_get(list, ns, name);
    if (was == NULL) {
        return true;
    }
    row_ref(was);
    bool ok = clusters_drop(list, ns, name);
    if (ok && list != &c->refused) {
        tell_freed(c, was, NULL);
    }
    row_unref(was);
    return ok;
}

static bool put(struct claims *c, struct clusters *list, struct strview ns, struct strview name,
                const struct claim *claim)
{
    struct row *now = clusters_row_new(ns, name, claim->role, claim->parallelism, claim->number);
    struct row *was = clusters_get(list, ns, name);
    if (now == NULL) {
        return false;
    }
    if (was != NULL) {
        row_ref(was);
    }
    bool ok = clusters_put(list, now);
    if (ok && was != NULL && list != &c->refused) {
        tell_freed(c, was, now);
    }
    row_unref(was);
    row_unref(now);
    return ok;
}

// ---- what the watches show ----------------------------------------------------------------------

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "no memory for a claim");
}

int claims_saw(struct claims *c, struct strview ns, struct strview name, const struct claim *claim,
               struct err *err)
{
    pthread_mutex_lock(&c->lock);
    bool ok = claim != NULL ? put(c, &c->seen, ns, name, claim) : drop(c, &c->seen, ns, name);
    // Its owner is looked at for the record, and is refused again if it is.
    ok = ok && drop(c, &c->refused, ns, name);
    const struct row *decided = clusters_get(&c->decided, ns, name);
    if (ok && claim != NULL && decided != NULL && clusters_row_number(decided) <= claim->number) {
        ok = drop(c, &c->decided, ns, name);
    }
    pthread_mutex_unlock(&c->lock);
    return ok ? 0 : no_memory(err);
}

int64_t claims_number(struct claims *c, struct strview ns, struct strview name)
{
    pthread_mutex_lock(&c->lock);
    const struct row *r = clusters_get(&c->seen, ns, name);
    int64_t number = r != NULL ? clusters_row_number(r) : 0;
    pthread_mutex_unlock(&c->lock);
    return number;
}

int claims_gone(struct claims *c, struct strview ns, struct strview name, struct err *err)
{
    pthread_mutex_lock(&c->lock);
    bool ok = drop(c, &c->refused, ns, name);
    ok = drop(c, &c->seen, ns, name) && ok;
    ok = drop(c, &c->decided, ns, name) && ok;
    // Its account may be what another was refused for, whether it had a claim or not.
    again_in_namespace(c, ns);
    pthread_mutex_unlock(&c->lock);
    return ok ? 0 : no_memory(err);
}

void claims_look_again(struct claims *c)
{
    pthread_mutex_lock(&c->lock);
    struct row *r;
    for (struct table_at at = {0}; (r = table_row(c->refused.names, at)) != NULL;
         at = table_next(c->refused.names, at)) {
        queue_row(c, r);
    }
    pthread_mutex_unlock(&c->lock);
}

// ---- deciding -----------------------------------------------------------------------------------

void claims_begin(struct claims *c)
{
    pthread_mutex_lock(&c->lock);
}

void claims_end(struct claims *c)
{
    pthread_mutex_unlock(&c->lock);
}

static bool is_before(const struct policy_cluster_id *a, const struct policy_cluster_id *b)
{
    int by_ns = sv_cmp(a->ns, b->ns);
    return by_ns != 0 ? by_ns < 0 : sv_cmp(a->name, b->name) < 0;
}

bool claims_role_user(const struct claims *c, struct strview role,
                      const struct policy_cluster_id *self, struct policy_cluster_id *ret)
{
    struct policy_cluster_id decided;
    bool is_seen = clusters_role_user(&c->seen, role, self, ret);
    bool is_decided = clusters_role_user(&c->decided, role, self, &decided);
    if (is_decided && (!is_seen || is_before(&decided, ret))) {
        *ret = decided;
    }
    return is_seen || is_decided;
}

int64_t claims_parallelism(const struct claims *c, struct strview ns, struct strview but)
{
    int64_t sum = clusters_parallelism(&c->seen, ns, but);
    // Of what is recorded and what is decided the larger counts, for either may come to be.
    const struct row *r;
    for (struct table_at at = clusters_of_namespace(&c->decided, ns);
         (r = table_row(c->decided.names, at)) != NULL && clusters_in_namespace(r, ns);
         at = table_next(c->decided.names, at)) {
        struct strview name = row_cluster_name(r);
        const struct row *seen = clusters_get(&c->seen, ns, name);
        int64_t had = seen != NULL ? seen->weight : 0;
        if (!sv_eq(name, but) && r->weight > had) {
            sum += r->weight - had;
        }
    }
    return sum;
}

static bool is_same(const struct row *r, const struct claim *claim)
{
    struct strview role = claim->role.len != 0 ? claim->role : SV_NONE;
    return clusters_row_number(r) == claim->number && r->weight == claim->parallelism &&
           sv_present(role_of(r)) == sv_present(role) && sv_eq(role_of(r), role);
}

enum claims_answer claims_decided(struct claims *c, struct strview ns, struct strview name,
                                  enum plan_decision decision, const struct claim *claim)
{
    const struct row *before = clusters_get(&c->decided, ns, name);
    bool records = decision == PLAN_RECORDS;
    if (before != NULL && !(records && is_same(before, claim))) {
        return CLAIMS_PENDING;
    }
    const struct row *seen = clusters_get(&c->seen, ns, name);
    if (records && seen != NULL && clusters_row_number(seen) >= claim->number) {
        return CLAIMS_BEHIND;
    }
    if (records) {
        return put(c, &c->decided, ns, name, claim) && drop(c, &c->refused, ns, name)
                   ? CLAIMS_OK
                   : CLAIMS_NO_MEMORY;
    }
    if (table_count(c->refused.names) >= CLAIMS_REFUSED_MAX &&
        clusters_get(&c->refused, ns, name) == NULL) {
        return CLAIMS_OK; // the resync brings it back
    }
    return put(c, &c->refused, ns, name, claim) ? CLAIMS_OK : CLAIMS_NO_MEMORY;
}

int64_t claims_pending(const struct claims *c, struct strview ns, struct strview name)
{
    const struct row *r = clusters_get(&c->decided, ns, name);
    return r != NULL ? clusters_row_number(r) : 0;
}

void claims_failed(struct claims *c, struct strview ns, struct strview name)
{
    pthread_mutex_lock(&c->lock);
    if (!drop(c, &c->decided, ns, name)) {
        log_error("no memory to give a claim back", KV_S("namespace", ns), KV_S("name", name));
    }
    pthread_mutex_unlock(&c->lock);
}

void claims_read_stats(struct claims *c, struct claims_stats *ret)
{
    pthread_mutex_lock(&c->lock);
    *ret = (struct claims_stats){.held = table_count(c->seen.names),
                                 .decided = table_count(c->decided.names),
                                 .refused = table_count(c->refused.names)};
    pthread_mutex_unlock(&c->lock);
}
