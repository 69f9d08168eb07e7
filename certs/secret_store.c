// SPDX-License-Identifier: Apache-2.0
#include "certs/secret_store.h"

#include <stdio.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/json/out.h"
#include "common/k8s/timestamp.h"

#define ANSWER_MAX ((size_t)8 << 20) // a Secret has at most 1 MiB, its tree a few times that

static struct kube_ref ref_of(const struct secret_store *s, bool named)
{
    return (struct kube_ref){
        .resource = &KUBE_SECRETS, .ns = s->ns, .name = named ? s->name : SV("")};
}

/// The decoded value of a key of `data`; an absent one gives an empty view.
static int get_data(const struct json *data, const char *key, struct arena *arena,
                    struct strview *ret, struct err *err)
{
    struct strview text = json_get_string(data, sv_from(key));
    *ret = SV("");
    if (!sv_present(text)) {
        return 0;
    }
    if (!base64_decode(text, arena, ret)) {
        return err_set(err, E_INVALID, "%s is not base64", key);
    }
    return sv_present(*ret) ? 0 : err_set(err, E_NOMEM, "no memory for a Secret");
}

/// Annotations, in which an operator sees what is going on, and may ask for a change.
#define PUBLISHED "sluice.dev/published-at"
#define SWITCHED  "sluice.dev/switched-at"
#define ROTATE    "sluice.dev/rotate"
#define LEAVES    "sluice.dev/rotate-leaves"

static int read_data(const struct json *data, struct arena *arena, struct certs_material *m,
                     struct err *err)
{
    static const char *const KEYS[] = {"tls.crt", "tls.key", "next.crt", "next.key", "ca.crt"};
    struct strview v[ARRAY_LEN(KEYS)];
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        if (get_data(data, KEYS[i], arena, &v[i], err) < 0) {
            return -1;
        }
    }
    if (v[0].len == 0 && v[1].len == 0) {
        return 0;
    }
    strbuf_put(&m->cert, v[0]);
    strbuf_put(&m->key, v[1]);
    strbuf_put(&m->next_cert, v[2]);
    strbuf_put(&m->next_key, v[3]);
    // The bundle is published: only certificates may come along.
    if (x509_rewrite(v[4].len > 0 ? v[4] : v[0], NULL, &m->bundle, err) < 0) {
        return -1;
    }
    if (!strbuf_ok(&m->cert) || !strbuf_ok(&m->key) || !strbuf_ok(&m->next_cert) ||
        !strbuf_ok(&m->next_key)) {
        return err_set(err, E_TOO_LARGE, "the Secret is too large for a CA");
    }
    return certs_material_check(m, err);
}

static int read_secret(const struct json *secret, struct arena *arena, struct certs_material *m,
                       struct err *err)
{
    const struct json *meta = json_get_lit(secret, "metadata");
    const struct json *notes = json_get_lit(meta, "annotations");
    struct strview version = json_get_string(meta, SV("resourceVersion"));
    if (version.len == 0 || version.len >= sizeof(m->version)) {
        return err_set(err, E_INVALID, "the Secret has no resourceVersion");
    }
    if (read_data(json_get_lit(secret, "data"), arena, m, err) < 0) {
        return -1;
    }
    m->published_ms = timestamp_or_zero(json_get_string(notes, SV(PUBLISHED)));
    m->switched_ms = timestamp_or_zero(json_get_string(notes, SV(SWITCHED)));
    m->rotate = sv_present(json_get_string(notes, SV(ROTATE)));
    certs_material_want_leaves(m, json_get_string(notes, SV(LEAVES)));
    memcpy(m->version, version.ptr, version.len);
    m->version[version.len] = '\0';
    return 0;
}

static int secret_load(void *ctx, struct certs_material *ret, struct err *err)
{
    const struct secret_store *s = ctx;
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    const struct kube_ref ref = ref_of(s, true);
    const struct json *secret;
    struct err get_err = {0};
    if (kube_get(s->kube, &ref, &arena, &secret, &get_err) < 0) {
        if (get_err.code == E_NOT_FOUND) {
            return 0;
        }
        if (err != NULL) {
            *err = get_err;
        }
        return err_wrap(err, "reading the Secret %.*s", SV_ARG(s->name));
    }
    return read_secret(secret, &arena, ret, err) < 0
               ? err_wrap(err, "the Secret %.*s holds something else than a CA", SV_ARG(s->name))
               : 0;
}

