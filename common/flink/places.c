// SPDX-License-Identifier: Apache-2.0
#include "common/flink/places.h"

// One step for the template itself, then one for each list.
#define STEPS (PLACE_LIST_COUNT + 1U)

static const struct strview LISTS[PLACE_LIST_COUNT] = {
#define X(id, name) [PLACE_##id] = SV_INIT(name),
    PLACE_LISTS(X)
#undef X
};

static const char *const ROLES[PLACE_TEMPLATE_COUNT] = {NULL, "jobManager", "taskManager"};

const struct json *places_template(const struct cluster_spec *spec, unsigned index)
{
    switch (index) {
    case 0:
        return spec->pod_template;
    case 1:
        return spec->job_manager.pod_template;
    default:
        return spec->task_manager.pod_template;
    }
}

const char *place_list_name(enum place_list list)
{
    return LISTS[list].ptr;
}

/// Whether the walk stops at its step: 0 the template, else a list.
static bool is_asked(const struct places *w, unsigned at)
{
    return (w->what & (at == 0 ? PLACES_TEMPLATES : 1U << (at - 1))) != 0;
}

bool places_next(struct places *w, struct place *ret)
{
    while (w->step < PLACE_TEMPLATE_COUNT * STEPS) {
        unsigned index = w->step / STEPS, at = w->step % STEPS;
        const struct json *template = places_template(w->spec, index);
        const struct json *item = NULL;
        if (template == NULL) {
            w->step = (index + 1) * STEPS;
            continue;
        }
        if (at == 0) {
            w->pod = json_get_lit(template, "spec");
        }
        if (is_asked(w, at)) {
            item = at == 0         ? template
                   : w->index == 0 ? json_first(json_get(w->pod, LISTS[at - 1]))
                                   : w->item;
        }
        if (item != NULL) {
            *ret = (struct place){.template_index = index,
                                  .template = template,
                                  .list = at == 0 ? PLACE_LIST_COUNT : (enum place_list)(at - 1),
                                  .index = w->index,
                                  .json = item};
            w->step += at == 0 ? 1 : 0;
            w->index += at == 0 ? 0 : 1;
            w->item = at == 0 ? NULL : json_next(item);
            return true;
        }
        w->step++;
        w->index = 0;
    }
    return false;
}

const struct path *place_path(const struct place *p, struct path nodes[PLACE_NODES])
{
    const char *role = ROLES[p->template_index];
    struct path *at = nodes;
    *at = PATH_FIELD_OF(NULL, SV("spec"));
    if (role != NULL) {
        at[1] = PATH_FIELD_OF(at, sv_from(role));
        at++;
    }
    at[1] = PATH_FIELD_OF(at, SV("podTemplate"));
    at++;
    if (p->list == PLACE_LIST_COUNT) {
        return at;
    }
    at[1] = PATH_FIELD_OF(at, SV("spec"));
    at[2] = PATH_FIELD_OF(&at[1], LISTS[p->list]);
    at[3] = PATH_INDEX_OF(&at[2], p->index);
    return &at[3];
}

struct strview place_name(const struct place *p)
{
    return json_get_string(p->json, SV("name"));
}

bool place_is_main(const struct place *p)
{
    return sv_eq_lit(place_name(p), PLACES_MAIN_CONTAINER);
}
