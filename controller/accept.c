// SPDX-License-Identifier: Apache-2.0
#include "controller/accept.h"

#include "common/flink/decode.h"
#include "common/flink/defaults_note.h"
#include "common/flink/law.h"
#include "common/flink/revision.h"
#include "common/flink/rules.h"
#include "common/json/out.h"
#include "common/policy/check.h"
#include "controller/config.h"
#include "controller/desired.h"
#include "controller/job.h"
#include "controller/names.h"
#include "controller/plan_ha.h"

// ---- the effective spec -------------------------------------------------------------

/// Writes TASK_MANAGERS' object with REPLICAS in it.
static void put_task_manager(const struct json *given, int64_t replicas, struct json_out *o)
{
    json_out_key_object(o, "taskManager");
    json_each(member, given) {
        if (!sv_eq_lit(json_key(member), "replicas")) {
            json_out_key(o, json_key(member));
            json_out_value(o, member);
        }
    }
    json_out_kv_int(o, "replicas", replicas);
    json_out_end_object(o);
}

/// The stored spec with the numbers that the law gives in the place of what stands there.
static struct strview effective_text(const struct reconcile *rc, const struct flink_effective *e)
{
    const struct flink_cluster *c = &rc->observed->cluster;
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    json_out_kv_string(&o, "name", c->name);
    json_out_kv_string(&o, "namespace", c->ns);
    json_out_end_object(&o);
    json_out_key_object(&o, "spec");
    json_each(member, c->spec.self) {
        if (!sv_eq_lit(json_key(member), "parallelism") &&
            !sv_eq_lit(json_key(member), "taskManager")) {
            json_out_key(&o, json_key(member));
            json_out_value(&o, member);
        }
    }
    // Reactive mode takes its parallelism from the TaskManagers.
    if (!e->reactive) {
        json_out_kv_int(&o, "parallelism", e->numbers.parallelism);
    }
    put_task_manager(c->spec.task_manager.self, e->numbers.replicas, &o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

static struct strview pod_hash_of(const struct reconcile *rc, const struct record *r)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    flink_revision_put(&b, &r->cluster, &r->effective, rc->arena);
    struct strview text = text_take(rc->arena, &b);
    char hex[65] = "";
    if (sv_present(text)) {
        rc->settings->hash(text, hex);
    }
    return arena_copy(rc->arena, sv_make(hex, 64));
}

static int set_spec(const struct reconcile *rc, const struct flink_effective *e,
                    struct record *next, struct err *err)
{
    struct strview text = effective_text(rc, e);
    if (!sv_present(text)) {
        return err_set(err, E_NOMEM, "no memory left for the effective spec");
    }
    if (record_set_spec(rc, text, next, err) != 0) {
        return -1;
    }
    next->pod_hash = pod_hash_of(rc, next);
    return arena_check(rc->arena, err);
}

/// Whether the parallelism that E works with came from the law and not from a user.
static bool parallelism_follows(const struct reconcile *rc, const struct flink_effective *e)
{
    const struct flink_cluster *c = &rc->observed->cluster;
    struct flink_note note;
    flink_note_read(c, rc->arena, &note);
    return !e->parallelism_given ||
           (note.parallelism.value != 0 && note.parallelism.value == c->spec.parallelism.v);
}

/// Makes the effective spec and its hash; see the header for session clusters.
static int make_spec(const struct reconcile *rc, const struct record *last, struct record *next,
                     struct err *err)
{
    struct flink_effective e;
    flink_effective_read(&rc->observed->cluster, rc->arena, NULL, &e);
    if (set_spec(rc, &e, next, err) != 0) {
        return -1;
    }
    if (last == NULL || !e.session || sv_eq(next->pod_hash, last->pod_hash) ||
        !parallelism_follows(rc, &e)) {
        return 0;
    }
    struct record kept = *next;
    e.numbers.parallelism = last->effective.numbers.parallelism;
    if (set_spec(rc, &e, &kept, err) != 0) {
        return -1;
    }
    if (sv_eq(kept.pod_hash, last->pod_hash)) {
        *next = kept;
    }
    return 0;
}

// ---- the run ------------------------------------------------------------------------

static bool is_suspended(const struct record *r)
{
    return sv_eq_lit(r->effective.state, "Suspended");
}

#define FOREIGN_RUNS_MAX 100

/// The id of the run that NEXT starts. One whose HA ConfigMaps are there and are not ours (what an
/// earlier cluster of this name left) is passed over, and its number with it.
static struct strview next_run(const struct reconcile *rc, struct record *next)
{
    struct strview run;
    int64_t end = next->number + FOREIGN_RUNS_MAX;
    do {
        run = run_id_make(rc->arena, rc->settings->hash, rc->observed->uid, next->number);
    } while (ha_run_is_foreign(rc->observed, run) && ++next->number < end);
    return run;
}

/// A new run, numbered by the record that starts it.
static void start_run(const struct reconcile *rc, const struct record *last, struct record *next)
{
    const struct plan_settings *s = rc->settings;
    struct strview uid = rc->observed->uid;
    const struct job_spec *job = &next->cluster.spec.job;
    next->format = s->render_format;
    next->run = next_run(rc, next);
    next->job_id =
        next->effective.session ? SV_NONE : job_id_make(rc->arena, s->hash, uid, next->run);
    next->ha_dir = next->effective.storage_known ? config_ha_dir(rc, next) : SV_NONE;
    // "The first time": a later run of a stateless job starts from nothing.
    bool first = last == NULL || !sv_present(last->run);
    next->from_savepoint = first ? job->initial_savepoint_path : SV_NONE;
    next->previous = first ? SV_NONE : last->revision;
    next->kube2iam = s->kube2iam;
}

static void keep_run(const struct record *last, struct record *next)
{
    next->format = last->format;
    next->run = last->run;
    next->job_id = last->job_id;
    next->ha_dir = last->ha_dir;
    next->from_savepoint = last->from_savepoint;
    next->previous = last->previous;
    next->kube2iam = last->kube2iam;
}

static struct strview wait_text(const struct reconcile *rc, const struct record *next,
                                const char *change)
{
    return arena_printf(rc->arena,
                        "generation %lld is accepted but %s, and this release can't carry the "
                        "job's state over (upgradeMode %.*s): the last accepted generation goes "
                        "on; upgradeMode Stateless applies the change at once, without the state",
                        (long long)next->generation, change, SV_ARG(next->effective.upgrade_mode));
}

static bool has_pods(const struct reconcile *rc)
{
    return rc->observed->children[CHILD_POD].n > 0;
}

/// What NEXT means for the pods that LAST (NULL: none) has.
static void decide_run(const struct reconcile *rc, const struct record *last, struct record *next,
                       struct acceptance *ret)
{
    struct job_view job = {.ended = false};
    if (last != NULL) {
        job_read(rc, last, &job);
    }
    bool running = last != NULL && record_runs(last);
    bool may_stop = job_may_be_left(&job, next);
    bool same = last != NULL && sv_eq(last->pod_hash, next->pod_hash);
    ret->verdict = ACCEPT_RECORD;
    if (last == NULL && has_pods(rc) && !may_stop) {
        ret->verdict = ACCEPT_WAITS;
        ret->waits = arena_printf(rc->arena, "pods are there but the ControllerRevisions that tell "
                                             "what they are were deleted: delete the pods, or set "
                                             "upgradeMode Stateless, to start anew");
    } else if (running && is_suspended(next)) {
        keep_run(last, next);
        if (!may_stop) {
            ret->verdict = ACCEPT_WAITS;
            ret->waits = wait_text(rc, next, "suspending stops the job");
        }
    } else if (is_suspended(next)) {
        if (last != NULL) {
            keep_run(last, next);
        }
    } else if (running && same) {
        keep_run(last, next);
    } else if (running && !may_stop) {
        ret->verdict = ACCEPT_WAITS;
        ret->waits =
            wait_text(rc, next,
                      next->effective.numbers.parallelism != last->effective.numbers.parallelism
                          ? "changes the job's parallelism, so its pods"
                          : "changes what its pods are made from");
    } else {
        start_run(rc, last, next);
    }
    next->revision = revision_id_make(rc->arena, rc->settings->hash, next->pod_hash, next->run);
}

/// Whether all of NEXT can be rendered; if not, what is too large is noted as a fault.
static int check_size(const struct reconcile *rc, struct acceptance *ret, struct err *err)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path conf = PATH_FIELD_OF(&spec, SV("flinkConfiguration"));
    struct desired d;
    struct err why = {.code = E_OK};
    if (desired_make(rc, &ret->next, &d, &why) == 0) {
        return arena_check(rc->arena, err);
    }
    if (why.code == E_TOO_LARGE) {
        violation_deny(&ret->faults, "config_map_size", CAUSE_TOO_LONG, &conf, SV_NONE,
                       "together with logConfiguration it must fit one ConfigMap (1 MiB)");
        ret->verdict = ACCEPT_REJECTED;
        return arena_check(rc->arena, err);
    }
    return err_set(err, why.code, "%s", why.msg);
}

