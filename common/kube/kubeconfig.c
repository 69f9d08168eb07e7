// SPDX-License-Identifier: Apache-2.0
#include "common/kube/kubeconfig.h"

#include "common/base/base64.h"

/// The value under INNER of the entry called NAME in the list at LIST ("contexts" → "context").
static int find_named(const struct json *doc, const char *list, const char *inner,
                      struct strview name, const struct json **ret, struct err *err)
{
    json_each(entry, json_get(doc, sv_from(list))) {
        if (sv_eq(json_get_string(entry, SV("name")), name)) {
            *ret = json_get(entry, sv_from(inner));
            return 0;
        }
    }
    return err_set(err, E_INVALID, "no %s \"%.*s\" in the kubeconfig", inner,
                   SV_ARG(sv_sub(name, 0, 128)));
}

static int decode_data(const struct json *from, struct strview key, struct arena *arena,
                       struct strview *ret, struct err *err)
{
    struct strview text = json_get_string(from, key);
    if (text.len == 0) {
        return 0;
    }
    if (!base64_decode(text, arena, ret)) {
        return err_set(err, E_INVALID, "%.*s is not base64", SV_ARG(key));
    }
    return sv_present(*ret) ? 0 : err_set(err, E_NOMEM, "the kubeconfig does not fit its memory");
}

static struct strview non_empty(const struct json *from, struct strview key)
{
    struct strview s = json_get_string(from, key);
    return s.len != 0 ? s : SV_NONE;
}

static int decode_cluster(const struct json *cluster, struct arena *arena, struct kubeconfig *ret,
                          struct err *err)
{
    static const char *const UNSUPPORTED[] = {"proxy-url", "tls-server-name"};
    for (size_t i = 0; i < ARRAY_LEN(UNSUPPORTED); i++) {
        if (json_get_string(cluster, sv_from(UNSUPPORTED[i])).len != 0) {
            return err_set(err, E_INVALID, "%s is not supported", UNSUPPORTED[i]);
        }
    }
    ret->server = non_empty(cluster, SV("server"));
    if (!sv_present(ret->server)) {
        return err_set(err, E_INVALID, "the cluster has no server");
    }
    ret->ca_file = non_empty(cluster, SV("certificate-authority"));
    bool insecure;
    ret->insecure =
        json_bool(json_get_lit(cluster, "insecure-skip-tls-verify"), &insecure) && insecure;
    return decode_data(cluster, SV("certificate-authority-data"), arena, &ret->ca_data, err);
}

static int decode_user(const struct json *user, struct arena *arena, struct kubeconfig *ret,
                       struct err *err)
{
    static const struct {
        const char *key, *hint;
    } UNSUPPORTED[] = {
        {"auth-provider", "use a client certificate or a service account's token"},
        {"username", "API servers take no passwords any more"},
        {"as", "impersonation"},
        {"as-uid", "impersonation"},
        {"as-groups", "impersonation"},
        {"as-user-extra", "impersonation"},
    };
    for (size_t i = 0; i < ARRAY_LEN(UNSUPPORTED); i++) {
        const struct json *v = json_get(user, sv_from(UNSUPPORTED[i].key));
        bool empty = json_type(v) == JSON_STRING ? json_string(v).len == 0 : json_first(v) == NULL;
        if (!empty) {
            return err_set(err, E_INVALID, "%s in a kubeconfig is not supported (%s)",
                           UNSUPPORTED[i].key, UNSUPPORTED[i].hint);
        }
    }
    const struct json *exec = json_get_lit(user, "exec");
    ret->exec = json_first(exec) != NULL ? exec : NULL;
    ret->cert_file = non_empty(user, SV("client-certificate"));
    ret->key_file = non_empty(user, SV("client-key"));
    ret->token = non_empty(user, SV("token"));
    ret->token_file = non_empty(user, SV("tokenFile"));
    if (decode_data(user, SV("client-certificate-data"), arena, &ret->cert_data, err) != 0 ||
        decode_data(user, SV("client-key-data"), arena, &ret->key_data, err) != 0) {
        return -1;
    }
    bool cert = sv_present(ret->cert_data) || sv_present(ret->cert_file);
    bool key = sv_present(ret->key_data) || sv_present(ret->key_file);
    if (cert != key) {
        return err_set(err, E_INVALID, "a client certificate and its key go together");
    }
    return 0;
}

int kubeconfig_decode(const struct json *doc, struct strview context, struct arena *arena,
                      struct kubeconfig *ret, struct err *err)
{
    *ret = (struct kubeconfig){.insecure = false};
    if (json_type(doc) != JSON_OBJECT) {
        return err_set(err, E_INVALID, "not a kubeconfig");
    }
    struct strview name = context.len != 0 ? context : json_get_string(doc, SV("current-context"));
    if (name.len == 0) {
        return err_set(err, E_INVALID, "the kubeconfig has no current-context; name one");
    }
    const struct json *ctx = NULL;
    const struct json *cluster = NULL;
    const struct json *user = NULL;
    if (find_named(doc, "contexts", "context", name, &ctx, err) != 0 ||
        find_named(doc, "clusters", "cluster", json_get_string(ctx, SV("cluster")), &cluster,
                   err) != 0 ||
        decode_cluster(cluster, arena, ret, err) != 0) {
        return -1;
    }
    struct strview user_name = json_get_string(ctx, SV("user"));
    if ((user_name.len != 0 && find_named(doc, "users", "user", user_name, &user, err) != 0) ||
        decode_user(user, arena, ret, err) != 0) {
        return -1;
    }
    ret->namespace_ = non_empty(ctx, SV("namespace"));
    return 0;
}
