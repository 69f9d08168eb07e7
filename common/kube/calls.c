// SPDX-License-Identifier: Apache-2.0
// The verbs of the client: each builds its URL and body, kube_call() does the rest.
#include <stdio.h>

#include "common/json/out.h"
#include "common/kube/client_state.h"

#define MAX_DELETE_BODY 1024

int kube_get(struct kube *k, const struct kube_ref *ref, struct arena *arena,
             const struct json **ret, struct err *err)
{
    struct kube_request rq = {.method = "GET", .max_body = k->opt.max_body};
    return kube_target(k, ref, err) == 0 ? kube_call(k, &rq, arena, ret, err) : -1;
}

int kube_list(struct kube *k, const struct kube_ref *ref, const struct kube_selection *s,
              struct arena *arena, const struct json **ret, struct err *err)
{
    struct kube_request rq = {.method = "GET", .max_body = k->opt.max_body};
    if (kube_target(k, ref, err) != 0) {
        return -1;
    }
    kube_query_put(&k->url, "labelSelector", s->label_selector);
    kube_query_put(&k->url, "fieldSelector", s->field_selector);
    if (s->limit > 0) {
        char limit[24];
        snprintf(limit, sizeof(limit), "%lld", (long long)s->limit);
        kube_query_put(&k->url, "limit", sv_from(limit));
    }
    kube_query_put(&k->url, "continue", s->next_page);
    return kube_call(k, &rq, arena, ret, err);
}

/// A request that changes something: asks the fence, names the field manager.
static int mutate(struct kube *k, const struct kube_ref *ref, const char *method,
                  const char *content_type, struct strview body, const char *force,
                  struct arena *arena, const struct json **ret, struct err *err)
{
    struct kube_request rq = {.method = method,
                              .content_type = content_type,
                              .body = body,
                              .write = true,
                              .max_body = k->opt.max_body};
    if (kube_target(k, ref, err) != 0) {
        return -1;
    }
    kube_query_put(&k->url, "fieldManager", sv_from(k->opt.field_manager));
    kube_query_put(&k->url, "force", sv_from(force));
    return kube_call(k, &rq, arena, ret, err);
}

int kube_create(struct kube *k, const struct kube_ref *ref, struct strview body,
                struct arena *arena, const struct json **ret, struct err *err)
{
    return mutate(k, ref, "POST", "application/json", body, NULL, arena, ret, err);
}

int kube_replace(struct kube *k, const struct kube_ref *ref, struct strview body,
                 struct arena *arena, const struct json **ret, struct err *err)
{
    return mutate(k, ref, "PUT", "application/json", body, NULL, arena, ret, err);
}

int kube_apply(struct kube *k, const struct kube_ref *ref, struct strview body, bool force,
               struct arena *arena, const struct json **ret, struct err *err)
{
    return mutate(k, ref, "PATCH", "application/apply-patch+yaml", body, force ? "true" : NULL,
                  arena, ret, err);
}

int kube_patch(struct kube *k, const struct kube_ref *ref, enum kube_patch type,
               struct strview body, struct arena *arena, const struct json **ret, struct err *err)
{
    static const char *const TYPES[] = {
        [KUBE_PATCH_MERGE] = "application/merge-patch+json",
        [KUBE_PATCH_JSON] = "application/json-patch+json",
        [KUBE_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    };
    return mutate(k, ref, "PATCH", TYPES[type], body, NULL, arena, ret, err);
}

int kube_delete(struct kube *k, const struct kube_ref *ref, const struct kube_delete_options *opt,
                struct err *err)
{
    static const struct kube_delete_options NONE = {.propagation = NULL};
    opt = opt != NULL ? opt : &NONE;
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(MAX_DELETE_BODY);
    struct json_out o = JSON_OUT(&body);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "apiVersion", "v1");
    json_out_kv_str(&o, "kind", "DeleteOptions");
    if (sv_present(opt->uid) || sv_present(opt->resource_version)) {
        json_out_key_object(&o, "preconditions");
        json_out_kv_string(&o, "uid", opt->uid);
        json_out_kv_string(&o, "resourceVersion", opt->resource_version);
        json_out_end_object(&o);
    }
    json_out_kv_str(&o, "propagationPolicy", opt->propagation);
    if (opt->grace_seconds != NULL) {
        json_out_kv_int(&o, "gracePeriodSeconds", *opt->grace_seconds);
    }
    json_out_end_object(&o);
    if (!strbuf_ok(&body)) {
        return err_set(err, E_TOO_LARGE, "the preconditions are too long");
    }
    if (ref->name.len == 0) {
        return err_set(err, E_INVALID, "a whole collection is never deleted");
    }
    struct kube_request rq = {.method = "DELETE",
                              .content_type = "application/json",
                              .body = strbuf_view(&body),
                              .write = true,
                              .max_body = k->opt.max_body};
    return kube_target(k, ref, err) == 0 ? kube_call(k, &rq, NULL, NULL, err) : -1;
}