/// The spec could not be made: WHY says whether that is the user's fault (around the webhook more
/// can be stored than is judged) or ours.
static int judge_failure(struct acceptance *ret, const struct err *why, struct err *err)
{
    if (why->code != E_PARSE && why->code != E_TOO_LARGE) {
        return err_set(err, why->code, "%s", why->msg);
    }
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    violation_deny(&ret->faults, "spec_size", CAUSE_TOO_LONG, &spec, SV_NONE,
                   "more than can be recorded: %s", why->msg);
    ret->verdict = ACCEPT_REJECTED;
    return 0;
}

/// What is good becomes a record, or waits.
static int make_next(const struct reconcile *rc, const struct record *last, struct acceptance *ret,
                     struct err *err)
{
    ret->next = (struct record){
        .number = record_last_number(rc->observed) + 1,
        .generation = rc->observed->generation,
        .format = rc->settings->render_format,
    };
    struct err why = {.code = E_OK};
    if (make_spec(rc, last, &ret->next, &why) != 0) {
        return judge_failure(ret, &why, err);
    }
    decide_run(rc, last, &ret->next, ret);
    return check_size(rc, ret, err);
}

int accept_first(const struct reconcile *rc, struct record *ret, struct err *err)
{
    struct acceptance a = {.faults = VIOLATIONS(rc->arena, 1)};
    if (make_next(rc, NULL, &a, err) != 0) {
        return -1;
    }
    if (a.verdict == ACCEPT_REJECTED) {
        return err_set(err, E_TOO_LARGE, "%.*s", SV_ARG(a.faults.items[0].message));
    }
    *ret = a.next;
    return 0;
}

