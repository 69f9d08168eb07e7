// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/labels.h"

#include "common/k8s/names.h"

bool labels_read(const struct json *map, struct arena *arena, struct labels *ret)
{
    *ret = (struct labels){0};
    size_t n = json_type(map) == JSON_OBJECT ? json_count(map) : 0;
    if (n == 0) {
        return true;
    }
    struct label *items = ARENA_NEW_N(arena, struct label, n);
    if (items == NULL) {
        return false;
    }
    size_t count = 0;
    json_each(member, map) {
        if (json_type(member) == JSON_STRING) {
            items[count++] = (struct label){.key = json_key(member), .value = json_string(member)};
        }
    }
    *ret = (struct labels){.items = items, .count = count};
    return true;
}

struct strview labels_get(const struct labels *l, struct strview key)
{
    for (size_t i = 0; i < l->count; i++) {
        if (sv_eq(l->items[i].key, key)) {
            return l->items[i].value;
        }
    }
    return SV_NONE;
}

/// S against a grammar, one violation for each fault.
static void check_name(enum name_kind kind, struct strview s, const struct path *path,
                       const char *rule, struct violations *v)
{
    const char *faults[NAME_FAULTS_MAX];
    size_t n = name_faults(kind, s, faults);
    for (size_t i = 0; i < n; i++) {
        violation_deny(v, rule, CAUSE_INVALID, path, violation_quote(v->arena, s), "%s", faults[i]);
    }
}

static void deny_type(const struct json *value, const char *want, const struct path *path,
                      const char *rule, struct violations *v)
{
    violation_deny(v, rule, CAUSE_TYPE_INVALID, path, violation_show(v->arena, value), "must be %s",
                   want);
}

/// Whether VALUE is there and of that type; another type but null is a violation.
static bool has_type(const struct json *value, enum json_type type, const char *want,
                     const struct path *path, const char *rule, struct violations *v)
{
    enum json_type t = json_type(value);
    if (t != type && t != JSON_ABSENT && t != JSON_NULL) {
        deny_type(value, want, path, rule, v);
    }
    return t == type;
}

static void check_map(const struct json *map, bool values_are_labels, const struct path *path,
                      const char *rule, struct violations *v)
{
    if (!has_type(map, JSON_OBJECT, "a map of strings", path, rule, v)) {
        return;
    }
    size_t bytes = 0;
    json_each(member, map) {
        struct strview key = json_key(member);
        check_name(values_are_labels ? NAME_LABEL_KEY : NAME_ANNOTATION_KEY, key, path, rule, v);
        if (json_type(member) != JSON_STRING) {
            const struct path at = PATH_KEY_OF(path, key);
            deny_type(member, "a string", &at, rule, v);
            continue;
        }
        struct strview value = json_string(member);
        bytes += key.len + value.len;
        if (values_are_labels) {
            check_name(NAME_LABEL_VALUE, value, path, rule, v);
        }
    }
    if (!values_are_labels && bytes > ANNOTATIONS_MAX_BYTES) {
        violation_deny(v, rule, CAUSE_TOO_LONG, path, SV_NONE, "may not be more than %d bytes",
                       ANNOTATIONS_MAX_BYTES);
    }
}

void labels_check(const struct json *map, const struct path *path, const char *rule,
                  struct violations *v)
{
    check_map(map, true, path, rule, v);
}

void annotations_check(const struct json *map, const struct path *path, const char *rule,
                       struct violations *v)
{
    check_map(map, false, path, rule, v);
}

static bool has_value(const struct selector_term *t, struct strview value)
{
    for (size_t i = 0; i < t->count; i++) {
        if (sv_eq(t->values[i], value)) {
            return true;
        }
    }
    return false;
}

static bool term_holds(const struct selector_term *t, struct strview value)
{
    bool present = sv_present(value);
    switch (t->op) {
    case SELECTOR_IN:
        return present && has_value(t, value);
    case SELECTOR_NOT_IN:
        return !present || !has_value(t, value);
    case SELECTOR_EXISTS:
        return present;
    case SELECTOR_DOES_NOT_EXIST:
        return !present;
    }
    return false;
}

bool label_selector_matches(const struct label_selector *s, const struct labels *l)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!term_holds(&s->terms[i], labels_get(l, s->terms[i].key))) {
            return false;
        }
    }
    return true;
}

static const struct {
    const char *name;
    enum selector_op op;
} OPS[] = {
    {"In", SELECTOR_IN},
    {"NotIn", SELECTOR_NOT_IN},
    {"Exists", SELECTOR_EXISTS},
    {"DoesNotExist", SELECTOR_DOES_NOT_EXIST},
};

/// What all parts of a selector are read with.
struct reader {
    const char *rule;
    struct violations *v;
    struct arena *arena;
    struct selector_term *terms;
    size_t count;
};

