// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "certs/overview.h"
#include "common/json/out.h"
#include "common/k8s/timestamp.h"

const char *overview_issuer(const struct overview *o, const char *issuer)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    size_t n = 0;
    if (issuer[0] == '\0') {
        return "none";
    }
    if (strcmp(issuer, o->ca) == 0) {
        return "signs";
    }
    if (strcmp(issuer, o->next) == 0) {
        return "next";
    }
    if (o->m.bundle.len > 0 &&
        x509_read(strbuf_view(&o->m.bundle), info, CERTS_CHAIN_MAX, &n, NULL) < 0) {
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(issuer, info[i].fingerprint) == 0) {
            return "old";
        }
    }
    return "unknown";
}

// ---- text ---------------------------------------------------------------------------------------

static void line_time(struct strbuf *b, const char *label, int64_t ms)
{
    strbuf_put_str(b, label);
    if (ms != 0) {
        timestamp_put(b, ms);
    } else {
        strbuf_put_str(b, "-");
    }
    strbuf_put_char(b, '\n');
}

static void text_cas(const struct overview *o, struct strbuf *b)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    size_t n = 0;
    if (o->m.bundle.len == 0 ||
        x509_read(strbuf_view(&o->m.bundle), info, CERTS_CHAIN_MAX, &n, NULL) < 0) {
        strbuf_put_str(b, "CAs:        none yet\n");
        return;
    }
    strbuf_put_str(b, "CAs:\n");
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(b, "  %-7s  %s  until ", overview_issuer(o, info[i].fingerprint),
                      info[i].subject);
        timestamp_put(b, info[i].not_after_ms);
        strbuf_printf(b, "  %.16s\n", info[i].fingerprint);
    }
}

static void text_replicas(const struct overview *o, int64_t now_ms, struct strbuf *b)
{
    bool any = false;
    strbuf_put_str(b, "replicas:\n");
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        const struct replica *r = &o->replicas[i];
        if (!o->taken[i]) {
            continue;
        }
        any = true;
        int64_t ago_s = (now_ms - r->lease.renew_us / 1000) / 1000;
        strbuf_printf(b, "  %u  %s  leaf of the CA that %s, until ", i, r->lease.holder,
                      strcmp(overview_issuer(o, r->record.issuer), "signs") == 0 ? "signs"
                      : strcmp(overview_issuer(o, r->record.issuer), "old") == 0 ? "signed before"
                                                                                 : "is not known");
        timestamp_put(b, r->record.not_after_ms);
        strbuf_printf(b, ", %s %lld s ago\n", o->live[i] ? "seen" : "DEAD, last seen",
                      (long long)(ago_s > 0 ? ago_s : 0));
    }
    if (!any) {
        strbuf_put_str(b, "  none\n");
    }
}

void overview_put_text(const struct overview *o, int64_t now_ms, struct strbuf *b)
{
    strbuf_printf(b, "phase:      %s%s\n", certs_phase_name(o->phase),
                  o->m.rotate ? ", a change is asked for" : "");
    line_time(b, "published:  ", o->m.published_ms);
    line_time(b, "signs from: ", o->m.switched_ms);
    strbuf_printf(b, "leader:     %s\n", o->leader[0] != '\0' ? o->leader : "nobody");
    text_cas(o, b);
    text_replicas(o, now_ms, b);
    strbuf_put_str(b, "published bundles:\n");
    for (size_t i = 0; i < ARRAY_LEN(o->places); i++) {
        const struct overview_place *p = &o->places[i];
        if (p->name.len > 0) {
            strbuf_printf(b, "  %s %.*s: %s\n", p->kind, SV_ARG(p->name),
                          !p->found ? "NOT FOUND"
                          : p->same ? "as it should be"
                          : p->ca   ? "another, which trusts the CA that signs"
                                    : "ANOTHER, WHICH DOES NOT TRUST THE CA THAT SIGNS");
        }
    }
}

// ---- JSON ---------------------------------------------------------------------------------------

static void put_time(struct json_out *o, const char *key, int64_t ms)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(32);
    if (ms != 0) {
        timestamp_put(&text, ms);
        json_out_kv_string(o, key, strbuf_view(&text));
    }
}

static void json_cas(const struct overview *v, struct json_out *o)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    size_t n = 0;
    if (v->m.bundle.len > 0 &&
        x509_read(strbuf_view(&v->m.bundle), info, CERTS_CHAIN_MAX, &n, NULL) < 0) {
        n = 0;
    }
    json_out_key_array(o, "cas");
    for (size_t i = 0; i < n; i++) {
        json_out_begin_object(o);
        json_out_kv_str(o, "role", overview_issuer(v, info[i].fingerprint));
        json_out_kv_str(o, "subject", info[i].subject);
        json_out_kv_str(o, "sha256", info[i].fingerprint);
        put_time(o, "notBefore", info[i].not_before_ms);
        put_time(o, "notAfter", info[i].not_after_ms);
        json_out_end_object(o);
    }
    json_out_end_array(o);
}

static void json_replicas(const struct overview *v, struct json_out *o)
{
    json_out_key_array(o, "replicas");
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        const struct replica *r = &v->replicas[i];
        if (v->taken[i]) {
            json_out_begin_object(o);
            json_out_kv_int(o, "place", i);
            json_out_kv_str(o, "holder", r->lease.holder);
            json_out_kv_bool(o, "live", v->live[i]);
            json_out_kv_str(o, "issuer", overview_issuer(v, r->record.issuer));
            json_out_kv_str(o, "issuerSha256", r->record.issuer);
            json_out_kv_str(o, "certificateSha256", r->record.leaf);
            put_time(o, "notAfter", r->record.not_after_ms);
            put_time(o, "seenAt", r->lease.renew_us / 1000);
            json_out_end_object(o);
        }
    }
    json_out_end_array(o);
}

void overview_put_json(const struct overview *v, struct strbuf *b)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "phase", certs_phase_name(v->phase));
    json_out_kv_bool(&o, "changeAskedFor", v->m.rotate);
    put_time(&o, "publishedAt", v->m.published_ms);
    put_time(&o, "signsFrom", v->m.switched_ms);
    json_out_kv_str(&o, "leader", v->leader);
    json_cas(v, &o);
    json_replicas(v, &o);
    json_out_key_array(&o, "published");
    for (size_t i = 0; i < ARRAY_LEN(v->places); i++) {
        const struct overview_place *p = &v->places[i];
        if (p->name.len > 0) {
            json_out_begin_object(&o);
            json_out_kv_str(&o, "kind", p->kind);
            json_out_kv_string(&o, "name", p->name);
            json_out_kv_bool(&o, "found", p->found);
            json_out_kv_bool(&o, "same", p->same);
            json_out_kv_bool(&o, "trustsCA", p->ca);
            json_out_end_object(&o);
        }
    }
    json_out_end_array(&o);
    json_out_end_object(&o);
    strbuf_put_char(b, '\n');
}
