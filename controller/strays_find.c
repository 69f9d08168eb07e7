// SPDX-License-Identifier: Apache-2.0
#include "controller/strays_find.h"

#include "common/base/arena.h"
#include "common/k8s/meta.h"
#include "controller/cache.h"
#include "controller/names.h"

#define SELECTOR LABEL_CLUSTER ",app.kubernetes.io/managed-by!=sluice"
#define PAGE     500
/// What a page of pods may take as a tree.
#define PAGE_ARENA_MAX ((size_t)256 << 20)

static int note(struct strays *s, enum child_kind kind, const struct json *object,
                struct arena *arena, struct err *err)
{
    struct meta m;
    if (meta_read(object, arena, &m, err) != 0) {
        return -1;
    }
    const struct owner_ref *owner = meta_controller(&m);
    if (owner != NULL && sv_eq_lit(owner->kind, FLINK_KIND)) {
        struct strview key =
            arena_printf(arena, "%.*s/%.*s", SV_ARG(m.namespace_), SV_ARG(owner->name));
        strays_note(s, key, kind, m.name, m.uid);
    }
    return 0;
}

/// One page; *NEXT is the following one's token, borrowed from ARENA.
static int find_page(struct strays *s, struct kube *kube, enum child_kind kind, struct strview ns,
                     struct strview *next, struct arena *arena, struct err *err)
{
    const struct kube_ref ref = {.resource = cache_child_resource(kind), .ns = ns};
    const struct kube_selection lost = {
        .label_selector = SV(SELECTOR), .limit = PAGE, .next_page = *next};
    const struct json *list;
    if (kube_list(kube, &ref, &lost, arena, &list, err) != 0) {
        return -1;
    }
    json_each(object, json_get_lit(list, "items")) {
        if (note(s, kind, object, arena, err) != 0) {
            return -1;
        }
    }
    *next = json_string(json_get_path(list, "metadata", "continue", NULL));
    return 0;
}

static int find_kind(struct strays *s, struct kube *kube, enum child_kind kind, struct strview ns,
                     struct err *err)
{
    struct strview next = SV_NONE;
    CLEANUP(arena_done) struct arena arena = ARENA(PAGE_ARENA_MAX);
    // No more than can be remembered.
    for (size_t found = 0; found < STRAYS_MAX; found += PAGE) {
        if (find_page(s, kube, kind, ns, &next, &arena, err) != 0) {
            return -1;
        }
        if (next.len == 0) {
            return 0;
        }
    }
    return 0;
}

int strays_find(struct strays *s, struct kube *kube, const char *const *namespaces, size_t n,
                struct err *err)
{
    static const enum child_kind KINDS[] = {CHILD_REVISION, CHILD_POD};
    for (size_t i = 0; i < (n != 0 ? n : 1); i++) {
        struct strview ns = n != 0 ? sv_from(namespaces[i]) : SV("");
        for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
            if (find_kind(s, kube, KINDS[k], ns, err) != 0) {
                return err_wrap(err, "children without our label");
            }
        }
    }
    return 0;
}
