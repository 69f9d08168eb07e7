// SPDX-License-Identifier: Apache-2.0
// Every place of a FlinkCluster's pod templates where a container or a volume can stand: one walk
// for all who look for images, accounts, environment, what a pod may do. Pure; borrows the object.
#ifndef SLUICE_FLINK_PLACES_H
#define SLUICE_FLINK_PLACES_H

#include <stdbool.h>
#include <stddef.h>

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
    unsigned template_index;     // 0: the common one, 1: jobManager's, 2: taskManager's
    const struct json *template; // the whole PodTemplateSpec
    enum place_list list;        // PLACE_LIST_COUNT: the place is the template itself
    size_t index;                // in the list
    const struct json *json;     // what stands there: the item, or the template
};

/// A walk under way: template by template, the template before its lists, each list in order.
struct places {
    const struct cluster_spec *spec;
    unsigned what;
    unsigned templates;          // how many were gone to
    unsigned lists;              // bits of those of the template that are still to come
    const struct json *template; // where the walk is
    const struct json *pod;      // its spec
    enum place_list list;        // as in struct place
    const struct json *item;     // what comes next in it, or NULL
    size_t index;
};

#define PLACES(spec_, what_) ((struct places){.spec = (spec_), .what = (what_)})

/// The next place, or false. Templates that are absent are passed over; items of any type are
/// given.
bool places_next(struct places *walk, struct place *ret);

/// The path of P: "spec.jobManager.podTemplate.spec.containers[1]". NODES holds it.
const struct path *place_path(const struct place *p, struct path nodes[PLACE_NODES]);

/// The template of that index (as in struct place), or NULL.
const struct json *places_template(const struct cluster_spec *spec, unsigned index);

/// The list's name in PodSpec.
const char *place_list_name(enum place_list list);

/// The string at the place's `name`, or SV_NONE.
struct strview place_name(const struct place *p);

/// Whether it is Flink's own container, by its name, wherever it stands.
bool place_is_main(const struct place *p);

#endif
