// SPDX-License-Identifier: Apache-2.0
#include "common/flink/podtemplate_merge.h"

/// A list that is merged by KEY; WHOLE: an item of TOP takes the place of BASE's without a merge.
struct keyed_list {
    const char *name;
    const char *key;
    bool whole;
};

static const struct keyed_list LISTS[] = {
    {"containers", "name", false},
    {"initContainers", "name", false},
    {"volumes", "name", true},
    {"env", "name", true},
    {"imagePullSecrets", "name", true},
    {"volumeMounts", "mountPath", false},
    {"volumeDevices", "devicePath", false},
    {"ports", "containerPort", false},
    {"hostAliases", "ip", true},
};

static const struct json *given(const struct json *v)
{
    return json_type(v) == JSON_NULL ? NULL : v;
}

static const struct keyed_list *list_of(struct strview name)
{
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        if (sv_eq_lit(name, LISTS[i].name)) {
            return &LISTS[i];
        }
    }
    return NULL;
}

static const struct json *find(const struct json *list, const struct keyed_list *how,
                               const struct json *key)
{
    json_each(item, list) {
        if (key != NULL && json_equal(json_get(item, sv_from(how->key)), key)) {
            return item;
        }
    }
    return NULL;
}

static void put_member(struct json_out *o, struct strview key, const struct json *base,
                       const struct json *top);

static void put_list(struct json_out *o, const struct keyed_list *how, const struct json *base,
                     const struct json *top)
{
    struct strview key = sv_from(how->key);
    base = json_type(base) == JSON_ARRAY ? base : NULL;
    json_out_begin_array(o);
    json_each(item, top) {
        if (find(base, how, json_get(item, key)) == NULL) {
            podtemplate_merge_put(o, NULL, item);
        }
    }
    json_each(item, base) {
        const struct json *over = find(top, how, json_get(item, key));
        podtemplate_merge_put(o, over != NULL && how->whole ? NULL : item, over);
    }
    json_out_end_array(o);
}

static void put_object(struct json_out *o, const struct json *base, const struct json *top)
{
    json_out_begin_object(o);
    json_each(member, base) {
        put_member(o, json_key(member), member, json_get(top, json_key(member)));
    }
    json_each(member, top) {
        if (json_get(base, json_key(member)) == NULL) {
            put_member(o, json_key(member), NULL, member);
        }
    }
    json_out_end_object(o);
}

static void put_member(struct json_out *o, struct strview key, const struct json *base,
                       const struct json *top)
{
    base = given(base);
    top = given(top);
    if (base == NULL && top == NULL) {
        return;
    }
    const struct keyed_list *list = list_of(key);
    json_out_key(o, key);
    if (list != NULL && json_type(top != NULL ? top : base) == JSON_ARRAY) {
        put_list(o, list, base, top);
    } else if (sv_ends(key, SV("Probe"))) {
        podtemplate_merge_put(o, top != NULL ? NULL : base, top);
    } else {
        podtemplate_merge_put(o, base, top);
    }
}

void podtemplate_merge_put(struct json_out *o, const struct json *base, const struct json *top)
{
    base = given(base);
    top = given(top);
    const struct json *first = top != NULL ? top : base;
    if (first == NULL) {
        json_out_null(o);
    } else if (json_type(first) == JSON_OBJECT) {
        put_object(o, json_type(base) == JSON_OBJECT ? base : NULL, first == base ? NULL : top);
    } else {
        json_out_value(o, first);
    }
}
