// SPDX-License-Identifier: Apache-2.0
#include "controller/observed.h"

#include "common/flink/decode.h"
#include "common/k8s/timestamp.h"
#include "controller/reconcile.h"

const struct child_kind_info CHILD_KIND_INFO[CHILD_KIND_COUNT] = {
#define X(id, api_version_, kind_, plural_, group_, version_)                                      \
    [CHILD_##id] = {.api_version = api_version_,                                                   \
                    .kind = kind_,                                                                 \
                    .plural = plural_,                                                             \
                    .group = group_,                                                               \
                    .version = version_},
    CHILD_KINDS(X)
#undef X
};

int observed_make(const struct json *object, const struct children *children, int64_t now_ms,
                  struct arena *arena, struct observed *ret, struct err *err)
{
    const struct json *metadata = json_get_lit(object, "metadata");
    *ret = (struct observed){
        .object = object,
        .uid = json_get_string(metadata, SV("uid")),
        .resource_version = json_get_string(metadata, SV("resourceVersion")),
        .deleting = json_type(json_get_lit(metadata, "deletionTimestamp")) == JSON_STRING,
        .created_ms = timestamp_or_zero(json_get_string(metadata, SV("creationTimestamp"))),
        .deleted_ms = timestamp_or_zero(json_get_string(metadata, SV("deletionTimestamp"))),
        .now_ms = now_ms,
    };
    if (!json_int(json_get_lit(metadata, "generation"), &ret->generation)) {
        ret->generation = 0;
    }
    // Faults are judged at the acceptance; here only the names must be there.
    struct violations faults = VIOLATIONS(arena, 0);
    flink_decode(object, &ret->cluster, &faults);
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory left to read the FlinkCluster");
    }
    struct strview kind = json_get_string(object, SV("kind"));
    if ((sv_present(kind) && !sv_eq_lit(kind, FLINK_KIND)) || ret->uid.len == 0 ||
        ret->cluster.name.len == 0 || ret->cluster.ns.len == 0) {
        return err_set(err, E_INVALID, "no FlinkCluster with name, namespace and uid");
    }
    for (int i = 0; i < CHILD_KIND_COUNT; i++) {
        ret->children[i] = children[i];
    }
    return observed_add_ha(ret, NULL, 0, arena, err);
}

int observed_add_ha(struct observed *observed, const struct ha_map *maps, size_t n,
                    struct arena *arena, struct err *err)
{
    const struct reconcile rc = {.observed = observed, .arena = arena};
    ha_view_read(&rc, maps, n, &observed->ha);
    return arena_check(arena, err);
}

void observed_refused_put(struct strbuf *b, const struct observed *o)
{
    for (size_t i = 0; i < o->n_refused; i++) {
        const struct refused_child *r = &o->refused[i];
        strbuf_printf(b, "%s%s %.*s: %.*s", i > 0 ? "; " : "", CHILD_KIND_INFO[r->kind].kind,
                      SV_ARG(r->name), SV_ARG(r->message));
    }
}
