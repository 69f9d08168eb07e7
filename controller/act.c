// SPDX-License-Identifier: Apache-2.0
#include "controller/act.h"

#include <string.h>

#include "common/k8s/meta.h"
#include "common/k8s/status.h"
#include "controller/cache.h"
#include "controller/names.h"

/// Pods of a run that is over; more of them are asked for again.
#define LEFT_OVER_PODS_MAX 500

static struct kube_ref child_ref(const struct act *a, const struct action *x, struct strview name)
{
    return (struct kube_ref){.resource = cache_child_resource(x->kind),
                             .ns = a->observed->cluster.ns,
                             .name = name,
                             .sub = SV("")};
}

/// -1: no memory to tell.
static int read_ownership(const struct act *a, const struct json *object, bool *ret_ours,
                          struct err *err)
{
    struct meta m;
    if (meta_read(object, a->arena, &m, err) != 0) {
        return -1;
    }
    const struct owner_ref *owner = meta_controller(&m);
    *ret_ours = owner != NULL && sv_eq(owner->uid, a->observed->uid);
    return 0;
}

static void note_refusal(const struct act *a, const struct action *x, bool foreign,
                         const struct err *err)
{
    if (a->refused != NULL && err != NULL) {
        *a->is_refused = true;
        *a->refused = (struct refused_child){.kind = x->kind,
                                             .name = x->name,
                                             .foreign = foreign,
                                             .message = arena_copy(a->arena, sv_from(err->msg))};
        if (a->refusals != NULL) {
            (void)refusals_note(a->refusals, a->key, a->refused);
        }
    }
}

/// Somebody took the label off by which our watches find OBJECT: it is put back, and the rest is
/// for the plan that sees it again.
static int make_visible(const struct act *a, const struct kube_ref *ref, const struct json *object,
                        struct err *err)
{
    const struct json *metadata = json_get_lit(object, "metadata");
    struct strview label =
        json_get_string(json_get_lit(metadata, "labels"), SV("app.kubernetes.io/managed-by"));
    if (sv_eq(label, SV("sluice"))) {
        return 0;
    }
    struct strview uid = json_get_string(metadata, SV("uid"));
    struct strview patch = arena_printf(a->arena,
                                        "{\"metadata\":{\"uid\":\"%.*s\",\"labels\":"
                                        "{\"app.kubernetes.io/managed-by\":\"sluice\"}}}",
                                        SV_ARG(uid));
    if (!sv_present(patch)) {
        return err_set(err, E_NOMEM, "no memory for a label");
    }
    return kube_patch(a->kube, ref, KUBE_PATCH_MERGE, patch, NULL, NULL, err);
}

/// Our view shows a new pod a little later, and what was there before it may be gone by then.
static void note_pod(const struct act *a, const struct action *x, const struct json *pod)
{
    struct strview uid = json_string(json_get_path(pod, "metadata", "uid", NULL));
    if (a->strays != NULL && x->kind == CHILD_POD && uid.len > 0) {
        strays_note(a->strays, a->key, CHILD_POD, x->name, uid);
    }
}

/// A 409: the name is taken. By an earlier try of ours that is fine; by somebody else it is not.
static int adopt_or_report(const struct act *a, const struct action *x, struct err *err)
{
    struct kube_ref ref = child_ref(a, x, x->name);
    const struct json *there = NULL;
    if (kube_get(a->kube, &ref, a->arena, &there, err) != 0) {
        return err->code == E_NOT_FOUND ? err_set(err, E_CONFLICT, "%s %.*s came and went",
                                                  ref.resource->kind, SV_ARG(x->name))
                                        : -1;
    }
    bool ours;
    if (read_ownership(a, there, &ours, err) != 0) {
        return -1;
    }
    if (ours) {
        note_pod(a, x, there);
        return make_visible(a, &ref, there, err);
    }
    (void)err_set(err, E_CONFLICT, "another object has this name; it is left alone");
    note_refusal(a, x, true, err);
    return err_wrap(err, "create %s %.*s", ref.resource->kind, SV_ARG(x->name));
}

