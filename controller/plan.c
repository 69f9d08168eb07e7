// SPDX-License-Identifier: Apache-2.0
#include "controller/plan.h"

#include "controller/accept.h"
#include "controller/ask.h"
#include "controller/desired.h"
#include "controller/plan_children.h"
#include "controller/plan_delete.h"
#include "controller/plan_ha.h"
#include "controller/plan_pods.h"
#include "controller/status.h"
#include "controller/steps.h"

/// Everything beneath the record: from what is accepted to what should stand.
static int plan_record(struct steps *s, const struct acceptance *a, struct situation *now,
                       struct err *err)
{
    if (a->last.format > s->rc->settings->render_format) {
        return err_set(err, E_INVALID, "render format %u is of a newer Sluice: nothing is touched",
                       a->last.format);
    }
    job_read(s->rc, &a->last, &now->job);
    if (desired_make(s->rc, &a->last, &now->desired, err) != 0) {
        return -1;
    }
    job_limit(s->rc, &now->pods, &now->job, &now->desired);
    pods_count(s->rc, &now->desired, &now->pods, &now->census);
    ask_make(s->rc, now, &s->out->ask);
    if (status_plan(s, now, err) != 0 || plan_children(s, &now->desired, false, err) != 0) {
        return -1;
    }
    if (!plan_children_hold_pods(s->rc->observed, &now->desired) &&
        !plan_ha_blocks(s, &now->desired, &now->pods) &&
        plan_pods(s, &now->desired, &now->pods, &now->census, err) != 0) {
        return -1;
    }
    plan_cleanup(s, &now->desired, &now->pods);
    if (plan_record_labels(s, &a->last, err) != 0 ||
        plan_children(s, &now->desired, true, err) != 0) {
        return -1;
    }
    // Last: what fails here keeps no pod from being made. (A new cluster has its finalizer since
    // before its first record; here it is for one of an older Sluice.)
    plan_finalizer(s);
    plan_ha(s, &now->desired, &now->pods);
    return arena_check(s->rc->arena, err);
}

static bool is_record_refused(const struct observed *o)
{
    for (size_t i = 0; i < o->n_refused; i++) {
        if (o->refused[i].kind == CHILD_REVISION) {
            return true;
        }
    }
    return false;
}

/// What the shell is told of a generation that was judged.
static void tell_decision(const struct reconcile *rc, const struct acceptance *a,
                          struct actions *ret)
{
    const struct flink_cluster *c = &rc->observed->cluster;
    struct flink_effective e;
    switch (a->verdict) {
    case ACCEPT_IN_EFFECT:
        return;
    case ACCEPT_RECORD:
        ret->decision = PLAN_RECORDS;
        ret->claim = claim_of(&a->next.cluster, &a->next.effective, rc->arena);
        ret->claim.number = a->next.number;
        return;
    case ACCEPT_REJECTED:
    case ACCEPT_UNDECIDED:
    case ACCEPT_WAITS:
        ret->decision = a->verdict == ACCEPT_REJECTED ? PLAN_REFUSES : PLAN_POSTPONES;
        flink_effective_read(c, rc->arena, NULL, &e);
        ret->claim = claim_of(c, &e, rc->arena);
        return;
    }
}

int plan_make(const struct observed *observed, const struct plan_settings *settings,
              struct arena *arena, struct actions *ret, struct err *err)
{
    const struct reconcile rc = {.observed = observed, .settings = settings, .arena = arena};
    struct steps s = {.rc = &rc, .out = ret};
    struct acceptance a;
    *ret = (struct actions){0};
    if (observed->deleting) {
        return plan_delete(&s, err);
    }
    if (accept_decide(&rc, &a, err) != 0) {
        return -1;
    }
    tell_decision(&rc, &a, ret);
    struct situation now = {.acceptance = &a};
    pods_read(&rc, &now.pods);
    // What is to be recorded becomes the truth only when it is seen recorded: another controller,
    // or a view that is behind, can't have written the same entry with other words. While the API
    // server refuses it (a quota), what was accepted last goes on, and the status tells why.
    bool records = a.verdict == ACCEPT_RECORD;
    if ((!records || is_record_refused(observed)) &&
        (a.has_last ? plan_record(&s, &a, &now, err) : status_plan(&s, &now, err)) != 0) {
        return -1;
    }
    if (records) {
        if (!a.has_last) {
            plan_finalizer(&s);
        }
        steps_create(&s, CHILD_REVISION,
                     record_name_make(arena, observed->cluster.name, a.next.number),
                     record_text(&rc, &a.next));
    }
    return arena_check(arena, err);
}