/// False: it is not whole.
static bool put_data(struct json_out *o, const char *key, const struct strbuf *value)
{
    CLEANUP(strbuf_wipe) struct strbuf text = STRBUF(CERTS_PEM_MAX * 2);
    base64_put(&text, strbuf_view(value));
    json_out_kv_string(o, key, strbuf_view(&text));
    return strbuf_ok(&text);
}

/// An annotation; in a patch an empty one is taken away.
static void put_note(struct json_out *o, bool create, const char *key, struct strview value)
{
    if (value.len > 0) {
        json_out_kv_string(o, key, value);
    } else if (!create) {
        json_out_key(o, sv_from(key));
        json_out_null(o);
    }
}

static void put_time(struct json_out *o, bool create, const char *key, int64_t ms)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(32);
    if (ms != 0) {
        timestamp_put_us(&text, ms * 1000);
    }
    put_note(o, create, key, strbuf_view(&text));
}

static void put_metadata(struct json_out *o, const struct secret_store *s,
                         const struct certs_material *m)
{
    bool create = m->version[0] == '\0';
    json_out_key_object(o, "metadata");
    json_out_kv_string(o, "name", s->name);
    if (create) {
        json_out_key_object(o, "labels");
        json_out_kv_str(o, "app.kubernetes.io/name", "sluice-webhook");
        json_out_kv_str(o, "app.kubernetes.io/part-of", "sluice");
        json_out_end_object(o);
    } else {
        json_out_kv_str(o, "resourceVersion", m->version);
    }
    json_out_key_object(o, "annotations");
    put_time(o, create, PUBLISHED, m->published_ms);
    put_time(o, create, SWITCHED, m->switched_ms);
    put_note(o, create, ROTATE, m->rotate ? SV("asked for") : SV(""));
    put_note(o, create, LEAVES, sv_from(m->leaves_wanted));
    json_out_end_object(o);
    json_out_end_object(o);
}

static bool put_secret(struct json_out *o, const struct secret_store *s,
                       const struct certs_material *m)
{
    json_out_begin_object(o);
    json_out_kv_str(o, "apiVersion", "v1");
    json_out_kv_str(o, "kind", "Secret");
    put_metadata(o, s, m);
    if (m->version[0] == '\0') {
        json_out_kv_str(o, "type", "kubernetes.io/tls");
    }
    json_out_key_object(o, "data");
    bool whole = put_data(o, "tls.crt", &m->cert) && put_data(o, "tls.key", &m->key) &&
                 put_data(o, "next.crt", &m->next_cert) && put_data(o, "next.key", &m->next_key) &&
                 put_data(o, "ca.crt", &m->bundle);
    json_out_end_object(o);
    json_out_end_object(o);
    return whole;
}

static int secret_save(void *ctx, const struct certs_material *m, struct err *err)
{
    const struct secret_store *s = ctx;
    bool create = m->version[0] == '\0';
    const struct kube_ref ref = ref_of(s, !create);
    CLEANUP(strbuf_wipe) struct strbuf body = STRBUF(CERTS_PEM_MAX * 12);
    struct json_out o = JSON_OUT(&body);
    if (!put_secret(&o, s, m) || !strbuf_ok(&body)) {
        return err_set(err, E_NOMEM, "no memory for a Secret");
    }
    struct strview text = strbuf_view(&body);
    int rc = create ? kube_create(s->kube, &ref, text, NULL, NULL, err)
                    : kube_patch(s->kube, &ref, KUBE_PATCH_MERGE, text, NULL, NULL, err);
    return rc < 0 ? err_wrap(err, "writing the Secret %.*s", SV_ARG(s->name)) : 0;
}

void secret_store_init(struct secret_store *ret, struct kube *kube, struct strview ns,
                       struct strview name)
{
    *ret = (struct secret_store){
        .store = {.load = secret_load, .save = secret_save}, .kube = kube, .ns = ns, .name = name};
    ret->store.ctx = ret;
}