/// Whether the pod that is to be replaced can't run any more: another's, or all containers ended.
/// -1: no memory to tell, so it may run.
static int read_end(const struct act *a, const struct json *pod, bool *ret_ended, struct err *err)
{
    bool ours;
    if (read_ownership(a, pod, &ours, err) != 0) {
        return -1;
    }
    struct strview phase = json_string(json_get_path(pod, "status", "phase", NULL));
    *ret_ended = !ours || sv_eq(phase, SV("Failed")) || sv_eq(phase, SV("Succeeded"));
    return 0;
}

static int read_before(const struct act *a, const struct action *x, struct err *err)
{
    struct kube_ref ref = child_ref(a, x, x->reads);
    const struct json *pod = NULL;
    if (kube_get(a->kube, &ref, a->arena, &pod, err) != 0) {
        return err->code == E_NOT_FOUND ? 0 : -1;
    }
    bool ended;
    if (read_end(a, pod, &ended, err) != 0) {
        return -1;
    }
    if (ended) {
        return 0;
    }
    if (make_visible(a, &ref, pod, err) != 0) {
        return -1;
    }
    return err_set(err, E_CONFLICT, "pod %.*s still runs: it is not replaced yet",
                   SV_ARG(x->reads));
}

int act_recall(const struct act *a, const struct stray *stray, bool *ret_gone, struct err *err)
{
    struct kube_ref ref = child_ref(a, &(struct action){.kind = stray->kind}, stray->name);
    const struct json *there = NULL;
    *ret_gone = false;
    if (kube_get(a->kube, &ref, a->arena, &there, err) != 0) {
        *ret_gone = err->code == E_NOT_FOUND;
        return *ret_gone ? 0 : -1;
    }
    bool ours;
    if (read_ownership(a, there, &ours, err) != 0) {
        return -1;
    }
    struct strview now = json_string(json_get_path(there, "metadata", "uid", NULL));
    *ret_gone = !sv_eq(now, stray->uid) || !ours;
    return *ret_gone ? 0 : make_visible(a, &ref, there, err);
}

static int create(const struct act *a, const struct action *x, struct err *err)
{
    if (x->live_read && read_before(a, x, err) != 0) {
        return -1;
    }
    struct kube_ref ref = child_ref(a, x, SV(""));
    const struct json *answer = NULL;
    if (kube_create(a->kube, &ref, x->body, a->arena, &answer, err) == 0) {
        note_pod(a, x, answer);
        return 0;
    }
    if (err->code == E_CONFLICT) {
        return adopt_or_report(a, x, err);
    }
    // The namespace or the cluster is on its way out: nothing can be made there any more.
    struct status st;
    struct err ignored;
    if (err->detail == 403 && status_read(answer, a->arena, &st, &ignored) == 0 &&
        st.cause_count != 0 && sv_eq(st.causes[0].reason, SV("NamespaceTerminating"))) {
        return err_set(err, E_GONE, "the namespace is being deleted");
    }
    if (err->detail == 403 || err->detail == 413 || err->detail == 422) {
        note_refusal(a, x, false, err);
    }
    return err_wrap(err, "create %s %.*s", ref.resource->kind, SV_ARG(x->name));
}

static int apply(const struct act *a, const struct action *x, struct err *err)
{
    struct kube_ref ref = child_ref(a, x, x->name);
    if (kube_apply(a->kube, &ref, x->body, true, NULL, NULL, err) == 0) {
        return 0;
    }
    return err_wrap(err, "apply %s %.*s", ref.resource->kind, SV_ARG(x->name));
}

/// A pod that the list of RUN's (absent: the cluster's) pods has: 0 when nothing of it runs.
static int judge_left_over(const struct act *a, const struct json *pod, struct strview run,
                           struct err *err)
{
    struct strview name = json_string(json_get_path(pod, "metadata", "name", NULL));
    struct strview phase = json_string(json_get_path(pod, "status", "phase", NULL));
    if (sv_eq(phase, SV("Failed")) || sv_eq(phase, SV("Succeeded"))) {
        return 0;
    }
    bool ours;
    if (read_ownership(a, pod, &ours, err) != 0) {
        return -1;
    }
    if (ours) {
        struct kube_ref ref = child_ref(a, &(struct action){.kind = CHILD_POD}, name);
        if (make_visible(a, &ref, pod, err) != 0) {
            return -1;
        }
    }
    // An orphan needs its run's metadata, but nothing else of us.
    return ours || sv_present(run)
               ? err_set(err, E_CONFLICT, "pod %.*s has not ended", SV_ARG(name))
               : 0;
}

