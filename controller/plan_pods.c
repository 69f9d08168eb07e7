// SPDX-License-Identifier: Apache-2.0
#include "controller/plan_pods.h"

#include "controller/drift.h"

struct pod_planner {
    struct steps *s;
    const struct desired *d;
    const struct place_list *places;
    const struct json *sample[POD_ROLE_COUNT]; // a pod as we would make it
    size_t creates;
    struct err *err;
};

static bool is_current(const struct desired *d, const struct pod_view *p)
{
    return sv_eq(p->id.revision, d->record->revision);
}

// ---- one place ----------------------------------------------------------------------

static void delete_pod(struct pod_planner *pp, const struct pod_view *p)
{
    if (!p->deleting) {
        steps_delete(pp->s, CHILD_POD, p->name, p->uid);
    }
}

static bool needs_lock(const struct desired *d, enum pod_role role)
{
    return role == POD_JOB_MANAGER && !d->ha;
}

static int create_pod(struct pod_planner *pp, const struct pod_birth *birth, struct strview reads)
{
    const struct reconcile *rc = pp->s->rc;
    struct strview text;
    if (desired_pod(rc, pp->d, birth, &text, pp->err) != 0) {
        return -1;
    }
    steps_add(pp->s, (struct action){
                         .verb = ACTION_CREATE,
                         .kind = CHILD_POD,
                         .name = pod_name_make(rc->arena, rc->observed->cluster.name, &birth->name),
                         .body = text,
                         .live_read = sv_present(reads),
                         .reads = reads,
                     });
    pp->creates++;
    return 0;
}

/// The JobManager pod that must be read live before there is another, when none is in sight: the
/// one that the status names (somebody may have taken its labels away), else the first of the run
/// before. Our view of pods may be older than that of the record; pods come into view in the order
/// in which they were made, so when that first one is gone or seen, all of that run are. SV_NONE:
/// none.
static struct strview last_known(const struct reconcile *rc, const struct desired *d,
                                 struct pod_name *ret)
{
    struct strview cluster = rc->observed->cluster.name;
    struct strview name =
        json_string(json_get_path(rc->observed->cluster.status, "jobManager", "leader", NULL));
    if (name.len > 0 && pod_name_parse(cluster, name, ret)) {
        // With HA another of the same run may stand beside it.
        return d->ha && sv_eq(ret->revision, d->record->revision) ? SV_NONE : name;
    }
    if (d->record->previous.len == 0) {
        return SV_NONE;
    }
    *ret = (struct pod_name){.role = POD_JOB_MANAGER, .revision = d->record->previous};
    return pod_name_make(rc->arena, cluster, ret);
}

/// Whether a JobManager pod of the record's revision is in sight.
static bool sees_job_manager(const struct pod_planner *pp)
{
    for (size_t i = 0; i < pp->places->n; i++) {
        if (pp->places->items[i].role == POD_JOB_MANAGER && pp->places->items[i].n > 0) {
            return true;
        }
    }
    return false;
}

static int fill_empty(struct pod_planner *pp, const struct place *at)
{
    const struct record *r = pp->d->record;
    struct pod_birth birth = {
        .name = {.role = at->role, .revision = r->revision, .index = at->index}};
    struct strview reads = SV_NONE;
    if (at->role == POD_JOB_MANAGER && pp->creates == 0 && !sees_job_manager(pp)) {
        struct pod_name known;
        reads = last_known(pp->s->rc, pp->d, &known);
        if (sv_present(reads) && sv_eq(known.revision, r->revision)) {
            birth.name.attempt = known.attempt + 1;
        }
    }
    return create_pod(pp, &birth, reads);
}

static int replace(struct pod_planner *pp, const struct place *at)
{
    const struct reconcile *rc = pp->s->rc;
    int64_t now = rc->observed->now_ms;
    const struct pod_view *newest = &at->items[at->n - 1];
    bool lock = needs_lock(pp->d, at->role);
    for (size_t i = 0; lock && i < at->n; i++) {
        if (!at->items[i].ended) {
            return 0; // the watch tells when it is gone
        }
    }
    int64_t due = pod_successor_due_ms(newest, now);
    if (due > now) {
        steps_look_again(pp->s, due);
        return 0;
    }
    struct pod_birth birth = {
        .name = {.role = at->role,
                 .revision = pp->d->record->revision,
                 .index = at->index,
                 .attempt = newest->id.attempt + 1},
        .failures = pod_failures_after(newest),
        .replaces = arena_printf(rc->arena, "%.*s: %.*s", SV_ARG(newest->name),
                                 SV_ARG(pod_end_text(rc, newest))),
    };
    steps_event(pp->s,
                newest->deleted_first || !newest->ended ? EVENT_POD_DELETED : EVENT_POD_FAILED,
                arena_printf(rc->arena, "%.*s; attempt %lld takes its place",
                             SV_ARG(birth.replaces), (long long)birth.name.attempt));
    return create_pod(pp, &birth, lock ? newest->name : SV_NONE);
}

/// Labels that somebody changed; nothing else of a pod is ever applied.
static int repair_labels(struct pod_planner *pp, const struct pod_view *p)
{
    const struct reconcile *rc = pp->s->rc;
    const struct json *labels = json_get_path(pp->sample[p->id.role], "metadata", "labels", NULL);
    if (drift_labels_hold(labels, p->object)) {
        return 0;
    }
    struct strview text;
    const struct json *pod;
    if (desired_pod(rc, pp->d, &(struct pod_birth){.name = p->id}, &text, pp->err) != 0 ||
        json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, &pod, pp->err) != 0) {
        return -1;
    }
    steps_apply(pp->s, CHILD_POD, p->name, p->uid, drift_apply_text(rc, CHILD_POD, pod, p->uid));
    return 0;
}

