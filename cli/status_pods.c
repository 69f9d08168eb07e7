// SPDX-License-Identifier: Apache-2.0
// The pods of a FlinkCluster in the words of kubectl (pkg/printers/internalversion printPod).
#include <stdlib.h>

#include "cli/status_model.h"
#include "common/k8s/meta.h"
#include "controller/names.h"

static bool condition_is(const struct json *pod, const char *type, const char *status,
                         const struct json **ret)
{
    json_each(c, json_get_path(pod, "status", "conditions", NULL)) {
        if (sv_eq_lit(json_get_string(c, SV("type")), type)) {
            *ret = c;
            return sv_eq_lit(json_get_string(c, SV("status")), status);
        }
    }
    return false;
}

/// The state of a container that isn't as it should be, into STATE and WHY.
static void read_container(const struct json *container, struct arena *arena, struct status_pod *p)
{
    const struct json *state = json_get_lit(container, "state");
    const struct json *waiting = json_get_lit(state, "waiting");
    const struct json *ended = json_get_lit(state, "terminated");
    const struct json *last = json_get_path(container, "lastState", "terminated", NULL);
    const struct json *bad = waiting != NULL ? waiting : ended;
    struct strview reason = json_get_string(bad, SV("reason"));
    if (reason.len == 0) {
        return;
    }
    p->state = reason;
    p->why = json_get_string(bad, SV("message"));
    // "back-off restarting failed container" tells nothing; how it ended does.
    bool crashes = sv_eq_lit(reason, "CrashLoopBackOff") && last != NULL;
    if (ended != NULL || crashes) {
        const struct json *end = ended != NULL ? ended : last;
        int64_t code;
        struct strview said = json_get_string(end, SV("message"));
        struct strview text = json_get_string(end, SV("reason"));
        if (json_int(json_get_lit(end, "exitCode"), &code) && code != 0) {
            p->why =
                arena_printf(arena, "%.*s, exit code %lld%s%.*s", SV_ARG(text), (long long)code,
                             said.len > 0 ? ": " : "", SV_ARG(sv_sub(said, 0, 4096)));
        }
    }
}

static void read_state(const struct json *pod, struct arena *arena, struct status_pod *p)
{
    static const char *const LISTS[] = {"containerStatuses", "initContainerStatuses"};
    const struct json *status = json_get_lit(pod, "status");
    const struct json *found = NULL;
    bool told = sv_present(json_get_string(status, SV("reason"))); // "Evicted", "NodeLost"
    p->state = json_get_string(status, SV("phase"));
    if (told) {
        p->state = json_get_string(status, SV("reason"));
        p->why = json_get_string(status, SV("message"));
    } else if (condition_is(pod, "PodScheduled", "False", &found)) {
        p->state = json_get_string(found, SV("reason"));
        p->why = json_get_string(found, SV("message"));
    }
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        json_each(container, json_get(status, sv_from(LISTS[i]))) {
            int64_t restarts;
            const struct json *ended =
                json_get_path(container, "state", "terminated", "exitCode", NULL);
            int64_t code = -1;
            if (json_int(json_get_lit(container, "restartCount"), &restarts)) {
                p->restarts += restarts;
            }
            // An init container that has done its work is no state of the pod.
            if (!told && (i == 0 || !json_int(ended, &code) || code != 0)) {
                read_container(container, arena, p);
            }
        }
    }
    if (sv_present(json_string(json_get_path(pod, "metadata", "deletionTimestamp", NULL)))) {
        p->state = SV("Terminating");
        p->ready = false;
    }
    p->state = p->state.len > 0 ? p->state : SV("Unknown");
}

/// The bad ones first, then by role, index, name.
static int by_place(const void *a, const void *b)
{
    const struct status_pod *x = a, *y = b;
    int order = (int)x->ready - (int)y->ready;
    order = order != 0 ? order : sv_cmp(x->role, y->role);
    order = order != 0 ? order : (x->index > y->index) - (x->index < y->index);
    return order != 0 ? order : sv_cmp(x->name, y->name);
}

static void read_pod(const struct json *pod, const struct meta *m, struct arena *arena,
                     const struct status_cluster *c, struct status_pod *to)
{
    struct pod_name id;
    const struct json *found = NULL;
    *to = (struct status_pod){.name = m->name,
                              .role = meta_label(m, SV(LABEL_COMPONENT)),
                              .node = json_string(json_get_path(pod, "spec", "nodeName", NULL)),
                              .index = pod_name_parse(c->name, m->name, &id) ? id.index : -1,
                              .created_ms = m->creation_ms,
                              .ready = condition_is(pod, "Ready", "True", &found),
                              .leads = sv_present(c->leader) && sv_eq(c->leader, m->name)};
    read_state(pod, arena, to);
}

void status_view_pods(const struct json *object, const struct status_objects *pods,
                      struct arena *arena, struct status_cluster *ret)
{
    struct strview uid = json_string(json_get_path(object, "metadata", "uid", NULL));
    struct status_pod *all = ARENA_NEW_N(arena, struct status_pod, pods->n + 1);
    size_t n = 0;
    for (size_t i = 0; all != NULL && i < pods->n; i++) {
        struct meta m;
        if (meta_read(pods->items[i], arena, &m, NULL) != 0) {
            break;
        }
        const struct owner_ref *owner = meta_controller(&m);
        if (owner != NULL && sv_eq(owner->uid, uid)) {
            read_pod(pods->items[i], &m, arena, ret, &all[n++]);
        }
    }
    if (n > 0) {
        qsort(all, n, sizeof(*all), by_place);
    }
    ret->pods = all;
    ret->n_pods = n;
    ret->cut = ret->cut || pods->cut;
}
