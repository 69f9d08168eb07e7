// SPDX-License-Identifier: Apache-2.0
// The conditions' truth, reason and words.
#include "controller/conditions.h"

#include "controller/conditions_job.h"
#include "controller/waits.h"

#define MESSAGE_MAX        8192 // the schema's end is 32768
#define TROUBLES_SHOWN_MAX 4

#define METADATA_LOST_TEXT                                                                         \
    "the job had checkpoints, its JobManagers are gone, and Flink's HA ConfigMap no longer tells " \
    "of them (or it ended while nobody looked), so a new JobManager would start from nothing and " \
    "none is made: put the ConfigMap back, or start anew with upgradeMode Stateless and another "  \
    "restartNonce"

static const char *const TYPES[CONDITION_COUNT] = {
#define C(id, name, when) [CONDITION_##id] = name,
    STATUS_CONDITIONS(C)
#undef C
};

static const char *const REASONS[REASON_COUNT] = {
#define R(id, name, where, meaning) [REASON_##id] = name,
    STATUS_REASONS(R)
#undef R
};

struct facts {
    struct steps *s;
    const struct reconcile *rc;
    const struct situation *now;
    const struct acceptance *a;
    const struct pod_census *census;
    const int64_t *wanted; // pods by role
    bool runs, ended, complete, stopped;
};

struct strview reason_name(enum condition_reason reason)
{
    return sv_from(REASONS[reason]);
}

const char *condition_type_name(enum condition_type type)
{
    return TYPES[type];
}

const char *condition_value_name(enum condition_value value)
{
    return value == CONDITION_TRUE ? "True" : value == CONDITION_FALSE ? "False" : "Unknown";
}

const struct json *condition_stored(const struct reconcile *rc, enum condition_type type)
{
    json_each(c, json_get_lit(rc->observed->cluster.status, "conditions")) {
        if (sv_eq_lit(json_get_string(c, SV("type")), TYPES[type])) {
            return c;
        }
    }
    return NULL;
}

bool condition_has(const struct condition *c, enum condition_reason reason)
{
    return sv_eq_lit(c->reason, REASONS[reason]);
}

struct condition condition_make(enum condition_value value, enum condition_reason reason,
                                struct strview message)
{
    return (struct condition){.value = value, .reason = reason_name(reason), .message = message};
}

struct standing standing_of(const struct reconcile *rc, const struct situation *now)
{
    const struct pod_census *c = &now->census;
    const int64_t *wanted = now->desired.pods;
    bool alone = c->old == 0 && c->surplus == 0;
    struct standing ret = {.runs = !rc->observed->deleting && now->acceptance->has_last &&
                                   record_runs(&now->acceptance->last)};
    ret.ended = ret.runs && now->job.ended;
    ret.complete = ret.runs && alone && c->ready[POD_JOB_MANAGER] >= wanted[POD_JOB_MANAGER] &&
                   c->ready[POD_TASK_MANAGER] >= wanted[POD_TASK_MANAGER];
    // What is left of an ended job's pods need not be ready any more.
    ret.complete = ret.ended ? alone : ret.complete;
    ret.stopped = !ret.runs && alone;
    return ret;
}

static struct facts facts_of(struct steps *s, const struct situation *now)
{
    const struct standing st = standing_of(s->rc, now);
    return (struct facts){.s = s,
                          .rc = s->rc,
                          .now = now,
                          .a = now->acceptance,
                          .census = &now->census,
                          .wanted = now->desired.pods,
                          .runs = st.runs,
                          .ended = st.ended,
                          .complete = st.complete,
                          .stopped = st.stopped};
}

static struct strview ready_text(const struct facts *f)
{
    const struct pod_census *c = f->census;
    return arena_printf(
        f->rc->arena, "%lld of %lld JobManagers and %lld of %lld TaskManagers are ready",
        (long long)c->ready[POD_JOB_MANAGER], (long long)f->wanted[POD_JOB_MANAGER],
        (long long)c->ready[POD_TASK_MANAGER], (long long)f->wanted[POD_TASK_MANAGER]);
}

/// Pods' troubles of SEVERITY, the worst first.
static struct strview troubles_text(const struct facts *f, enum trouble_severity severity)
{
    struct strbuf b = STRBUF(MESSAGE_MAX);
    (void)census_troubles_put(&b, f->census, severity, TROUBLES_SHOWN_MAX);
    return text_take(f->rc->arena, &b);
}

