// SPDX-License-Identifier: Apache-2.0
#include "common/json/patch.h"

void json_patch_done(struct json_patch *p)
{
    strbuf_done(&p->text);
    p->count = 0;
}

void json_pointer_put(struct strbuf *b, struct strview key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        if (c == '~') {
            strbuf_put(b, SV("~0"));
        } else if (c == '/') {
            strbuf_put(b, SV("~1"));
        } else {
            strbuf_put_char(b, c);
        }
    }
}

/// The parent at KEYS (N of them) is no object but FOUND.
static int fail_parent(const struct strview *keys, size_t n, const struct json *found,
                       struct err *err)
{
    struct strview name = n != 0 ? keys[n - 1] : SV("the root");
    return err_set(err, E_INVALID, "cannot set a member of %.*s: it is of type %s", SV_ARG(name),
                   json_type_name(found));
}

/// One operation at KEYS (N of them); the value is VALUE within an object for each of the WITHIN.
static int put_operation(struct json_patch *p, bool replace, const struct strview *keys, size_t n,
                         const struct strview *within, size_t n_within, struct strview value)
{
    CLEANUP(strbuf_done) struct strbuf pointer = STRBUF_IN(p->text.arena, p->text.max);
    for (size_t i = 0; i < n; i++) {
        strbuf_put_char(&pointer, '/');
        json_pointer_put(&pointer, keys[i]);
    }
    strbuf_put_char(&p->text, p->count == 0 ? '[' : ',');
    struct json_out o = JSON_OUT(&p->text);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "op", replace ? "replace" : "add");
    json_out_kv_string(&o, "path", strbuf_view(&pointer));
    json_out_key(&o, SV("value"));
    for (size_t i = 0; i < n_within; i++) {
        json_out_begin_object(&o);
        json_out_key(&o, within[i]);
    }
    json_out_raw(&o, value);
    for (size_t i = 0; i < n_within; i++) {
        json_out_end_object(&o);
    }
    json_out_end_object(&o);
    // Room for the closing bracket, so that json_patch_end() cannot fail.
    if (strbuf_reserve(&p->text, 1) == NULL) {
        return -1;
    }
    p->text.no_memory = pointer.no_memory;
    return strbuf_ok(&pointer) ? 0 : -1;
}

int json_patch_set(struct json_patch *p, const struct json *root, const struct strview *keys,
                   size_t n, struct strview value, struct err *err)
{
    ASSERT(n != 0);
    const struct json *parent = root;
    const struct json *found = NULL;
    size_t depth = 0; // keys[depth] is the first that is absent, or the last one
    for (; depth < n; depth++) {
        if (json_type(parent) != JSON_OBJECT) {
            return fail_parent(keys, depth, parent, err);
        }
        found = json_get(parent, keys[depth]);
        if (found == NULL || depth == n - 1) {
            break;
        }
        parent = found;
    }
    size_t len = p->text.len;
    if (put_operation(p, found != NULL, keys, depth + 1, keys + depth + 1, n - depth - 1, value) <
        0) {
        bool no_memory = p->text.no_memory;
        strbuf_truncate(&p->text, len);
        return no_memory
                   ? err_set(err, E_NOMEM, "no memory left for a patch")
                   : err_set(err, E_TOO_LARGE, "the patch has no room in %zu bytes", p->text.max);
    }
    p->count++;
    return 0;
}

struct strview json_patch_end(struct json_patch *p)
{
    strbuf_put(&p->text, p->count == 0 ? SV("[]") : SV("]"));
    return strbuf_ok(&p->text) ? strbuf_view(&p->text) : SV_NONE;
}
