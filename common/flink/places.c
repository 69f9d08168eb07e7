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

/// Where the lists of a template begin.
struct heads {
    const struct json *pod, *lists[PLACE_LIST_COUNT];
};

/// How many places TEMPLATE has.
static size_t find_heads(const struct json *template, struct heads *ret)
{
    if (template == NULL) {
        return 0;
    }
    size_t n = 1;
    ret->pod = json_get_lit(template, "spec");
    for (size_t list = 0; list < PLACE_LIST_COUNT; list++) {
        ret->lists[list] = json_get(ret->pod, LISTS[list]);
        n += json_count(ret->lists[list]);
    }
    return n;
}

void places_read(struct flink_cluster *c, struct arena *arena)
{
    struct heads heads[PLACE_TEMPLATE_COUNT] = {0};
    size_t count = 0;
    for (unsigned i = 0; i < PLACE_TEMPLATE_COUNT; i++) {
        count += find_heads(places_template(&c->spec, i), &heads[i]);
    }
    struct place *items = count != 0 ? arena_alloc(arena, count * sizeof(*items)) : NULL;
    size_t n = 0;
    for (unsigned i = 0; items != NULL && i < PLACE_TEMPLATE_COUNT; i++) {
        struct place p = {.json = places_template(&c->spec, i),
                          .pod = heads[i].pod,
                          .list = PLACE_LIST_COUNT,
                          .template_index = (uint8_t)i};
        if (p.json == NULL) {
            continue;
        }
        items[n++] = p;
        for (p.list = 0; p.list < PLACE_LIST_COUNT; p.list++) {
            p.index = 0;
            json_each(item, heads[i].lists[p.list]) {
                p.json = item;
                p.name = json_get_string(item, SV("name"));
                items[n++] = p;
                p.index++;
            }
        }
    }
    c->places = items;
    c->n_places = n;
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