void condition_add_fault(const struct reconcile *rc, struct condition *c,
                         enum condition_reason reason, struct strview text)
{
    if (c->value == CONDITION_FALSE) {
        *c = condition_make(CONDITION_TRUE, reason, text);
    } else {
        c->message = arena_printf(rc->arena, "%.*s; %.*s", SV_ARG(c->message), SV_ARG(text));
    }
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
    if (f->a->verdict == ACCEPT_UNDECIDED) {
        return condition_make(CONDITION_UNKNOWN, REASON_POLICIES_UNKNOWN, f->a->waits);
    }
    if (f->a->verdict == ACCEPT_REJECTED) {
        return condition_make(CONDITION_FALSE, REASON_INVALID, faults_text(f->rc, &f->a->faults));
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
    return condition_make(CONDITION_TRUE, REASON_ACCEPTED, text_take(f->rc->arena, &b));
}

// ---- Reconciling, Stalled, Ready ----------------------------------------------------

static struct condition derive_reconciling(const struct facts *f)
{
    const struct pod_census *c = f->census;
    struct arena *arena = f->rc->arena;
    if (f->rc->observed->deleting) {
        return condition_make(
            CONDITION_TRUE, REASON_DELETING,
            arena_printf(arena,
                         "it is being deleted; %lld pods have not ended, and %zu of Flink's HA "
                         "ConfigMaps are there",
                         (long long)(c->old + c->surplus), f->rc->observed->ha.n));
    }
    if (f->a->verdict == ACCEPT_WAITS || f->a->verdict == ACCEPT_UNDECIDED) {
        return condition_make(
            CONDITION_TRUE,
            f->a->verdict == ACCEPT_WAITS ? REASON_WAITING : REASON_POLICIES_UNKNOWN, f->a->waits);
    }
    if (!f->a->has_last) {
        return condition_make(CONDITION_FALSE, REASON_NOT_ACCEPTED,
                              SV("no generation was accepted yet, so there is nothing to do"));
    }
    if (f->runs && c->old > 0) {
        return condition_make(
            CONDITION_TRUE, REASON_STOPPING_OLD,
            arena_printf(arena,
                         "%lld pods of an older revision have not ended; the new ones "
                         "start after that",
                         (long long)c->old));
    }
    if (f->runs && !f->ended && !f->complete) {
        bool waits = c->sum[TROUBLE_WAITS] > 0;
        return condition_make(CONDITION_TRUE, REASON_STARTING,
                              waits ? arena_printf(arena, "%.*s; %.*s", SV_ARG(ready_text(f)),
                                                   SV_ARG(troubles_text(f, TROUBLE_WAITS)))
                                    : ready_text(f));
    }
    if (f->ended ? !f->complete : !f->runs && !f->stopped) {
        return condition_make(
            CONDITION_TRUE, REASON_STOPPING,
            arena_printf(arena, "%lld pods have not ended", (long long)(c->old + c->surplus)));
    }
    return condition_make(CONDITION_FALSE, REASON_UP_TO_DATE,
                          SV("the objects are as the accepted spec says"));
}

static struct condition derive_stalled(const struct facts *f, const struct condition *job)
{
    const struct observed *o = f->rc->observed;
    if (f->a->verdict == ACCEPT_REJECTED) {
        return condition_make(CONDITION_TRUE, REASON_NOT_ACCEPTED,
                              f->a->has_last
                                  ? SV("the spec breaks rules (see Accepted); the last accepted "
                                       "generation goes on")
                                  : SV("the spec breaks rules (see Accepted)"));
    }
    if (o->n_refused > 0) {
        struct strbuf b = STRBUF(MESSAGE_MAX);
        observed_refused_put(&b, o);
        return condition_make(CONDITION_TRUE,
                              o->refused[0].foreign ? REASON_FOREIGN_OBJECT : REASON_CHILD_REFUSED,
                              text_take(f->rc->arena, &b));
    }
    if (f->runs && f->now->job.metadata_lost) {
        return condition_make(CONDITION_TRUE, REASON_METADATA_LOST, SV(METADATA_LOST_TEXT));
    }
    if (f->runs && !f->ended && f->census->sum[TROUBLE_STUCK] > 0) {
        return condition_make(CONDITION_TRUE, REASON_PODS_STUCK, troubles_text(f, TROUBLE_STUCK));
    }
    if (f->ended && !condition_has(job, REASON_FINISHED)) {
        return (struct condition){CONDITION_TRUE, job->reason, job->message};
    }
    return condition_make(CONDITION_FALSE, REASON_NOTHING_IN_THE_WAY, SV("nothing is in the way"));
}

static struct condition as_false(const struct condition *c)
{
    return (struct condition){CONDITION_FALSE, c->reason, c->message};
}

static struct condition derive_ready(const struct facts *f, const struct condition *all)
{
    const struct condition *job = &all[CONDITION_JOB_RUNNING];
    if (all[CONDITION_STALLED].value == CONDITION_TRUE) {
        return as_false(&all[CONDITION_STALLED]);
    }
    if (all[CONDITION_RECONCILING].value == CONDITION_TRUE) {
        return as_false(&all[CONDITION_RECONCILING]);
    }
    if (f->ended) {
        return condition_make(CONDITION_TRUE, REASON_FINISHED, job->message);
    }
    if (f->stopped) {
        return condition_make(CONDITION_TRUE, REASON_SUSPENDED,
                              SV("suspended: no pods, as the spec says"));
    }
    // What nobody knows keeps nobody waiting: the pods' own probes say that they are ready.
    if (job->value == CONDITION_FALSE || condition_has(job, REASON_NO_LEADER)) {
        return as_false(job);
    }
    return condition_make(CONDITION_TRUE, REASON_PODS_READY, ready_text(f));
}

// ---- Available, JobRunning, Degraded ------------------------------------------------

/// Why no pods are wanted.
static struct condition make_idle(const struct facts *f)
{
    return condition_make(CONDITION_FALSE,
                          f->rc->observed->deleting ? REASON_DELETING
                          : f->a->has_last          ? REASON_SUSPENDED
                                                    : REASON_NOT_ACCEPTED,
                          SV("no pods are wanted"));
}

static struct condition derive_available(const struct facts *f, const struct condition *job)
{
    if (!f->runs) {
        return make_idle(f);
    }
    if (f->ended) {
        return as_false(job);
    }
    const struct flink_effective *e = &f->a->last.effective;
    int64_t needed = e->session ? 1 : e->numbers.needed;
    bool enough =
        f->census->ready[POD_JOB_MANAGER] > 0 && f->census->ready[POD_TASK_MANAGER] >= needed;
    if (enough) {
        return condition_make(CONDITION_TRUE, REASON_ENOUGH_PODS,
                              SV("a JobManager and the slots that are needed are ready"));
    }
    return condition_make(CONDITION_FALSE, REASON_NOT_ENOUGH_PODS, ready_text(f));
}

static struct condition derive_job(const struct facts *f)
{
    if (!f->runs) {
        return make_idle(f);
    }
    if (f->a->last.effective.session) {
        return condition_make(CONDITION_UNKNOWN, REASON_SESSION_CLUSTER,
                              SV("a session cluster has no job of its own"));
    }
    return job_condition(f->s, f->now);
}

/// Whether the status tells of a fault that only Flink can tell of, while Flink wasn't asked yet.
static bool keeps_fault(const struct facts *f, const struct json *stored)
{
    struct strview reason = json_get_string(stored, SV("reason"));
    bool from_flink =
        sv_eq(reason, reason_name(REASON_VERSION)) || sv_eq(reason, reason_name(REASON_RESTARTS));
    bool same_run = f->now->job.stored != NULL || f->a->last.effective.session;
    return from_flink && same_run && f->now->job.flink == NULL;
}

static struct condition derive_degraded(const struct facts *f, const struct condition *job)
{
    const struct pod_census *c = f->census;
    const struct json *stored = condition_stored(f->rc, CONDITION_DEGRADED);
    struct condition ret =
        condition_make(CONDITION_FALSE, REASON_NO_FAILURES, SV("nothing is wrong"));
    if (!f->runs) {
        return ret;
    }
    if (f->now->job.metadata_lost) {
        condition_add_fault(f->rc, &ret, REASON_METADATA_LOST, SV(METADATA_LOST_TEXT));
    }
    if (!f->ended && c->sum[TROUBLE_STUCK] > 0) {
        condition_add_fault(f->rc, &ret, REASON_PODS_STUCK, troubles_text(f, TROUBLE_STUCK));
    }
    if (!f->ended && c->sum[TROUBLE_FAILS] > 0) {
        condition_add_fault(f->rc, &ret, REASON_PODS_FAILING, troubles_text(f, TROUBLE_FAILS));
    }
    job_faults_add(f->s, f->now, job, &ret);
    if (!f->ended && c->failing == 0 && c->waiting > 0) {
        condition_add_fault(f->rc, &ret, REASON_PODS_BACK_OFF,
                            arena_printf(f->rc->arena, "%lld places wait before their next pod",
                                         (long long)c->waiting));
    }
    if (ret.value == CONDITION_FALSE && keeps_fault(f, stored)) {
        return (struct condition){CONDITION_TRUE, json_get_string(stored, SV("reason")),
                                  json_get_string(stored, SV("message"))};
    }
    return ret;
}

void conditions_derive(struct steps *s, const struct situation *now, struct condition *ret)
{
    const struct facts f = facts_of(s, now);
    ret[CONDITION_JOB_RUNNING] = derive_job(&f);
    const struct condition *job = &ret[CONDITION_JOB_RUNNING];
    ret[CONDITION_ACCEPTED] = derive_accepted(&f);
    ret[CONDITION_RECONCILING] = derive_reconciling(&f);
    ret[CONDITION_STALLED] = derive_stalled(&f, job);
    ret[CONDITION_READY] = derive_ready(&f, ret);
    ret[CONDITION_AVAILABLE] = derive_available(&f, job);
    ret[CONDITION_DEGRADED] = derive_degraded(&f, job);
    for (int i = 0; i < CONDITION_COUNT; i++) {
        ret[i].message = text_line(s->rc->arena, ret[i].message);
    }
}