/// Our view may lack a pod that is there: nothing of its RUN (absent: of the cluster) may go before
/// it is gone.
static int ask_for_pods(const struct act *a, struct strview run, struct err *err)
{
    struct strview cluster = a->observed->cluster.name;
    const struct kube_ref ref = {.resource = &KUBE_PODS, .ns = a->observed->cluster.ns};
    const struct kube_selection of_run = {
        .label_selector = sv_present(run)
                              ? arena_printf(a->arena, LABEL_CLUSTER "=%.*s," LABEL_RUN "=%.*s",
                                             SV_ARG(cluster), SV_ARG(run))
                              : arena_printf(a->arena, LABEL_CLUSTER "=%.*s", SV_ARG(cluster)),
        .limit = LEFT_OVER_PODS_MAX,
    };
    const struct json *list = NULL;
    if (!sv_present(of_run.label_selector)) {
        return err_set(err, E_NOMEM, "no memory for a selector");
    }
    if (kube_list(a->kube, &ref, &of_run, a->arena, &list, err) != 0) {
        return -1;
    }
    json_each(pod, json_get_lit(list, "items")) {
        if (judge_left_over(a, pod, run, err) != 0) {
            return -1;
        }
    }
    if (json_string(json_get_path(list, "metadata", "continue", NULL)).len > 0) {
        return err_set(err, E_CONFLICT, "%.*s has too many pods left", SV_ARG(cluster));
    }
    return 0;
}

static int delete_child(const struct act *a, const struct action *x, struct err *err)
{
    if (sv_present(x->run) && ask_for_pods(a, x->run, err) != 0) {
        return -1;
    }
    struct kube_ref ref = child_ref(a, x, x->name);
    struct kube_delete_options opt = {.uid = x->uid, .propagation = "Background"};
    if (kube_delete(a->kube, &ref, &opt, err) == 0 || err->code == E_NOT_FOUND) {
        return 0;
    }
    return err_wrap(err, "delete %s %.*s", ref.resource->kind, SV_ARG(x->name));
}

/// What stands in BODY of the ConfigMap is changed, and no other: a 422 says that it is another by
/// now, or another's.
static int adopt(const struct act *a, const struct action *x, struct err *err)
{
    struct kube_ref ref = child_ref(a, x, x->name);
    if (kube_patch(a->kube, &ref, KUBE_PATCH_STRATEGIC, x->body, NULL, NULL, err) == 0 ||
        err->code == E_NOT_FOUND) {
        return 0;
    }
    if (err->detail == 422) {
        return err_set(err, E_CONFLICT, "ConfigMap %.*s is another by now", SV_ARG(x->name));
    }
    return err_wrap(err, "adopt ConfigMap %.*s", SV_ARG(x->name));
}

/// Our view shows the cluster as it was for a little longer. A patch that changed nothing leaves
/// the version as it was.
static void note_version(const struct act *a, const struct json *answer)
{
    struct strview now = json_string(json_get_path(answer, "metadata", "resourceVersion", NULL));
    struct strview seen = a->observed->resource_version;
    if (a->echoes != NULL && now.len > 0 && !sv_eq(now, seen)) {
        echoes_note(a->echoes, a->key, seen);
    }
}

/// BODY holds for one resourceVersion: of a namesake, or of an object that changed, nothing is
/// written. (metadata.uid would not do: the API server drops it from a patch of the status.)
static int patch_cluster(const struct act *a, struct strview sub, struct strview body,
                         const char *what, struct err *err)
{
    struct kube_ref ref = {.resource = &KUBE_FLINKCLUSTERS,
                           .ns = a->observed->cluster.ns,
                           .name = a->observed->cluster.name,
                           .sub = sub};
    if (!sv_present(body)) {
        return err_set(err, E_NOMEM, "no memory for a patch");
    }
    const struct json *answer = NULL;
    if (kube_patch(a->kube, &ref, KUBE_PATCH_MERGE, body, a->arena, &answer, err) == 0) {
        note_version(a, answer);
        return 0;
    }
    if (err->code == E_NOT_FOUND) {
        return err_set(err, E_GONE, "the cluster is gone");
    }
    return err_wrap(err, "%s", what);
}

