// SPDX-License-Identifier: Apache-2.0
#include "common/flink/places.h"

// One step for the template itself, then one for each list.
#define STEPS (PLACE_LIST_COUNT + 1U)

static const char *const LISTS[PLACE_LIST_COUNT] = {
#define X(id, name) [PLACE_##id] = name,
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
    return LISTS[list];
}

static const struct json *list_of(const struct json *template, unsigned list)
{
    return json_get(json_get_lit(template, "spec"), sv_from(LISTS[list]));
}

/// The template of the walk's step; NULL: nothing is asked for there.
static const struct json *step_template(const struct places *w, unsigned *at)
{
    *at = w->step % STEPS;
    unsigned bit = *at == 0 ? PLACES_TEMPLATES : 1U << (*at - 1);
    return (w->what & bit) != 0 ? places_template(w->spec, w->step / STEPS) : NULL;
}

bool places_next(struct places *w, struct place *ret)
{
    while (w->step < PLACE_TEMPLATE_COUNT * STEPS) {
        unsigned at;
        const struct json *template = step_template(w, &at);
        *ret = (struct place){.template_index = w->step / STEPS,
                              .template = template,
                              .list = at == 0 ? PLACE_LIST_COUNT : (enum place_list)(at - 1)};
        if (template != NULL && at == 0) {
            w->step++;
            ret->json = template;
            return true;
        }
        if (template != NULL) {
            const struct json *item =
                w->index == 0 ? json_first(list_of(template, at - 1)) : w->item;
            if (item != NULL) {
                ret->json = item;
                ret->index = w->index++;
                w->item = json_next(item);
                return true;
            }
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
    at[2] = PATH_FIELD_OF(&at[1], sv_from(LISTS[p->list]));
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
