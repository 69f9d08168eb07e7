// SPDX-License-Identifier: Apache-2.0
// The conditions' truth, reason and words.
#include "controller/conditions.h"

#include "controller/waits.h"

#define MESSAGE_MAX 8192 // the schema's end is 32768

struct facts {
    const struct reconcile *rc;
    const struct situation *now;
    const struct acceptance *a;
    const struct pod_census *census;
    const int64_t *wanted; // pods by role
    bool runs;             // pods are wanted
    bool complete;         // exactly the wanted pods stand, and all are ready
    bool stopped;          // no pods are wanted, and none is left
};

static struct facts facts_of(const struct reconcile *rc, const struct situation *now)
{
    struct facts f = {.rc = rc,
                      .now = now,
                      .a = now->acceptance,
                      .census = &now->census,
                      .wanted = now->desired.pods};
    const struct pod_census *c = f.census;
    bool alone = c->old == 0 && c->surplus == 0;
    f.runs = f.a->has_last && record_runs(&f.a->last);
    f.complete = f.runs && alone && c->ready[POD_JOB_MANAGER] >= f.wanted[POD_JOB_MANAGER] &&
                 c->ready[POD_TASK_MANAGER] >= f.wanted[POD_TASK_MANAGER];
    f.stopped = !f.runs && alone;
    return f;
}

static struct condition make(enum condition_value value, const char *reason, struct strview message)
{
    return (struct condition){.value = value, .reason = reason, .message = message};
}

static struct strview ready_text(const struct facts *f)
{
    const struct pod_census *c = f->census;
    return arena_printf(
        f->rc->arena, "%lld of %lld JobManagers and %lld of %lld TaskManagers are ready",
        (long long)c->ready[POD_JOB_MANAGER], (long long)f->wanted[POD_JOB_MANAGER],
        (long long)c->ready[POD_TASK_MANAGER], (long long)f->wanted[POD_TASK_MANAGER]);
}

// ---- Accepted -----------------------------------------------------------------------

static struct strview faults_text(const struct reconcile *rc, const struct violations *faults)
{
    struct strbuf b = STRBUF(MESSAGE_MAX * 4);
    size_t shown = 0;
    for (size_t i = 0; i < faults->count && b.len < MESSAGE_MAX; i++) {
        const struct violation *v = &faults->items[i];
        if (v->severity == SEVERITY_DENY) {
            strbuf_put_str(&b, shown++ > 0 ? "; " : "");
            strbuf_put(&b, v->path);
            strbuf_put_str(&b, ": ");
            strbuf_put(&b, sv_sub(v->message, 0, 1024));
        }
    }
    if (shown < faults->denials) {
        strbuf_printf(&b, "; and %zu more", faults->denials - shown);
    }
    return text_take(rc->arena, &b);
}

static struct condition derive_accepted(const struct facts *f)
{
    if (f->a->verdict == ACCEPT_REJECTED) {
        return make(CONDITION_FALSE, "Invalid", faults_text(f->rc, &f->a->faults));
    }
    struct strbuf b = STRBUF(MESSAGE_MAX);
    struct strbuf fields = STRBUF(MESSAGE_MAX);
    size_t n = waits_put(&fields, f->rc->observed->cluster.spec.self);
    strbuf_printf(&b, "the spec keeps all rules");
    if (n > 0) {
        strbuf_put_str(&b, "; set, but only a later release acts on it: ");
        strbuf_put(&b, strbuf_view(&fields));
    }
    if (n > WAITS_SHOWN_MAX) {
        strbuf_printf(&b, " and %zu more", n - WAITS_SHOWN_MAX);
    }
    strbuf_done(&fields);
    return make(CONDITION_TRUE, "Accepted", text_take(f->rc->arena, &b));
}

// ---- Reconciling, Stalled, Ready ----------------------------------------------------

static struct condition derive_reconciling(const struct facts *f)
{
    const struct pod_census *c = f->census;
    struct arena *arena = f->rc->arena;
    if (f->a->verdict == ACCEPT_WAITS) {
        return make(CONDITION_TRUE, "WaitingForUpgradeSupport", f->a->waits);
    }
    if (!f->a->has_last) {
        return make(CONDITION_FALSE, "NotAccepted",
                    SV("no generation was accepted yet, so there is nothing to do"));
    }
    if (f->runs && c->old > 0) {
        return make(CONDITION_TRUE, "StoppingOldPods",
                    arena_printf(arena,
                                 "%lld pods of an older revision have not ended; the new ones "
                                 "start after that",
                                 (long long)c->old));
    }
    if (f->runs && !f->complete) {
        return make(CONDITION_TRUE, "StartingPods", ready_text(f));
    }
    if (!f->runs && !f->stopped) {
        return make(
            CONDITION_TRUE, "StoppingPods",
            arena_printf(arena, "%lld pods have not ended", (long long)(c->old + c->surplus)));
    }
    return make(CONDITION_FALSE, "UpToDate", SV("the objects are as the accepted spec says"));
}

