// SPDX-License-Identifier: Apache-2.0
#include "controller/waits.h"

#include "common/base/path.h"
#include "common/flink/cluster.h"

static void walk(const struct object_type *type, const struct json *object, const struct path *path,
                 struct strbuf *b, size_t *n)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        const struct json *v = json_get(object, sv_from(f->name));
        if (v == NULL || json_type(v) == JSON_NULL) {
            continue;
        }
        const struct path at = PATH_FIELD_OF(path, sv_from(f->name));
        if (f->since != NULL) {
            if (++*n <= WAITS_SHOWN_MAX) {
                strbuf_put_str(b, *n > 1 ? ", " : "");
                path_put(b, &at);
                strbuf_printf(b, " (%s)", f->since);
            }
        } else if (f->kind == FIELD_OBJECT) {
            walk(f->sub, v, &at, b, n);
        }
    }
}

size_t waits_put(struct strbuf *b, const struct json *spec)
{
    const struct path path = PATH_FIELD_OF(NULL, SV("spec"));
    size_t n = 0;
    walk(&cluster_spec_type, spec, &path, b, &n);
    return n;
}
