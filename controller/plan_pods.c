// SPDX-License-Identifier: Apache-2.0
#include "controller/plan_pods.h"

#include "controller/drift.h"

/// The pods that stand in one place (role and index) of the record's revision, by attempt.
struct place {
    enum pod_role role;
    int64_t index;
    const struct pod_view *items;
    size_t n;
};

struct pod_planner {
    struct steps *s;
    const struct desired *d;
    const struct json *labels[POD_ROLE_COUNT]; // as they should be
    size_t creates;
    struct err *err;
};

static bool is_current(const struct desired *d, const struct pod_view *p)
{
    return sv_eq(p->id.revision, d->record->revision);
}

static bool is_wanted(const struct desired *d, const struct pod_view *p)
{
    return is_current(d, p) && p->id.index < d->pods[p->id.role];
}

// ---- counting -----------------------------------------------------------------------

static bool is_trouble(const struct pod_view *p)
{
    // A container that is about to start waits too.
    return p->trouble.len > 0 && !sv_eq_lit(p->trouble, "ContainerCreating") &&
           !sv_eq_lit(p->trouble, "PodInitializing");
}

static void count_live(const struct reconcile *rc, const struct pod_view *p, struct pod_census *ret)
{
    ret->live[p->id.role]++;
    ret->ready[p->id.role] += p->ready ? 1 : 0;
    bool failing = is_trouble(p) || (p->failures > 1 && !p->ready);
    if (!failing) {
        return;
    }
    if (ret->failing++ == 0) {
        ret->trouble = arena_printf(rc->arena, "%.*s: %.*s", SV_ARG(p->name),
                                    SV_ARG(p->trouble.len > 0 ? p->trouble : SV("failed before")));
    }
}

static bool same_place(const struct pod_view *a, const struct pod_view *b)
{
    return a->id.role == b->id.role && a->id.index == b->id.index &&
           sv_eq(a->id.revision, b->id.revision);
}

/// Whether pod I is the newest of a place where nothing lives and whose next pod is not yet due.
static bool is_waiting(const struct reconcile *rc, const struct pod_list *pods, size_t i)
{
    const struct pod_view *p = &pods->items[i];
    if (i + 1 < pods->n && same_place(p, &pods->items[i + 1])) {
        return false;
    }
    for (size_t k = i + 1; k > 0 && same_place(p, &pods->items[k - 1]); k--) {
        if (pod_is_live(&pods->items[k - 1])) {
            return false;
        }
    }
    return pod_successor_due_ms(p, rc->observed->now_ms) > rc->observed->now_ms;
}