static struct condition derive_stalled(const struct facts *f)
{
    const struct observed *o = f->rc->observed;
    if (f->a->verdict == ACCEPT_REJECTED) {
        return make(CONDITION_TRUE, "NotAccepted",
                    f->a->has_last ? SV("the spec breaks rules (see Accepted); the last accepted "
                                        "generation goes on")
                                   : SV("the spec breaks rules (see Accepted)"));
    }
    if (o->n_refused > 0) {
        const struct refused_child *r = &o->refused[0];
        return make(CONDITION_TRUE, r->foreign ? "ForeignObject" : "ChildRefused",
                    arena_printf(f->rc->arena, "%s %.*s: %.*s", CHILD_KIND_INFO[r->kind].kind,
                                 SV_ARG(r->name), SV_ARG(sv_sub(r->message, 0, 1024))));
    }
    return make(CONDITION_FALSE, "NothingInTheWay", SV("nothing is in the way"));
}

static struct condition derive_ready(const struct facts *f, const struct condition *all)
{
    if (all[CONDITION_STALLED].value == CONDITION_TRUE) {
        return make(CONDITION_FALSE, all[CONDITION_STALLED].reason, all[CONDITION_STALLED].message);
    }
    if (all[CONDITION_RECONCILING].value == CONDITION_TRUE) {
        return make(CONDITION_FALSE, all[CONDITION_RECONCILING].reason,
                    all[CONDITION_RECONCILING].message);
    }
    if (f->stopped) {
        return make(CONDITION_TRUE, "Suspended", SV("suspended: no pods, as the spec says"));
    }
    return make(CONDITION_TRUE, "PodsReady", ready_text(f));
}

// ---- Available, JobRunning, Degraded ------------------------------------------------

static struct condition derive_available(const struct facts *f)
{
    if (!f->runs) {
        return make(CONDITION_FALSE, f->a->has_last ? "Suspended" : "NotAccepted",
                    SV("no pods are wanted"));
    }
    const struct flink_effective *e = &f->a->last.effective;
    int64_t needed = e->session ? 1 : e->numbers.needed;
    bool enough =
        f->census->ready[POD_JOB_MANAGER] > 0 && f->census->ready[POD_TASK_MANAGER] >= needed;
    if (enough) {
        return make(CONDITION_TRUE, "EnoughPods",
                    SV("a JobManager and the slots that are needed are ready"));
    }
    return make(CONDITION_FALSE, "NotEnoughPods", ready_text(f));
}

static struct condition derive_job(const struct facts *f)
{
    if (!f->runs) {
        return make(CONDITION_FALSE, f->a->has_last ? "Suspended" : "NotAccepted",
                    SV("no pods are wanted"));
    }
    if (f->a->last.effective.session) {
        return make(CONDITION_UNKNOWN, "SessionCluster",
                    SV("a session cluster has no job of its own"));
    }
    return make(CONDITION_UNKNOWN, "NotObserved",
                SV("this release does not read job states from Flink's REST API"));
}

static struct condition derive_degraded(const struct facts *f)
{
    const struct pod_census *c = f->census;
    if (f->runs && c->failing > 0) {
        return make(CONDITION_TRUE, "PodsFailing",
                    arena_printf(f->rc->arena, "%lld pods are failing, such as %.*s",
                                 (long long)c->failing, SV_ARG(c->trouble)));
    }
    if (f->runs && c->waiting > 0) {
        return make(CONDITION_TRUE, "PodsBackOff",
                    arena_printf(f->rc->arena, "%lld places wait before their next pod",
                                 (long long)c->waiting));
    }
    return make(CONDITION_FALSE, "NoFailures", SV("no pod is failing"));
}

void conditions_derive(const struct reconcile *rc, const struct situation *now,
                       struct condition *ret)
{
    const struct facts f = facts_of(rc, now);
    ret[CONDITION_ACCEPTED] = derive_accepted(&f);
    ret[CONDITION_RECONCILING] = derive_reconciling(&f);
    ret[CONDITION_STALLED] = derive_stalled(&f);
    ret[CONDITION_READY] = derive_ready(&f, ret);
    ret[CONDITION_AVAILABLE] = derive_available(&f);
    ret[CONDITION_JOB_RUNNING] = derive_job(&f);
    ret[CONDITION_DEGRADED] = derive_degraded(&f);
}

const char *phase_derive(const struct reconcile *rc, const struct situation *now,
                         const struct condition *conditions)
{
    const struct facts f = facts_of(rc, now);
    bool failing = conditions[CONDITION_DEGRADED].value == CONDITION_TRUE;
    if (!f.a->has_last) {
        return f.a->verdict == ACCEPT_REJECTED ? "Rejected" : "Waiting";
    }
    if (!f.runs) {
        return f.stopped ? "Suspended" : "Suspending";
    }
    if (f.census->old > 0) {
        return "Updating";
    }
    if (failing) {
        return conditions[CONDITION_AVAILABLE].value == CONDITION_TRUE ? "Degraded" : "Failing";
    }
    if (f.complete) {
        return "Running";
    }
    return conditions[CONDITION_AVAILABLE].value == CONDITION_TRUE ? "Scaling" : "Starting";
}
