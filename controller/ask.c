// SPDX-License-Identifier: Apache-2.0
#include "controller/ask.h"

#include "controller/objects.h"

static bool is_true(const struct flink_conf *conf, struct strview key, bool otherwise)
{
    struct strview value = flink_conf_get(conf, key);
    return !sv_present(value) ? otherwise : value.len == 4 && (value.ptr[0] | 0x20) == 't';
}

/// As Flink decides: below 2.0 one key turned on all of its TLS.
static bool has_tls(const struct flink_conf *conf)
{
    return is_true(conf, SV("security.ssl.rest.enabled"),
                   is_true(conf, SV("security.ssl.enabled"), false));
}

/// Another container in the same pod is another process.
static uint64_t process_of(const struct pod_list *pods, struct strview uid)
{
    for (size_t i = 0; i < pods->n; i++) {
        if (sv_eq(pods->items[i].uid, uid)) {
            return (uint64_t)pods->items[i].started_ms;
        }
    }
    return 0;
}

/// Another value whenever a pod comes, goes, or is ready otherwise: then Flink has news, too.
static uint64_t hint_of(const struct pod_list *pods)
{
    uint64_t hash = 14695981039346656037U; // FNV-1a
    for (size_t i = 0; i < pods->n; i++) {
        const struct pod_view *p = &pods->items[i];
        for (size_t c = 0; c < p->uid.len; c++) {
            hash = (hash ^ (unsigned char)p->uid.ptr[c]) * 1099511628211U;
        }
        hash = (hash ^ (p->ready ? 1U : 2U) ^ (pod_is_live(p) ? 4U : 8U)) * 1099511628211U;
    }
    return hash;
}

void ask_make(const struct reconcile *rc, const struct situation *now, struct probe_target *ret)
{
    const struct observed *o = rc->observed;
    const struct record *r = &now->acceptance->last;
    const struct ha_view *ha = &o->ha;
    *ret = (struct probe_target){
        .pod = ha->leader,
        .ip = ha->leader_ip,
        .port = (uint16_t)ha->leader_port,
        .https = has_tls(&r->effective.conf),
        .job_id = r->job_id,
        .task_managers = now->desired.pods[POD_TASK_MANAGER],
        .process = process_of(&now->pods, ha->leader_uid),
        .hint = hint_of(&now->pods),
    };
    if (ret->https) {
        ret->tls_name = arena_printf(rc->arena, "%.*s.%.*s.svc", SV_ARG(rest_service_name(rc)),
                                     SV_ARG(o->cluster.ns));
    }
}
