// SPDX-License-Identifier: Apache-2.0
#include "certs/overview.h"

#include <string.h>

#include "certs/publisher.h"
#include "certs/secret_store.h"
#include "certs/webhook_publisher.h"

#define ANSWER_MAX ((size_t)16 << 20)

static void fingerprint(const struct strbuf *cert, char ret[65])
{
    struct x509_info info;
    size_t n;
    ret[0] = '\0';
    if (cert->len > 0 && x509_read(strbuf_view(cert), &info, 1, &n, NULL) == 0) {
        memcpy(ret, info.fingerprint, sizeof(info.fingerprint));
    }
}

static int read_store(const struct overview_source *from, struct overview *ret, struct err *err)
{
    struct secret_store store;
    secret_store_init(&store, from->kube, from->ns, from->secret);
    if (store.store.load(store.store.ctx, &ret->m, err) < 0) {
        return -1;
    }
    ret->phase = certs_material_phase(&ret->m);
    fingerprint(&ret->m.cert, ret->ca);
    fingerprint(&ret->m.next_cert, ret->next);
    return 0;
}

/// 0 also when it is not there; *FOUND tells.
static int get(const struct overview_source *from, const struct kube_ref *ref, struct arena *arena,
               const struct json **ret, bool *found, struct err *err)
{
    struct err e = {0};
    *found = kube_get(from->kube, ref, arena, ret, &e) == 0;
    if (!*found && e.code != E_NOT_FOUND) {
        if (err != NULL) {
            *err = e;
        }
        return err_wrap(err, "reading %s %.*s", ref->resource->kind, SV_ARG(ref->name));
    }
    return 0;
}

static int read_leader(const struct overview_source *from, struct overview *ret, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    const struct kube_ref ref = {.resource = &KUBE_LEASES, .ns = from->ns, .name = from->lease};
    const struct json *answer;
    struct lease lease;
    bool found;
    if (get(from, &ref, &arena, &answer, &found, err) < 0 ||
        (found && lease_read(answer, &lease, err) < 0)) {
        return -1;
    }
    if (found) {
        memcpy(ret->leader, lease.holder, sizeof(ret->leader));
    }
    return 0;
}

static int read_replicas(const struct overview_source *from, int64_t now_ms, struct overview *ret,
                         struct err *err)
{
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        struct replica *r = &ret->replicas[i];
        struct err e = {0};
        if (replica_place_get(from->kube, from->ns, from->lease, i, r, &e) < 0) {
            if (e.code != E_NOT_FOUND) {
                if (err != NULL) {
                    *err = e;
                }
                return err_wrap(err, "reading the Lease of replica %u", i);
            }
            continue;
        }
        int64_t ends_ms = r->lease.renew_us / 1000 + (int64_t)r->lease.duration_s * 1000;
        ret->taken[i] = r->lease.holder[0] != '\0';
        ret->live[i] = ret->taken[i] && now_ms < ends_ms;
    }
    return 0;
}

static int read_place(const struct overview_source *from, const struct kube_resource *resource,
                      struct strview name, const struct certs_material *m,
                      struct overview_place *ret, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    const struct kube_ref ref = {.resource = resource, .name = name};
    const struct json *answer;
    *ret = (struct overview_place){.kind = resource->kind, .name = name};
    if (name.len == 0) {
        return 0;
    }
    if (get(from, &ref, &arena, &answer, &ret->found, err) < 0) {
        return -1;
    }
    struct certs_published p = {.same = ret->found, .leaf = true, .ca = ret->found};
    if (ret->found) {
        webhook_publisher_compare(answer, strbuf_view(&m->bundle), SV(""), strbuf_view(&m->cert),
                                  &arena, &p);
    }
    ret->same = p.same;
    ret->ca = p.ca;
    return 0;
}

int overview_read(const struct overview_source *from, int64_t now_ms, struct overview *ret,
                  struct err *err)
{
    *ret = (struct overview){.m = CERTS_MATERIAL};
    if (read_store(from, ret, err) < 0 || read_leader(from, ret, err) < 0 ||
        read_replicas(from, now_ms, ret, err) < 0 ||
        read_place(from, &KUBE_MUTATINGWEBHOOKS, from->mutating, &ret->m, &ret->places[0], err) <
            0 ||
        read_place(from, &KUBE_VALIDATINGWEBHOOKS, from->validating, &ret->m, &ret->places[1],
                   err) < 0) {
        return -1;
    }
    return 0;
}

void overview_done(struct overview *o)
{
    certs_material_done(&o->m);
}