static int write_status(const struct act *a, const struct action *x, struct err *err)
{
    struct strview version = a->observed->resource_version;
    struct strview body =
        arena_printf(a->arena, "{\"metadata\":{\"resourceVersion\":\"%.*s\"},%.*s", SV_ARG(version),
                     SV_ARG(sv_from_pos(x->body, 1)));
    return patch_cluster(a, SV("status"), body, "status", err);
}

static void emit(const struct act *a, const struct action *x)
{
    if (a->events != NULL) {
        struct kube_event_object object = {.resource = &KUBE_FLINKCLUSTERS,
                                           .ns = a->observed->cluster.ns,
                                           .name = a->observed->cluster.name,
                                           .uid = a->observed->uid};
        kube_events_emit(a->events, &object, strcmp(x->event.type, "Warning") == 0, x->event.reason,
                         "%.*s", SV_ARG(x->event.message));
    }
}

static int run_one(const struct act *a, const struct action *x, struct err *err)
{
    switch (x->verb) {
    case ACTION_CREATE:
        if (create(a, x, err) != 0) {
            return -1;
        }
        if (a->refusals != NULL) {
            refusals_settle(a->refusals, a->key, x->kind, x->name);
        }
        return 0;
    case ACTION_APPLY:
        return apply(a, x, err);
    case ACTION_DELETE:
        return delete_child(a, x, err);
    case ACTION_STATUS:
        return write_status(a, x, err);
    case ACTION_EVENT:
        emit(a, x);
        return 0;
    case ACTION_ADOPT:
        return adopt(a, x, err);
    case ACTION_FINALIZERS:
        if (x->live_read && ask_for_pods(a, SV_NONE, err) != 0) {
            return -1;
        }
        return patch_cluster(a, SV(""), x->body, "finalizers", err);
    }
    return err_set(err, E_BUG, "unknown action");
}

/// Whether X was refused for what it is, which need not hold up the rest. One pod stands for all:
/// they would be refused alike. Pods don't go without what they run with.
static bool may_pass(const struct act *a, const struct action *x)
{
    return x->verb == ACTION_CREATE && x->kind != CHILD_POD && !child_is_needed(x->kind) &&
           a->refused != NULL && *a->is_refused && a->refused->kind == x->kind &&
           sv_eq(a->refused->name, x->name);
}

/// Whether X makes a TaskManager where none was: nobody's failure is to be told before it.
static bool is_growth(const struct act *a, const struct action *x)
{
    struct pod_name id;
    return x->verb == ACTION_CREATE && x->kind == CHILD_POD && !x->live_read &&
           pod_name_parse(a->observed->cluster.name, x->name, &id) && id.role == POD_TASK_MANAGER &&
           id.attempt == 0;
}

/// Whether PLAN is a status and new TaskManagers, for which somebody waits longer than for it.
static bool may_tell_later(const struct act *a, const struct actions *plan)
{
    for (size_t i = 1; i < plan->n; i++) {
        if (!is_growth(a, &plan->items[i])) {
            return false;
        }
    }
    return plan->n > 1 && plan->items[0].verb == ACTION_STATUS;
}

static int run_list(const struct act *a, const struct action *items, size_t n, size_t *ret_done,
                    struct err *err)
{
    struct err refusal;
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        const struct action *x = &items[i];
        if (run_one(a, x, err) == 0) {
            if (ret_done != NULL && x->verb != ACTION_EVENT) {
                ++*ret_done;
            }
        } else if (may_pass(a, x)) {
            refusal = *err;
            rc = -1;
        } else {
            return -1;
        }
    }
    if (rc != 0) {
        *err = refusal;
    }
    return rc;
}

int act_run(const struct act *a, const struct actions *plan, size_t *ret_done, struct err *err)
{
    if (!may_tell_later(a, plan)) {
        return run_list(a, plan->items, plan->n, ret_done, err);
    }
    struct err why = {.code = E_OK};
    int made = run_list(a, plan->items + 1, plan->n - 1, ret_done, &why);
    // What could not be made doesn't keep back what is told.
    int told = run_list(a, plan->items, 1, ret_done, err);
    if (made != 0 && err != NULL) {
        *err = why;
    }
    return made != 0 ? -1 : told;
}
