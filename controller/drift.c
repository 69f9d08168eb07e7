// SPDX-License-Identifier: Apache-2.0
#include "controller/drift.h"

#include "common/json/out.h"
#include "common/refs/role.h"

static bool holds(const struct json *wanted, const struct json *observed);

static bool object_holds(const struct json *wanted, const struct json *observed)
{
    json_each(member, wanted) {
        struct strview key = json_key(member);
        const struct json *seen = json_get(observed, key);
        // A selector is one value to the API server: another key in it is a change.
        bool same = sv_eq_lit(key, "selector") ? json_equal(member, seen) : holds(member, seen);
        if (!same) {
            return false;
        }
    }
    return true;
}

/// Ports are merged by number, so others' may stand beside ours; other lists are one value.
static bool array_holds(const struct json *wanted, const struct json *observed)
{
    bool ports = sv_eq_lit(json_key(wanted), "ports");
    if (!ports && json_count(wanted) != json_count(observed)) {
        return false;
    }
    const struct json *at = json_first(observed);
    json_each(item, wanted) {
        const struct json *seen = ports ? json_first(observed) : at;
        while (ports && seen != NULL && !holds(item, seen)) {
            seen = json_next(seen);
        }
        if (!holds(item, seen)) {
            return false;
        }
        at = at != NULL ? json_next(at) : NULL;
    }
    return true;
}

/// Whether everything in WANTED stands in OBSERVED with the same value. Depth is bounded by the
/// parse.
static bool holds(const struct json *wanted, const struct json *observed)
{
    if (json_type(wanted) != json_type(observed)) {
        return false;
    }
    switch (json_type(wanted)) {
    case JSON_OBJECT:
        return object_holds(wanted, observed);
    case JSON_ARRAY:
        return array_holds(wanted, observed);
    case JSON_ABSENT:
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        break;
    }
    return json_equal(wanted, observed);
}

bool drift_labels_hold(const struct json *wanted, const struct json *observed)
{
    return holds(wanted, json_get_path(observed, "metadata", "labels", NULL));
}

static bool metadata_alone(enum child_kind kind)
{
    return kind == CHILD_REVISION || kind == CHILD_CONFIG_MAP || kind == CHILD_POD;
}

static bool is_about_object(struct strview key)
{
    return sv_eq_lit(key, "apiVersion") || sv_eq_lit(key, "kind") || sv_eq_lit(key, "metadata");
}

/// Whether OBSERVED carries a cloud identity that DESIRED doesn't: an apply can't take away what
/// was made by a create.
static bool identity_left(const struct json *desired, const struct json *observed)
{
    const struct json *wanted = json_get_path(desired, "metadata", "annotations", NULL);
    const struct json *seen = json_get_path(observed, "metadata", "annotations", NULL);
    for (int i = 0; i < ROLE_FORM_COUNT; i++) {
        struct strview key = sv_from(role_annotation((enum role_form)i));
        if (json_get(seen, key) != NULL && json_get(wanted, key) == NULL) {
            return true;
        }
    }
    return false;
}

/// Somebody put another in the place of a ConfigMap whose data can't be changed.
static bool is_other_data(const struct json *desired, const struct json *observed)
{
    bool now;
    bool wanted;
    return json_bool(json_get_lit(desired, "immutable"), &wanted) && wanted &&
           !(json_bool(json_get_lit(observed, "immutable"), &now) && now);
}

enum drift drift_of(enum child_kind kind, const struct json *desired, const struct json *observed)
{
    const struct json *metadata = json_get_lit(desired, "metadata");
    if (!metadata_alone(kind)) {
        json_each(member, desired) {
            struct strview key = json_key(member);
            if (!is_about_object(key) && !holds(member, json_get(observed, key))) {
                return sv_eq_lit(key, "roleRef") ? DRIFT_RECREATE : DRIFT_APPLY;
            }
        }
    }
    if (kind == CHILD_CONFIG_MAP && is_other_data(desired, observed)) {
        return DRIFT_RECREATE;
    }
    if (kind == CHILD_SERVICE_ACCOUNT && identity_left(desired, observed)) {
        return DRIFT_RECREATE;
    }
    const struct json *notes = json_get_lit(metadata, "annotations");
    bool same = drift_labels_hold(json_get_lit(metadata, "labels"), observed) &&
                (notes == NULL || kind == CHILD_POD ||
                 holds(notes, json_get_path(observed, "metadata", "annotations", NULL)));
    return same ? DRIFT_NONE : DRIFT_APPLY;
}

static void put_metadata(const struct json *metadata, struct strview uid, struct json_out *o)
{
    json_out_key_object(o, "metadata");
    json_each(member, metadata) {
        json_out_key(o, json_key(member));
        json_out_value(o, member);
    }
    json_out_kv_string(o, "uid", uid);
    json_out_end_object(o);
}

struct strview drift_apply_text(const struct reconcile *rc, enum child_kind kind,
                                const struct json *desired, struct strview uid)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_each(member, desired) {
        struct strview key = json_key(member);
        if (sv_eq_lit(key, "metadata")) {
            put_metadata(member, uid, &o);
        } else if (!metadata_alone(kind) || is_about_object(key)) {
            json_out_key(&o, key);
            json_out_value(&o, member);
        }
    }
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}