static bool read_match_labels(struct reader *r, const struct json *map, const struct path *path)
{
    labels_check(map, path, r->rule, r->v);
    if (json_type(map) != JSON_OBJECT) {
        return true;
    }
    json_each(member, map) {
        struct strview *value = ARENA_NEW(r->arena, struct strview);
        if (value == NULL) {
            return false;
        }
        *value = json_string(member);
        if (sv_present(*value)) {
            r->terms[r->count++] = (struct selector_term){
                .key = json_key(member), .op = SELECTOR_IN, .values = value, .count = 1};
        }
    }
    return true;
}

static bool read_op(struct reader *r, const struct json *v, const struct path *path,
                    enum selector_op *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(OPS); i++) {
        if (json_type(v) == JSON_STRING && sv_eq_lit(json_string(v), OPS[i].name)) {
            *ret = OPS[i].op;
            return true;
        }
    }
    if (json_type(v) == JSON_STRING) {
        violation_deny(r->v, r->rule, CAUSE_INVALID, path,
                       violation_quote(r->v->arena, json_string(v)),
                       "must be In, NotIn, Exists or DoesNotExist");
    } else if (json_type(v) == JSON_ABSENT || json_type(v) == JSON_NULL) {
        violation_deny(r->v, r->rule, CAUSE_REQUIRED, path, SV_NONE,
                       "In, NotIn, Exists or DoesNotExist");
    } else {
        deny_type(v, "a string", path, r->rule, r->v);
    }
    return false;
}

/// The term's values; false when the arena is full.
static bool read_values(struct reader *r, const struct json *list, const struct path *path,
                        struct selector_term *t)
{
    if (!has_type(list, JSON_ARRAY, "a list of strings", path, r->rule, r->v) ||
        json_first(list) == NULL) {
        return true;
    }
    struct strview *values = ARENA_NEW_N(r->arena, struct strview, json_count(list));
    if (values == NULL) {
        return false;
    }
    size_t i = 0;
    json_each(item, list) {
        const struct path at = PATH_INDEX_OF(path, i++);
        if (has_type(item, JSON_STRING, "a string", &at, r->rule, r->v)) {
            check_name(NAME_LABEL_VALUE, json_string(item), &at, r->rule, r->v);
            values[t->count++] = json_string(item);
        }
    }
    t->values = values;
    return true;
}

static bool read_expression(struct reader *r, const struct json *e, const struct path *path)
{
    if (json_type(e) != JSON_OBJECT) {
        deny_type(e, "an object", path, r->rule, r->v);
        return true;
    }
    const struct path key_path = PATH_FIELD_OF(path, SV("key"));
    const struct path op_path = PATH_FIELD_OF(path, SV("operator"));
    const struct path values_path = PATH_FIELD_OF(path, SV("values"));
    struct selector_term t = {.key = json_get_string(e, SV("key"))};
    size_t denials = r->v->denials;
    has_type(json_get_lit(e, "key"), JSON_STRING, "a string", &key_path, r->rule, r->v);
    if (r->v->denials == denials) {
        check_name(NAME_LABEL_KEY, t.key, &key_path, r->rule, r->v);
    }
    bool has_op = read_op(r, json_get_lit(e, "operator"), &op_path, &t.op);
    if (!read_values(r, json_get_lit(e, "values"), &values_path, &t)) {
        return false;
    }
    bool set = t.op == SELECTOR_IN || t.op == SELECTOR_NOT_IN;
    if (has_op && set && t.count == 0) {
        violation_deny(r->v, r->rule, CAUSE_REQUIRED, &values_path, SV_NONE,
                       "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (has_op && !set && t.count != 0) {
        violation_deny(r->v, r->rule, CAUSE_FORBIDDEN, &values_path, SV_NONE,
                       "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    }
    if (r->v->denials == denials) {
        r->terms[r->count++] = t;
    }
    return true;
}

bool label_selector_read(const struct json *selector, const struct path *path, const char *rule,
                         struct violations *v, struct arena *arena, struct label_selector *ret)
{
    *ret = (struct label_selector){0};
    if (!has_type(selector, JSON_OBJECT, "a label selector", path, rule, v)) {
        return true;
    }
    const struct json *labels = json_get_lit(selector, "matchLabels");
    const struct json *expressions = json_get_lit(selector, "matchExpressions");
    const struct path labels_path = PATH_FIELD_OF(path, SV("matchLabels"));
    const struct path expressions_path = PATH_FIELD_OF(path, SV("matchExpressions"));
    struct reader r = {.rule = rule, .v = v, .arena = arena};
    r.terms =
        ARENA_NEW_N(arena, struct selector_term, json_count(labels) + json_count(expressions) + 1);
    if (r.terms == NULL || !read_match_labels(&r, labels, &labels_path)) {
        return false;
    }
    if (has_type(expressions, JSON_ARRAY, "a list", &expressions_path, rule, v)) {
        size_t i = 0;
        json_each(e, expressions) {
            const struct path at = PATH_INDEX_OF(&expressions_path, i++);
            if (!read_expression(&r, e, &at)) {
                return false;
            }
        }
    }
    *ret = (struct label_selector){.terms = r.terms, .count = r.count};
    return true;
}
