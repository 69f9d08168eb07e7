// SPDX-License-Identifier: Apache-2.0
#include "common/kind/unknown.h"

#include "common/base/macros.h"
#include "common/kind/nearest.h"

static void look(const struct json *object, const struct object_type *type, const struct path *path,
                 struct violations *out);

static void note(const struct path *path, struct strview key, const struct object_type *type,
                 struct violations *out)
{
    struct nearest near = NEAREST_OF(key);
    for (size_t i = 0; i < type->n_fields && out->count < out->max; i++) {
        if (type->fields[i].kind != FIELD_REFUSED) {
            nearest_try(&near, sv_make(type->fields[i].name, type->fields[i].name_len));
        }
    }
    const struct path here = PATH_FIELD_OF(path, key);
    if (sv_present(near.best)) {
        violation_deny(out, "schema.unknown", CAUSE_FORBIDDEN, &here, SV_NONE,
                       "unknown field; did you mean \"%.*s\"?", SV_ARG(near.best));
    } else {
        violation_deny(out, "schema.unknown", CAUSE_FORBIDDEN, &here, SV_NONE, "unknown field");
    }
}

static void look_beneath(const struct json *v, const struct field *f, const struct path *path,
                         struct violations *out)
{
    if (f->kind == FIELD_OBJECT) {
        look(v, f->sub, path, out);
    } else if (f->kind == FIELD_OBJECTS && json_type(v) == JSON_ARRAY) {
        size_t i = 0;
        json_each(item, v) {
            const struct path here = PATH_INDEX_OF(path, i++);
            look(item, f->sub, &here, out);
        }
    }
}

static void look(const struct json *object, const struct object_type *type, const struct path *path,
                 struct violations *out)
{
    if (json_type(object) != JSON_OBJECT) {
        return;
    }
    json_each(v, object) {
        const struct field *f = field_find(type, json_key(v));
        if (f == NULL) {
            note(path, json_key(v), type, out);
            continue;
        }
        const struct path here = PATH_FIELD_OF(path, json_key(v));
        look_beneath(v, f, &here, out);
    }
}

#define ROW(name_)                                                                                 \
    {                                                                                              \
        .name = (name_), .name_len = sizeof(name_) - 1, .kind = FIELD_ANY_MAP                      \
    }

// metav1.ObjectMeta.
static const struct field METADATA_ROWS[] = {
    ROW("name"),
    ROW("namespace"),
    ROW("generateName"),
    ROW("labels"),
    ROW("annotations"),
    ROW("finalizers"),
    ROW("ownerReferences"),
    ROW("creationTimestamp"),
    ROW("deletionTimestamp"),
    ROW("deletionGracePeriodSeconds"),
    ROW("generation"),
    ROW("resourceVersion"),
    ROW("managedFields"),
    ROW("selfLink"),
    ROW("uid"),
};
static const struct object_type METADATA = {
    .name = "ObjectMeta",
    .fields = METADATA_ROWS,
    .n_fields = ARRAY_LEN(METADATA_ROWS),
};

void kind_unknown_fields(const struct kind *kind, const struct json *object, struct violations *out)
{
    const struct field rows[] = {
        ROW("apiVersion"),
        ROW("kind"),
        ROW("status"),
        {.name = "metadata", .name_len = 8, .kind = FIELD_OBJECT, .sub = &METADATA},
        {.name = "spec", .name_len = 4, .kind = FIELD_OBJECT, .sub = kind->spec},
    };
    const struct object_type root = {
        .name = kind->name, .fields = rows, .n_fields = ARRAY_LEN(rows)};
    look(object, &root, NULL, out);
}