/// A TaskManager's process that was started again in its pod has the address of the one before.
/// When it and the JobManager call each other in the same moment, each may keep another connection
/// and throw away what comes by it, until Flink's registration time-out of 5 minutes ends the
/// process
/// ("Discarding inbound message … in read-only association", seen with 2.3). Another pod has
/// another address. Long after its start it is none of that.
static bool is_mute(const struct reconcile *rc, const struct pod_view *p)
{
    return p->restarts > 0 && rc->observed->now_ms < p->started_ms + POD_MUTE_MAX_MS;
}

/// The JobManager itself must have answered for that long.
static int64_t mute_due_ms(const struct pod_view *p, const struct flink_observation *flink)
{
    int64_t since = p->started_ms > flink->contact_ms ? p->started_ms : flink->contact_ms;
    return since + POD_MUTE_MS;
}

/// Whether FLINK's list has all that are registered: one that can't be read (too long) stays as it
/// was.
static bool lists_all(const struct flink_observation *flink)
{
    return flink->task_manager_count == (int64_t)flink->n_task_managers;
}

/// Whether the TaskManager P is to be given up before its node's tolerations end (5 minutes): the
/// JobManager, which is well, has lost it, and it is not ready any more, or can't come back.
static bool is_lost(struct pod_planner *pp, const struct pod_view *p)
{
    const struct reconcile *rc = pp->s->rc;
    const struct flink_observation *flink = places_fresh_flink(rc);
    if (p->id.role != POD_TASK_MANAGER || flink == NULL ||
        flink->contact != FLINK_CONTACT_ANSWERS || !lists_all(flink) ||
        flink_observation_task_manager(flink, p->name) != NULL) {
        return false;
    }
    if (p->ready ? !is_mute(rc, p) : p->unready_ms == 0) {
        return false;
    }
    int64_t due = p->ready ? mute_due_ms(p, flink) : p->unready_ms + POD_LOST_MS;
    if (rc->observed->now_ms < due) {
        steps_look_again(pp->s, due);
        return false;
    }
    return true;
}

static int keep_place(struct pod_planner *pp, const struct place *at)
{
    const struct reconcile *rc = pp->s->rc;
    for (size_t i = 0; i < at->n; i++) {
        if (&at->items[i] != at->keeper) {
            delete_pod(pp, &at->items[i]);
        }
    }
    struct strview what =
        pp->d->closed ? SV_NONE : pod_edited_text(rc, at->keeper, pp->sample[at->role]);
    if (sv_present(what)) {
        steps_event(pp->s, EVENT_POD_CHANGED,
                    arena_printf(rc->arena, "%.*s: %.*s", SV_ARG(at->keeper->name), SV_ARG(what)));
        delete_pod(pp, at->keeper);
        return 0;
    }
    if (is_lost(pp, at->keeper)) {
        steps_event(pp->s, EVENT_POD_LOST,
                    arena_printf(rc->arena, "%.*s: %s, and not registered at the JobManager",
                                 SV_ARG(at->keeper->name),
                                 at->keeper->ready ? "ready after a restart" : "not ready"));
        delete_pod(pp, at->keeper);
        return 0;
    }
    return repair_labels(pp, at->keeper);
}

static int plan_place(struct pod_planner *pp, const struct place *at)
{
    if (at->keeper != NULL) {
        return keep_place(pp, at);
    }
    if (pp->d->closed) {
        return 0;
    }
    if (pp->creates >= PLAN_CREATES_MAX) {
        steps_look_again(pp->s, pp->s->rc->observed->now_ms + 1000);
        return 0;
    }
    return at->n == 0 ? fill_empty(pp, at) : replace(pp, at);
}

// ---- all of them --------------------------------------------------------------------

static bool is_wanted(const struct pod_planner *pp, const struct pod_view *p)
{
    const struct place *at = is_current(pp->d, p) ? places_find(pp->places, p) : NULL;
    return at != NULL && at->wanted;
}

/// Deletes what isn't wanted, the highest index first. False while something of another revision
/// may still run: until then nothing of this one starts, so that two runs never meet.
static bool clear_unwanted(struct pod_planner *pp, const struct pod_list *pods)
{
    bool clear = true;
    for (size_t i = pods->n; i > 0; i--) {
        const struct pod_view *p = &pods->items[i - 1];
        if (!is_wanted(pp, p)) {
            delete_pod(pp, p);
        }
        if (!is_current(pp->d, p) && !p->ended) {
            clear = false;
        }
    }
    return clear;
}

static int read_sample(struct pod_planner *pp, enum pod_role role)
{
    const struct reconcile *rc = pp->s->rc;
    const struct pod_birth sample = {.name = {.role = role, .revision = pp->d->record->revision}};
    struct strview text;
    return desired_pod(rc, pp->d, &sample, &text, pp->err) != 0 ||
                   json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, &pp->sample[role], pp->err) !=
                       0
               ? -1
               : 0;
}

int plan_pods(struct steps *s, const struct desired *d, const struct pod_list *pods,
              const struct pod_census *census, struct err *err)
{
    const struct place_list *places = &census->places;
    struct pod_planner pp = {.s = s, .d = d, .places = places, .err = err};
    if (census->look_ms != 0) {
        steps_look_again(s, census->look_ms);
    }
    if (!clear_unwanted(&pp, pods) || !record_runs(d->record)) {
        return arena_check(s->rc->arena, err);
    }
    for (int role = 0; role < POD_ROLE_COUNT; role++) {
        if (read_sample(&pp, (enum pod_role)role) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < places->n; i++) {
        if (places->items[i].wanted && plan_place(&pp, &places->items[i]) != 0) {
            return -1;
        }
    }
    return arena_check(s->rc->arena, err);
}
