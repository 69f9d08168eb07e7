// SPDX-License-Identifier: Apache-2.0
#include "certs/webhook_publisher.h"

#include "certs/x509.h"
#include "common/base/base64.h"
#include "common/json/out.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define PATCH_MAX  ((size_t)4 << 20)

static void put_operation(struct json_out *o, const char *op, size_t index, const char *member,
                          struct strview value)
{
    CLEANUP(strbuf_done) struct strbuf path = STRBUF(128);
    strbuf_printf(&path, "/webhooks/%zu/%s", index, member);
    json_out_begin_object(o);
    json_out_kv_str(o, "op", op);
    json_out_kv_string(o, "path", strbuf_view(&path));
    json_out_kv_string(o, "value", value);
    json_out_end_object(o);
}

size_t webhook_publisher_patch(const struct json *configuration, struct strview bundle,
                               struct strbuf *out)
{
    struct json_out o = JSON_OUT(out);
    size_t index = 0;
    size_t changes = 0;
    json_out_begin_array(&o);
    json_each(webhook, json_get_lit(configuration, "webhooks")) {
        const struct json *client = json_get_lit(webhook, "clientConfig");
        struct strview present = json_get_string(client, SV("caBundle"));
        if (json_type(client) == JSON_OBJECT && !sv_eq(present, bundle)) {
            put_operation(&o, "test", index, "name", json_get_string(webhook, SV("name")));
            put_operation(&o, "add", index, "clientConfig/caBundle", bundle);
            changes++;
        }
        index++;
    }
    json_out_end_array(&o);
    return changes;
}

static int get(const struct webhook_publisher *p, const struct kube_ref *ref, struct arena *arena,
               const struct json **ret, struct err *err)
{
    return kube_get(p->kube, ref, arena, ret, err) < 0
               ? err_wrap(err, "reading %s %.*s", ref->resource->kind, SV_ARG(ref->name))
               : 0;
}

static int publish_in(const struct webhook_publisher *p, const struct kube_ref *ref,
                      struct strview bundle, bool *changed, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    CLEANUP(strbuf_done) struct strbuf patch = STRBUF(PATCH_MAX);
    const struct json *configuration;
    if (ref->name.len == 0) {
        return 0;
    }
    if (get(p, ref, &arena, &configuration, err) < 0) {
        return -1;
    }
    if (webhook_publisher_patch(configuration, bundle, &patch) == 0) {
        return 0;
    }
    if (!strbuf_ok(&patch)) {
        return err_set(err, E_NOMEM, "no memory for a patch");
    }
    if (kube_patch(p->kube, ref, KUBE_PATCH_JSON, strbuf_view(&patch), NULL, NULL, err) < 0) {
        return err_wrap(err, "patching %s %.*s", ref->resource->kind, SV_ARG(ref->name));
    }
    *changed = true;
    return 0;
}

static int publish(void *ctx, struct strview bundle, bool *ret_changed, struct err *err)
{
    const struct webhook_publisher *p = ctx;
    const struct kube_ref mutating = {.resource = &KUBE_MUTATINGWEBHOOKS, .name = p->mutating};
    const struct kube_ref validating = {.resource = &KUBE_VALIDATINGWEBHOOKS,
                                        .name = p->validating};
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CERTS_PEM_MAX * 2);
    base64_put(&text, bundle);
    *ret_changed = false;
    if (!strbuf_ok(&text)) {
        return err_set(err, E_NOMEM, "no memory for the CA bundle");
    }
    // Both are tried: one that is missing must not keep the other from its bundle.
    struct strview b64 = strbuf_view(&text);
    int rc = publish_in(p, &validating, b64, ret_changed, err);
    int rc2 = publish_in(p, &mutating, b64, ret_changed, err);
    return rc < 0 || rc2 < 0 ? -1 : 0;
}

void webhook_publisher_compare(const struct json *configuration, struct strview bundle,
                               struct strview leaf, struct strview ca, struct arena *arena,
                               struct certs_published *ret)
{
    json_each(webhook, json_get_lit(configuration, "webhooks")) {
        const struct json *client = json_get_lit(webhook, "clientConfig");
        struct strview text = json_get_string(client, SV("caBundle"));
        struct strview pem = SV("");
        if (json_type(client) != JSON_OBJECT ||
            (base64_decode(text, arena, &pem) && sv_eq(pem, bundle))) {
            continue;
        }
        ret->same = false;
        ret->leaf = ret->leaf && leaf.len > 0 && pem.len > 0 && x509_verify(leaf, pem, NULL) == 0;
        ret->ca = ret->ca && ca.len > 0 && pem.len > 0 && x509_holds(pem, ca);
    }
}

static int look(void *ctx, struct strview bundle, struct strview leaf, struct strview ca,
                struct certs_published *ret, struct err *err)
{
    const struct webhook_publisher *p = ctx;
    const struct kube_ref refs[] = {
        {.resource = &KUBE_VALIDATINGWEBHOOKS, .name = p->validating},
        {.resource = &KUBE_MUTATINGWEBHOOKS, .name = p->mutating},
    };
    *ret = (struct certs_published){.same = true, .leaf = true, .ca = true};
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
        const struct json *configuration;
        if (refs[i].name.len == 0) {
            continue;
        }
        if (get(p, &refs[i], &arena, &configuration, err) < 0) {
            return -1;
        }
        webhook_publisher_compare(configuration, bundle, leaf, ca, &arena, ret);
    }
    return 0;
}

void webhook_publisher_init(struct webhook_publisher *ret, struct kube *kube,
                            struct strview mutating, struct strview validating)
{
    *ret = (struct webhook_publisher){.publisher = {.look = look, .publish = publish},
                                      .kube = kube,
                                      .mutating = mutating,
                                      .validating = validating};
    ret->publisher.ctx = ret;
}