void pods_count(const struct reconcile *rc, const struct desired *d, const struct pod_list *pods,
                struct pod_census *ret)
{
    *ret = (struct pod_census){0};
    for (size_t i = 0; i < pods->n; i++) {
        const struct pod_view *p = &pods->items[i];
        ret->waiting += !d->closed && is_wanted(d, p) && is_waiting(rc, pods, i) ? 1 : 0;
        if (p->id.role == POD_JOB_MANAGER && (is_current(d, p) || !sv_present(ret->job_manager))) {
            ret->job_manager = p->name;
        }
        if (!is_current(d, p)) {
            ret->old += p->ended ? 0 : 1;
        } else if (pod_is_live(p)) {
            if (is_wanted(d, p)) {
                count_live(rc, p, ret);
            } else {
                ret->surplus++;
            }
        }
    }
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

/// The live pod that keeps the place: the oldest attempt that is ready, else the oldest.
static const struct pod_view *keeper_of(const struct place *at)
{
    const struct pod_view *keeper = NULL;
    for (size_t i = 0; i < at->n; i++) {
        const struct pod_view *p = &at->items[i];
        if (pod_is_live(p) && (keeper == NULL || (p->ready && !keeper->ready))) {
            keeper = p;
        }
    }
    return keeper;
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
/// one that the status names (somebody may have taken its labels away; with HA a standby of another
/// index may lead), else the first of the run before. Our view of pods may be older than that of
/// the record; pods come into view in the order in which they were made, so when that first one is
/// gone or seen, all of that run are. SV_NONE: none.
static struct strview last_known(const struct reconcile *rc, const struct record *r,
                                 struct pod_name *ret)
{
    struct strview cluster = rc->observed->cluster.name;
    struct strview name =
        json_string(json_get_path(rc->observed->cluster.status, "jobManager", "leader", NULL));
    if (name.len > 0 && pod_name_parse(cluster, name, ret) && ret->index == 0) {
        return name;
    }
    if (r->previous.len == 0) {
        return SV_NONE;
    }
    *ret = (struct pod_name){.role = POD_JOB_MANAGER, .revision = r->previous};
    return pod_name_make(rc->arena, cluster, ret);
}

static int fill_empty(struct pod_planner *pp, const struct place *at)
{
    const struct record *r = pp->d->record;
    struct pod_birth birth = {
        .name = {.role = at->role, .revision = r->revision, .index = at->index}};
    struct strview reads = SV_NONE;
    if (at->role == POD_JOB_MANAGER && at->index == 0) {
        struct pod_name known;
        reads = last_known(pp->s->rc, r, &known);
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
        .failures = pod_failures_after(newest, now),
        .replaces = arena_printf(rc->arena, "%.*s: %.*s", SV_ARG(newest->name),
                                 SV_ARG(pod_end_text(rc, newest))),
    };
    steps_event(pp->s, newest->ended ? EVENT_POD_FAILED : EVENT_POD_DELETED,
                arena_printf(rc->arena, "%.*s; attempt %lld takes its place",
                             SV_ARG(birth.replaces), (long long)birth.name.attempt));
    return create_pod(pp, &birth, lock ? newest->name : SV_NONE);
}

/// Labels that somebody changed; nothing else of a pod is ever applied.
static int repair_labels(struct pod_planner *pp, const struct pod_view *p)
{
    const struct reconcile *rc = pp->s->rc;
    if (drift_labels_hold(pp->labels[p->id.role], p->object)) {
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

static int keep_place(struct pod_planner *pp, const struct place *at, const struct pod_view *keeper)
{
    for (size_t i = 0; i < at->n; i++) {
        if (&at->items[i] != keeper) {
            delete_pod(pp, &at->items[i]);
        }
    }
    // An image that differs from the start is another webhook's doing, and would differ again.
    const struct strview *image = &pp->d->record->cluster.spec.image;
    if (keeper->edited && keeper->image.len > 0 && !sv_eq(keeper->image, *image)) {
        steps_event(pp->s, EVENT_POD_CHANGED,
                    arena_printf(pp->s->rc->arena, "%.*s: image %.*s is not %.*s",
                                 SV_ARG(keeper->name), SV_ARG(keeper->image), SV_ARG(*image)));
        delete_pod(pp, keeper);
        return 0;
    }
    return repair_labels(pp, keeper);
}

static int plan_place(struct pod_planner *pp, const struct place *at)
{
    const struct pod_view *keeper = keeper_of(at);
    if (keeper != NULL) {
        return keep_place(pp, at, keeper);
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

/// Deletes what isn't wanted, the highest index first. False while something of another revision
/// may still run: until then nothing of this one starts, so that two runs never meet.
static bool clear_unwanted(struct pod_planner *pp, const struct pod_list *pods)
{
    bool clear = true;
    for (size_t i = pods->n; i > 0; i--) {
        const struct pod_view *p = &pods->items[i - 1];
        if (!is_wanted(pp->d, p)) {
            delete_pod(pp, p);
        }
        if (!is_current(pp->d, p) && !p->ended) {
            clear = false;
        }
    }
    return clear;
}

/// The labels that a pod of ROLE must have, out of a rendered one.
static int read_labels(struct pod_planner *pp, enum pod_role role)
{
    const struct reconcile *rc = pp->s->rc;
    const struct pod_birth sample = {.name = {.role = role, .revision = pp->d->record->revision}};
    struct strview text;
    const struct json *pod;
    if (desired_pod(rc, pp->d, &sample, &text, pp->err) != 0 ||
        json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, &pod, pp->err) != 0) {
        return -1;
    }
    pp->labels[role] = json_get_path(pod, "metadata", "labels", NULL);
    return 0;
}

static int plan_role(struct pod_planner *pp, enum pod_role role, const struct pod_list *pods)
{
    size_t at = 0;
    if (read_labels(pp, role) != 0) {
        return -1;
    }
    for (int64_t index = 0; index < pp->d->pods[role]; index++) {
        struct place place = {.role = role, .index = index};
        // The list is sorted by role, revision, index and attempt.
        while (at < pods->n &&
               (pods->items[at].id.role < role ||
                (pods->items[at].id.role == role &&
                 (pods->items[at].id.index < index || !is_current(pp->d, &pods->items[at]))))) {
            at++;
        }
        place.items = &pods->items[at];
        while (at < pods->n && pods->items[at].id.role == role &&
               pods->items[at].id.index == index && is_current(pp->d, &pods->items[at])) {
            at++;
            place.n++;
        }
        if (plan_place(pp, &place) != 0) {
            return -1;
        }
    }
    return 0;
}

int plan_pods(struct steps *s, const struct desired *d, const struct pod_list *pods,
              struct err *err)
{
    struct pod_planner pp = {.s = s, .d = d, .err = err};
    if (!clear_unwanted(&pp, pods) || !record_runs(d->record)) {
        return arena_check(s->rc->arena, err);
    }
    for (int role = 0; role < POD_ROLE_COUNT; role++) {
        if (plan_role(&pp, (enum pod_role)role, pods) != 0) {
            return -1;
        }
    }
    return arena_check(s->rc->arena, err);
}
