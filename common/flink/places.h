// SPDX-License-Identifier: Apache-2.0
// Every place of a FlinkCluster's pod templates where a container or a volume can stand: one list
// for all who look for images, accounts, environment, what a pod may do. Pure; borrows the object.
#ifndef SLUICE_FLINK_PLACES_H
#define SLUICE_FLINK_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/path.h"
#include "common/flink/cluster.h"

#define PLACES_MAIN_CONTAINER "flink-main-container"

/// X(id, "the list in PodSpec"). Sidecars are init containers that are restarted; an image volume
/// is a volume.
#define PLACE_LISTS(X)                                                                             \
    X(CONTAINERS, "containers")                                                                    \
    X(INIT_CONTAINERS, "initContainers")                                                           \
    X(EPHEMERAL_CONTAINERS, "ephemeralContainers")                                                 \
    X(VOLUMES, "volumes")

enum place_list {
#define X(id, name) PLACE_##id,
    PLACE_LISTS(X)
#undef X
        PLACE_LIST_COUNT
};

/// What a walk stops at: bits of lists, and the templates themselves.
#define PLACES_OF(list)          (1U << (PLACE_##list))
#define PLACES_TEMPLATES         (1U << PLACE_LIST_COUNT)
#define PLACES_OF_CONTAINERS     (PLACES_OF(CONTAINERS) | PLACES_OF(INIT_CONTAINERS))
#define PLACES_OF_ANY_CONTAINERS (PLACES_OF_CONTAINERS | PLACES_OF(EPHEMERAL_CONTAINERS))

#define PLACE_TEMPLATE_COUNT 3
#define PLACE_NODES          6 // of the longest path to a place

struct place {
    const struct json *json; // what stands there: the item of a list, or the whole PodTemplateSpec
    const struct json *pod;  // the template's `spec`, or NULL
    struct strview name;     // the item's `name`, or SV_NONE
    uint32_t index;          // in the list
    uint8_t list;            // enum place_list; PLACE_LIST_COUNT: the place is the template itself
    uint8_t template_index;  // 0: the common one, 1: jobManager's, 2: taskManager's
};

/// Lists C's places, for flink_decode(): template by template, the template before its lists, each
/// list in order. Templates that are absent are passed over; items of any type are listed. In
/// ARENA; when that is full there are none.
void places_read(struct flink_cluster *c, struct arena *arena);

/// A walk over those places of C that are of some kinds.
struct places {
    const struct flink_cluster *c;
    unsigned what;
    size_t at;
};

#define PLACES(c_, what_) ((struct places){.c = (c_), .what = (what_)})

/// The next place, or NULL: `for (const struct place *p; (p = places_next(&walk)) != NULL;)`.
static inline const struct place *places_next(struct places *walk)
{
    while (walk->at < walk->c->n_places) {
        const struct place *p = &walk->c->places[walk->at++];
        if ((walk->what >> p->list & 1) != 0) {
            return p;
        }
    }
    return NULL;
}

/// The path of P: "spec.jobManager.podTemplate.spec.containers[1]". NODES holds it.
const struct path *place_path(const struct place *p, struct path nodes[PLACE_NODES]);

/// The template of that index (as in struct place), or NULL.
const struct json *places_template(const struct cluster_spec *spec, unsigned index);

/// The list's name in PodSpec.
const char *place_list_name(enum place_list list);

/// Whether it is Flink's own container, by its name, wherever it stands.
static inline bool place_is_main(const struct place *p)
{
    return sv_eq(p->name, SV(PLACES_MAIN_CONTAINER));
}

#endif
