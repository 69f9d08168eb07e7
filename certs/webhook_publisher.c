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

static int publish_in(const struct webhook_publisher *p, const struct kube_resource *resource,
                      struct strview name, struct strview bundle, bool *changed, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ANSWER_MAX);
    CLEANUP(strbuf_done) struct strbuf patch = STRBUF(PATCH_MAX);
    const struct kube_ref ref = {.resource = resource, .name = name};
    const struct json *configuration;
    if (name.len == 0) {
        return 0;
    }
    if (kube_get(p->kube, &ref, &arena, &configuration, err) < 0) {
        return err_wrap(err, "reading %s %.*s", resource->kind, SV_ARG(name));
    }
    if (webhook_publisher_patch(configuration, bundle, &patch) == 0) {
        return 0;
    }
    if (!strbuf_ok(&patch)) {
        return err_set(err, E_NOMEM, "no memory for a patch");
    }
    if (kube_patch(p->kube, &ref, KUBE_PATCH_JSON, strbuf_view(&patch), NULL, NULL, err) < 0) {
        return err_wrap(err, "patching %s %.*s", resource->kind, SV_ARG(name));
    }
    *changed = true;
    return 0;
}

static int publish(void *ctx, struct strview bundle, bool *ret_changed, struct err *err)
{
    const struct webhook_publisher *p = ctx;
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CERTS_PEM_MAX * 2);
    base64_put(&text, bundle);
    *ret_changed = false;
    if (!strbuf_ok(&text)) {
        return err_set(err, E_NOMEM, "no memory for the CA bundle");
    }
    // Both are tried: one that is missing must not keep the other from its bundle.
    struct strview b64 = strbuf_view(&text);
    int rc = publish_in(p, &KUBE_VALIDATINGWEBHOOKS, p->validating, b64, ret_changed, err);
    int rc2 = publish_in(p, &KUBE_MUTATINGWEBHOOKS, p->mutating, b64, ret_changed, err);
    return rc < 0 || rc2 < 0 ? -1 : 0;
}

void webhook_publisher_init(struct webhook_publisher *ret, struct kube *kube,
                            struct strview mutating, struct strview validating)
{
    *ret = (struct webhook_publisher){.publisher = {.publish = publish},
                                      .kube = kube,
                                      .mutating = mutating,
                                      .validating = validating};
    ret->publisher.ctx = ret;
}
