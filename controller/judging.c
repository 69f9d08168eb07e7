// SPDX-License-Identifier: Apache-2.0
#include "controller/judging.h"

// ---- the world ----------------------------------------------------------------------------------

static bool namespace_labels(const void *ctx, struct strview ns, struct labels *ret)
{
    const struct judging *j = ctx;
    const struct policy_world *w = snapshot_world(j->snap);
    return w->namespace_labels != NULL && w->namespace_labels(w->ctx, ns, ret);
}

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    const struct judging *j = ctx;
    return claims_role_user(j->claims, key, self, ret);
}

static int64_t namespace_parallelism(const void *ctx, struct strview ns, struct strview name)
{
    const struct judging *j = ctx;
    return claims_parallelism(j->claims, ns, name);
}

static bool cluster_exists(const void *ctx, struct strview ns, struct strview name)
{
    const struct judging *j = ctx;
    return cache_has_cluster(j->cache, ns, name);
}

// ---- one look -----------------------------------------------------------------------------------

void judging_begin(struct judging *j, bool decides, struct plan_settings *settings)
{
    j->decides = decides && j->snapshots != NULL;
    j->alone = false;
    j->pending = 0;
    j->snap = j->decides ? snapshots_take(j->snapshots) : NULL;
    if (!j->decides) {
        return;
    }
    const struct policy_set *set = j->snap != NULL ? snapshot_policies(j->snap) : NULL;
    j->alone = set != NULL && (set->needs_roles || set->needs_totals);
    j->world = (struct policy_world){
        .ctx = j,
        .namespace_labels = j->snap != NULL ? namespace_labels : NULL,
        .role_user = j->alone ? role_user : NULL,
        .namespace_parallelism = j->alone ? namespace_parallelism : NULL,
        .cluster_exists = cluster_exists,
    };
    j->policies = (struct plan_policies){.set = set, .world = &j->world};
    settings->policies = &j->policies;
    if (j->alone) {
        claims_begin(j->claims);
    }
}

static int note(struct judging *j, struct strview ns, struct strview name,
                const struct actions *plan, struct err *err)
{
    if (plan == NULL || plan->decision == PLAN_DECIDES_NOTHING) {
        return 0;
    }
    switch (claims_decided(j->claims, ns, name, plan->decision, &plan->claim)) {
    case CLAIMS_OK:
        return 0;
    case CLAIMS_PENDING:
        j->pending = claims_pending(j->claims, ns, name);
        return err_set(err, E_CONFLICT, "a record that was decided on is not in sight yet");
    case CLAIMS_BEHIND:
        return err_set(err, E_CONFLICT, "a record is there that was not looked at");
    case CLAIMS_NO_MEMORY:
        return err_set(err, E_NOMEM, "no memory for a claim");
    }
    return 0;
}

int judging_end(struct judging *j, struct strview ns, struct strview name,
                const struct actions *plan, struct err *err)
{
    if (!j->decides) {
        return 0;
    }
    if (!j->alone) {
        claims_begin(j->claims);
    }
    int rc = note(j, ns, name, plan, err);
    claims_end(j->claims);
    // The cluster may have gone before its claim was noted, and so have kept it.
    if (rc == 0 && plan != NULL && plan->decision != PLAN_DECIDES_NOTHING &&
        !cache_has_cluster(j->cache, ns, name)) {
        rc = claims_gone(j->claims, ns, name, err);
    }
    snapshot_unref(j->snap);
    return rc;
}
