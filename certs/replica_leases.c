// SPDX-License-Identifier: Apache-2.0
#include "certs/replica_leases.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/json/out.h"
#include "common/k8s/timestamp.h"

#define ANSWER_MAX ((size_t)1 << 20)
#define BODY_MAX   8192

#define ISSUER  "sluice.dev/issuer"
#define LEAF    "sluice.dev/certificate"
#define EXPIRES "sluice.dev/certificate-expires"

// ---- the record ---------------------------------------------------------------------------------

static void read_hex(const struct json *notes, struct strview key, char ret[65])
{
    struct strview s = sv_cut(json_get_string(notes, key), 64);
    memset(ret, 0, 65);
    if (s.len > 0) {
        memcpy(ret, s.ptr, s.len);
    }
}

int replica_read(const struct json *v, struct replica *ret, struct err *err)
{
    const struct json *notes = json_get_lit(json_get_lit(v, "metadata"), "annotations");
    *ret = (struct replica){0};
    read_hex(notes, SV(ISSUER), ret->record.issuer);
    read_hex(notes, SV(LEAF), ret->record.leaf);
    ret->record.not_after_ms = timestamp_or_zero(json_get_string(notes, SV(EXPIRES)));
    return lease_read(v, &ret->lease, err);
}

static void put_time(struct json_out *o, const char *key, int64_t us, bool micro)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(32);
    if (us == 0) {
        return;
    }
    if (micro) {
        timestamp_put_us(&text, us);
    } else {
        timestamp_put(&text, us / 1000);
    }
    json_out_kv_string(o, key, strbuf_view(&text));
}

static void put_metadata(struct json_out *o, struct strview ns, struct strview name,
                         const struct replica *r)
{
    json_out_key_object(o, "metadata");
    json_out_kv_string(o, "name", name);
    json_out_kv_string(o, "namespace", ns);
    if (r->lease.resource_version[0] != '\0') {
        json_out_kv_str(o, "resourceVersion", r->lease.resource_version);
    }
    json_out_key_object(o, "labels");
    json_out_kv_str(o, "app.kubernetes.io/name", "sluice-webhook");
    json_out_kv_str(o, "app.kubernetes.io/part-of", "sluice");
    json_out_end_object(o);
    json_out_key_object(o, "annotations");
    json_out_kv_str(o, ISSUER, r->record.issuer);
    json_out_kv_str(o, LEAF, r->record.leaf);
    put_time(o, EXPIRES, r->record.not_after_ms * 1000, false);
    json_out_end_object(o);
    json_out_end_object(o);
}

void replica_put(struct strbuf *b, struct strview ns, struct strview name, const struct replica *r)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "apiVersion", "coordination.k8s.io/v1");
    json_out_kv_str(&o, "kind", "Lease");
    put_metadata(&o, ns, name, r);
    json_out_key_object(&o, "spec");
    json_out_kv_str(&o, "holderIdentity", r->lease.holder);
    json_out_kv_int(&o, "leaseDurationSeconds", r->lease.duration_s);
    put_time(&o, "acquireTime", r->lease.acquire_us, true);
    put_time(&o, "renewTime", r->lease.renew_us, true);
    json_out_kv_int(&o, "leaseTransitions", r->lease.transitions);
    json_out_end_object(&o);
    json_out_end_object(&o);
}

// ---- the API server -----------------------------------------------------------------------------

static struct kube_ref ref_of(struct strview ns, struct strview prefix, unsigned i,
                              struct arena *arena)
{
    return (struct kube_ref){.resource = &KUBE_LEASES,
                             .ns = ns,
                             .name = arena_printf(arena, "%.*s-%u", SV_ARG(prefix), i)};
}

int replica_place_get(struct kube *kube, struct strview ns, struct strview prefix, unsigned i,
                      struct replica *ret, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    const struct kube_ref ref = ref_of(ns, prefix, i, &arena);
    const struct json *answer;
    return kube_get(kube, &ref, &arena, &answer, err) < 0 ? -1 : replica_read(answer, ret, err);
}

/// Writes OWN into place I: made where it has no version. On success it is ours.
static int put_place(struct replica_leases *r, unsigned i, struct replica *own, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(BODY_MAX);
    struct kube_ref ref = ref_of(r->ns, r->prefix, i, &arena);
    const struct json *answer;
    bool create = own->lease.resource_version[0] == '\0';
    int64_t sent_ms = clock_boot_ms();
    own->lease.renew_us = clock_wall_ms() * 1000;
    replica_put(&body, r->ns, ref.name, own);
    if (!strbuf_ok(&body)) {
        return err_set(err, E_NOMEM, "no memory for a Lease");
    }
    ref.name = create ? SV_NONE : ref.name;
    int rc = create ? kube_create(r->kube, &ref, strbuf_view(&body), &arena, &answer, err)
                    : kube_replace(r->kube, &ref, strbuf_view(&body), &arena, &answer, err);
    if (rc < 0 || replica_read(answer, own, err) < 0) {
        return -1;
    }
    r->own = *own;
    r->place = (int)i;
    r->renewed_ms = sent_ms;
    return 0;
}

