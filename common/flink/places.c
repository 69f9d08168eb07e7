// SPDX-License-Identifier: Apache-2.0
#include "common/flink/places.h"

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

/// Goes on to the next template that there is; false: there is none.
static bool next_template(struct places *w)
{
    w->template = NULL;
    while (w->template == NULL && w->templates < PLACE_TEMPLATE_COUNT) {
        w->template = places_template(w->spec, w->templates++);
    }
    bool itself = (w->what & PLACES_TEMPLATES) != 0;
    w->lists = w->what & ~PLACES_TEMPLATES;
    w->list = PLACE_LIST_COUNT;
    w->item = itself ? w->template : NULL;
    w->pod = w->lists != 0 ? json_get_lit(w->template, "spec") : NULL;
    return w->template != NULL;
}

static void next_list(struct places *w)
{
    w->list = (enum place_list)__builtin_ctz(w->lists);
    w->lists &= w->lists - 1;
    w->index = 0;
    w->item = json_first(json_get(w->pod, LISTS[w->list]));
}

bool places_next(struct places *w, struct place *ret)
{
    while (w->item == NULL) {
        if (w->lists != 0) {
            next_list(w);
        } else if (!next_template(w)) {
            return false;
        }
    }
    bool itself = w->list == PLACE_LIST_COUNT;
    *ret = (struct place){.template_index = w->templates - 1,
                          .template = w->template,
                          .list = w->list,
                          .index = itself ? 0 : w->index++,
                          .json = w->item};
    w->item = itself ? NULL : json_next(w->item);
    return true;
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