/// Whether all is known that policies ask of the world; else a sentence for people.
static bool can_judge(const struct reconcile *rc, struct strview *ret_why)
{
    const struct plan_policies *p = rc->settings->policies;
    struct labels unused;
    if (p == NULL) {
        return true;
    }
    if (p->set == NULL) {
        *ret_why = SV("the policies are not known yet");
        return false;
    }
    if (p->set->needs_labels && p->world->namespace_labels != NULL &&
        !p->world->namespace_labels(p->world->ctx, rc->observed->cluster.ns, &unused)) {
        *ret_why = SV("policies select namespaces by label, and this one's are not known yet");
        return false;
    }
    return true;
}

static void judge(const struct reconcile *rc, const struct flink_cluster *old,
                  struct violations *faults)
{
    const struct plan_policies *p = rc->settings->policies;
    struct flink_cluster now;
    flink_decode(rc->observed->object, &now, faults);
    flink_rules_check(&(struct flink_rules_input){.now = &now, .old = old}, faults);
    if (p != NULL) {
        policy_check(&(struct policy_input){.now = &now,
                                            .old = old,
                                            .ns = rc->observed->cluster.ns,
                                            .set = p->set,
                                            .world = p->world,
                                            .now_ms = rc->observed->now_ms},
                     faults);
    }
}

int accept_decide(const struct reconcile *rc, struct acceptance *ret, struct err *err)
{
    *ret = (struct acceptance){.faults = VIOLATIONS(rc->arena, ACCEPT_FAULTS_MAX)};
    ret->has_last = record_read_last(rc, &ret->last);
    const struct record *last = ret->has_last ? &ret->last : NULL;
    // A smaller generation is a view that is behind.
    if (last != NULL && last->generation >= rc->observed->generation) {
        ret->verdict = ACCEPT_IN_EFFECT;
        return arena_check(rc->arena, err);
    }
    if (!can_judge(rc, &ret->waits)) {
        ret->verdict = ACCEPT_UNDECIDED;
        return arena_check(rc->arena, err);
    }
    judge(rc, last != NULL ? &last->cluster : NULL, &ret->faults);
    if (ret->faults.denials > 0) {
        ret->verdict = ACCEPT_REJECTED;
        return arena_check(rc->arena, err);
    }
    return make_next(rc, last, ret, err);
}
