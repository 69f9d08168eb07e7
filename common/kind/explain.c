// SPDX-License-Identifier: Apache-2.0
#include "common/kind/explain.h"

#include <inttypes.h>

#include "common/base/macros.h"
#include "common/kind/nearest.h"

#define NOT_HERE "nothing: "

void field_describe(const struct field *f, struct strbuf *out)
{
    if (f->kind == FIELD_REFUSED) {
        struct strview instead = sv_from(f->instead);
        if (sv_starts(instead, SV(NOT_HERE))) {
            strbuf_put_str(out, "Refused: ");
            strbuf_put(out, sv_from_pos(instead, sizeof(NOT_HERE) - 1));
        } else {
            strbuf_put_str(out, "Refused: use ");
            strbuf_put(out, instead);
        }
        strbuf_put_char(out, '.');
        return;
    }
    strbuf_put_str(out, f->doc);
    if (f->dflt != NULL) {
        strbuf_printf(out, " Default: %s.", f->dflt);
    }
    if (f->since != NULL) {
        strbuf_printf(out, " Taken note of now, acted on by a later release (%s).", f->since);
    }
}

static void put_bounds(const struct field *f, const char *unit, struct strbuf *out)
{
    if (f->min > 0 && f->max > 0) {
        strbuf_printf(out, ", %" PRId64 " to %" PRId64 " %s", f->min, f->max, unit);
    } else if (f->max > 0) {
        strbuf_printf(out, ", at most %" PRId64 " %s", f->max, unit);
    }
}

void field_describe_type(const struct field *f, struct strbuf *out)
{
    switch (f->kind) {
    case FIELD_STRING:
        strbuf_put_str(out, "string");
        put_bounds(f, "characters", out);
        return;
    case FIELD_DURATION:
        strbuf_put_str(out, "duration");
        return;
    case FIELD_ENUM:
        for (const char *const *e = f->enums; *e != NULL; e++) {
            strbuf_printf(out, "%s`%s`", e == f->enums ? "" : ", ", *e);
        }
        return;
    case FIELD_INT:
        strbuf_printf(out, "integer, %" PRId64 " to %" PRId64, f->min, f->max);
        return;
    case FIELD_BOOL:
        strbuf_put_str(out, "boolean");
        return;
    case FIELD_STRINGS:
        strbuf_put_str(out, "list of strings");
        put_bounds(f, "items", out);
        return;
    case FIELD_OBJECTS:
        strbuf_put_str(out, "list of objects");
        put_bounds(f, "items", out);
        return;
    case FIELD_STRING_MAP:
        strbuf_put_str(out, "map of strings");
        put_bounds(f, "keys", out);
        return;
    case FIELD_QUANTITY_MAP:
        strbuf_put_str(out, "map of quantities");
        put_bounds(f, "keys", out);
        return;
    case FIELD_ANY_MAP:
        strbuf_put_str(out, "map");
        put_bounds(f, "keys", out);
        return;
    case FIELD_OBJECT:
        strbuf_put_str(out, "object");
        return;
    case FIELD_REFUSED:
    case FIELD_KIND_COUNT:
        strbuf_put_str(out, "refused");
        return;
    }
}

static void explain(struct strview path, const struct field *f, struct strbuf *out)
{
    strbuf_printf(out, "%.*s: ", SV_ARG(path));
    field_describe_type(f, out);
    strbuf_put_str(out, "\n  ");
    field_describe(f, out);
    strbuf_put_char(out, '\n');
}

static void explain_children(const struct object_type *type, struct strbuf *out)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        if (f->kind != FIELD_REFUSED) {
            strbuf_put_str(out, "  ");
            explain(sv_make(f->name, f->name_len), f, out);
        }
    }
}

bool kind_explain_field(const struct kind *kind, struct strview path, struct strbuf *out)
{
    const struct field rows[] = {
        {.name = "spec",
         .name_len = 4,
         .kind = FIELD_OBJECT,
         .sub = kind->spec,
         .doc = kind->spec_doc},
        {.name = "status",
         .name_len = 6,
         .kind = FIELD_OBJECT,
         .sub = kind->status,
         .doc = kind->status_doc},
    };
    const struct object_type root = {
        .name = kind->name, .fields = rows, .n_fields = ARRAY_LEN(rows)};
    const struct object_type *type = &root;
    const struct field *f = NULL;
    struct strview rest = path;
    struct strview piece;
    while (sv_split(&rest, '.', &piece)) {
        struct strview name = sv_sub(piece, 0, sv_find_char(piece, '['));
        struct nearest near = NEAREST_OF(name);
        f = type != NULL ? field_find(type, name) : NULL;
        if (f == NULL) {
            for (size_t i = 0; type != NULL && i < type->n_fields; i++) {
                nearest_try(&near, sv_make(type->fields[i].name, type->fields[i].name_len));
            }
            if (sv_present(near.best)) {
                strbuf_put(out, sv_make(path.ptr, (size_t)(piece.ptr - path.ptr)));
                strbuf_put(out, near.best);
            }
            return false;
        }
        type = f->sub;
    }
    if (f == NULL) {
        return false;
    }
    explain(path, f, out);
    if (f->sub != NULL) {
        explain_children(f->sub, out);
    }
    return true;
}
