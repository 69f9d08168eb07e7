// SPDX-License-Identifier: Apache-2.0
#include "common/kube/resource.h"

#include <stdint.h>

#define MAX_PART 253 // DNS-1123 subdomain; no name in the API is longer

#define X(name_, group_, version_, plural_, kind_, namespaced_)                                    \
    const struct kube_resource KUBE_##name_ = {.group = group_,                                    \
                                               .version = version_,                                \
                                               .plural = plural_,                                  \
                                               .kind = kind_,                                      \
                                               .namespaced = namespaced_};
KUBE_RESOURCES(X)
#undef X

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put_encoded(struct strbuf *b, struct strview s)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        if (is_unreserved(s.ptr[i])) {
            strbuf_put_char(b, s.ptr[i]);
        } else {
            unsigned char byte = (unsigned char)s.ptr[i];
            strbuf_put_char(b, '%');
            strbuf_put_char(b, HEX[byte >> 4]);
            strbuf_put_char(b, HEX[byte & 15]);
        }
    }
}

static int put_part(struct strbuf *b, const char *what, struct strview part, struct err *err)
{
    // "." and ".." would be resolved away by proxies and by libcurl itself.
    if (part.len == 0 || part.len > MAX_PART || sv_eq_lit(part, ".") || sv_eq_lit(part, "..")) {
        return err_set(err, E_INVALID, "not a %s that can be addressed: \"%.*s\"", what,
                       SV_ARG(sv_sub(part, 0, 64)));
    }
    strbuf_put_char(b, '/');
    put_encoded(b, part);
    return 0;
}

int kube_path_put(struct strbuf *b, const struct kube_ref *ref, struct err *err)
{
    const struct kube_resource *r = ref->resource;
    if (ref->ns.len != 0 && !r->namespaced) {
        return err_set(err, E_INVALID, "%s are not in a namespace", r->plural);
    }
    if (ref->ns.len == 0 && r->namespaced && ref->name.len != 0) {
        return err_set(err, E_INVALID, "one of the %s needs its namespace", r->plural);
    }
    if (ref->sub.len != 0 && ref->name.len == 0) {
        return err_set(err, E_INVALID, "a subresource of %s needs a name", r->plural);
    }
    strbuf_put_str(b, r->group[0] != '\0' ? "/apis" : "/api");
    if (r->group[0] != '\0' && put_part(b, "group", sv_from(r->group), err) != 0) {
        return -1;
    }
    if (put_part(b, "version", sv_from(r->version), err) != 0) {
        return -1;
    }
    if (ref->ns.len != 0) {
        strbuf_put_str(b, "/namespaces");
        if (put_part(b, "namespace", ref->ns, err) != 0) {
            return -1;
        }
    }
    if (put_part(b, "resource", sv_from(r->plural), err) != 0 ||
        (ref->name.len != 0 && put_part(b, "name", ref->name, err) != 0) ||
        (ref->sub.len != 0 && put_part(b, "subresource", ref->sub, err) != 0)) {
        return -1;
    }
    return strbuf_ok(b) ? 0 : err_set(err, E_TOO_LARGE, "the path is too long");
}

void kube_query_put(struct strbuf *b, const char *key, struct strview value)
{
    if (!sv_present(value)) {
        return;
    }
    strbuf_put_char(b, sv_find_char(strbuf_view(b), '?') == SIZE_MAX ? '?' : '&');
    strbuf_put_str(b, key);
    strbuf_put_char(b, '=');
    put_encoded(b, value);
}

void kube_api_version_put(struct strbuf *b, const struct kube_resource *r)
{
    if (r->group[0] != '\0') {
        strbuf_put_str(b, r->group);
        strbuf_put_char(b, '/');
    }
    strbuf_put_str(b, r->version);
}