static bool is_given_back(const struct replica *p)
{
    return p->lease.holder[0] == '\0';
}

/// Whether nobody can live there by the clock on the wall. A clock that is wrong by more takes a
/// living one's place, which then takes another.
static bool is_long_dead(const struct replica *p)
{
    int64_t over_us = p->lease.renew_us + (int64_t)p->lease.duration_s * 2000000;
    return clock_wall_ms() * 1000 > over_us;
}

static struct replica new_record(const struct replica_leases *r, const struct certs_record *record)
{
    struct replica own = {.record = *record};
    snprintf(own.lease.holder, sizeof(own.lease.holder), "%s", r->identity);
    own.lease.duration_s = (int32_t)((r->duration_ms + 999) / 1000);
    own.lease.acquire_us = clock_wall_ms() * 1000;
    return own;
}

/// Takes the first free place.
static int take_place(struct replica_leases *r, const struct certs_record *record, struct err *err)
{
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        struct replica there = {0};
        struct err e = {0};
        if (replica_place_get(r->kube, r->ns, r->prefix, i, &there, &e) < 0 &&
            e.code != E_NOT_FOUND) {
            if (err != NULL) {
                *err = e;
            }
            return -1;
        }
        if (e.code == E_OK && !is_given_back(&there) && !is_long_dead(&there)) {
            continue;
        }
        struct replica own = new_record(r, record);
        memcpy(own.lease.resource_version, there.lease.resource_version,
               sizeof(own.lease.resource_version));
        own.lease.transitions = there.lease.transitions < INT32_MAX && e.code == E_OK
                                    ? there.lease.transitions + 1
                                    : there.lease.transitions;
        e.code = E_OK;
        if (put_place(r, i, &own, &e) == 0) {
            return 0;
        }
        if (e.code != E_CONFLICT) { // else another was quicker
            if (err != NULL) {
                *err = e;
            }
            return -1;
        }
    }
    return err_set(err, E_CONFLICT, "all %d places of replicas are taken", REPLICA_PLACES);
}

static bool same_record(const struct certs_record *a, const struct certs_record *b)
{
    return strcmp(a->issuer, b->issuer) == 0 && strcmp(a->leaf, b->leaf) == 0;
}

static int record(void *ctx, const struct certs_record *rec, struct err *err)
{
    struct replica_leases *r = ctx;
    if (r->place < 0) {
        return take_place(r, rec, err);
    }
    if (same_record(&r->own.record, rec) && clock_boot_ms() - r->renewed_ms < r->duration_ms / 4) {
        return 0;
    }
    struct replica own = r->own;
    struct err e = {0};
    own.record = *rec;
    if (put_place(r, (unsigned)r->place, &own, &e) == 0) {
        return 0;
    }
    if (e.code == E_CONFLICT || e.code == E_NOT_FOUND) { // it is another's now, or was deleted
        r->place = -1;
        return take_place(r, rec, err);
    }
    if (err != NULL) {
        *err = e;
    }
    return -1;
}

/// Whether place I has shown no sign of life for its duration, by our clock.
static bool is_dead(struct replica_leases *r, unsigned i, const struct replica *there)
{
    int64_t now = clock_boot_ms();
    if (strcmp(r->seen[i].version, there->lease.resource_version) != 0) {
        memcpy(r->seen[i].version, there->lease.resource_version, sizeof(r->seen[i].version));
        r->seen[i].since_ms = now;
    }
    return now - r->seen[i].since_ms >= (int64_t)there->lease.duration_s * 1000;
}

static int all_follow(void *ctx, struct strview issuer, bool *ret, struct err *err)
{
    struct replica_leases *r = ctx;
    bool all = true;
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        struct replica there;
        struct err e = {0};
        if (replica_place_get(r->kube, r->ns, r->prefix, i, &there, &e) == 0) {
            // Every place is looked at, so that the clocks of all run.
            bool gone = is_given_back(&there) || is_dead(r, i, &there);
            all &= gone || sv_eq(sv_from(there.record.issuer), issuer);
        } else if (e.code != E_NOT_FOUND) {
            if (err != NULL) {
                *err = e;
            }
            return -1;
        }
    }
    *ret = all;
    return 0;
}

void replica_leases_init(struct replica_leases *ret, struct kube *kube, struct strview ns,
                         struct strview prefix, const char *identity, int64_t duration_ms)
{
    *ret = (struct replica_leases){
        .replicas = {.record = record, .all_follow = all_follow},
        .kube = kube,
        .ns = ns,
        .prefix = prefix,
        .identity = identity,
        .duration_ms = duration_ms,
        .place = -1,
    };
    ret->replicas.ctx = ret;
}

void replica_leases_release(struct replica_leases *r)
{
    struct replica own = r->own;
    if (r->kube == NULL || r->place < 0) {
        return;
    }
    own.lease.holder[0] = '\0';
    own.lease.duration_s = 1;
    // Failing costs the next retirement of a CA a wait, no more.
    (void)put_place(r, (unsigned)r->place, &own, NULL);
    r->place = -1;
}
