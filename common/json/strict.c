// SPDX-License-Identifier: Apache-2.0
#include "common/json/strict.h"

#include <stdbool.h>
#include <string.h>

#include "common/json/scan.h"
#include "common/json/text.h"

#define INLINE static inline __attribute__((always_inline))

const struct json_limits JSON_LIMITS_DEFAULT = {
    .max_bytes = (size_t)7 << 20,
    .max_values = 100000,
    .max_string = (size_t)1 << 20,
    .max_depth = JSON_DEPTH_CAP,
};

/// What each value moves on: a local of scan_all() whose address goes nowhere, so that it stays in
/// registers. Each take_…() moves it behind what it read; false: a failure.
struct cursor {
    const char *p;
    bool building; // false: in a part that is only checked
    uint32_t left; // values that may still come
    unsigned depth;
    uint64_t objects; // of the containers that are open, the innermost lowest: a bit for an object
    cJSON **tail;     // where the next value is hooked in
    struct json *free, *free_end;
    struct strview key; // of the member that comes next
    uint64_t key_prefix;
    // While an object is read beside another one: of the latter the next child not passed yet, and
    // the one that stands under the same key as the value that comes.
    const struct json *model_next, *model;
};

enum step {
    FAULT,
    VALUE,  // a value must follow (in an object behind its key)
    BEHIND, // a value has been read
    END,
};

/// A node for the value that comes.
INLINE struct json *take_node(struct scan *s, struct cursor *c, int type)
{
    if (c->free == c->free_end) {
        if (!json_tree_grow(&s->tree)) {
            (void)scan_fail_memory(s);
            return NULL;
        }
        c->free = s->tree.free;
        c->free_end = s->tree.free_end;
    }
    struct json *v = c->free++;
    union {
        const char *in;
        char *out; // cJSON's pointers to its texts are not const; nobody writes through them
    } key = {.in = c->key.ptr};
    *v = (struct json){.node = {.type = type, .string = key.out},
                       .key_prefix = c->key_prefix,
                       .key_len = (uint32_t)c->key.len};
    c->key = SV_NONE;
    *c->tail = &v->node;
    c->tail = &v->node.next;
    return v;
}

/// Ends a string of the text with a NUL in place of its quote.
INLINE void close_string(struct scan *s, const char *quote)
{
    s->tree.text[quote - s->start] = '\0';
}

/// OPEN is behind the opening quote. True: a string, whose end and kind are set.
INLINE bool take_chars(struct scan *s, const char *open, struct scan_string *ret)
{
    const char *p = json_skip_plain_padded(open);
    if (*p == '"' && (size_t)(p - open) <= s->limits->max_string) {
        *ret = (struct scan_string){.end = p};
        return true;
    }
    *ret = scan_odd_string(s, open, p);
    return ret->end != NULL;
}

/// Of the children from FROM on, in the order of their keys, the first whose key is not below KEY.
__attribute__((noinline)) static const struct json *pass_model(const struct json *from,
                                                               struct strview key)
{
    while (from != NULL && sv_cmp(json_key(from), key) < 0) {
        from = json_next(from);
    }
    return from;
}

/// A key and its colon.
INLINE bool take_key(struct scan *s, struct cursor *c)
{
    const char *p = json_skip_space_padded(c->p);
    if (*p != '"') {
        return scan_fail_unexpected(s, p, "a key") != NULL;
    }
    const char *open = p + 1;
    struct scan_string string;
    if (!take_chars(s, open, &string)) {
        return false;
    }
    struct strview raw = sv_make(open, (size_t)(string.end - open));
    struct strview key = string.escaped ? json_unescape(s->keys.arena, raw) : raw;
    uint64_t prefix = string.escaped ? keyset_prefix(key) : keyset_prefix_padded(key);
    if (string.escaped || !keyset_add_next(&s->keys, key, prefix)) {
        enum keyset_answer answer = sv_present(key) ? keyset_add(&s->keys, key) : KEYSET_NO_MEMORY;
        if (answer != KEYSET_NEW) {
            return scan_fail_key(s, answer, raw) != NULL;
        }
    }
    if (c->building) {
        close_string(s, string.end);
        c->key = key;
        c->key_prefix = prefix;
        c->model = NULL;
        if (c->model_next != NULL) {
            c->model_next = pass_model(c->model_next, key);
            if (c->model_next != NULL && sv_eq(json_key(c->model_next), key)) {
                c->model = c->model_next;
                c->model_next = json_next(c->model);
            }
        }
    }
    p = json_skip_space_padded(string.end + 1);
    c->p = p + 1;
    return *p == ':' || scan_fail_unexpected(s, p, "a colon") != NULL;
}

/// At the opening quote.
INLINE bool take_string(struct scan *s, struct cursor *c)
{
    const char *open = c->p + 1;
    struct scan_string string;
    if (!take_chars(s, open, &string)) {
        return false;
    }
    c->p = string.end + 1;
    if (!c->building) {
        return true;
    }
    struct strview raw = sv_make(open, (size_t)(string.end - open));
    struct json *v = take_node(s, c, cJSON_String);
    struct strview text = string.escaped ? json_unescape(s->tree.arena, raw) : raw;
    if (v == NULL) {
        return false;
    }
    if (string.escaped && !sv_present(text)) {
        return scan_fail_memory(s) != NULL;
    }
    union {
        const char *in;
        char *out;
    } chars = {.in = text.ptr};
    v->node.valuestring = chars.out;
    v->len = (uint32_t)text.len;
    close_string(s, string.end);
    return true;
}

/// A number, true, false or null.
INLINE bool take_scalar(struct scan *s, struct cursor *c)
{
    double number = 0;
    int type = cJSON_Number;
    bool digit = *c->p == '-' || (*c->p >= '0' && *c->p <= '9');
    c->p = digit ? scan_number(s, c->p, &number) : scan_word(s, c->p, &type);
    if (c->p == NULL) {
        return false;
    }
    if (c->building) {
        struct json *v = take_node(s, c, type);
        if (v == NULL) {
            return false;
        }
        v->node.valuedouble = number;
    }
    return true;
}

/// Whether the container at P reads, byte for byte, as MODEL, which stands elsewhere in the text at
/// the same depth: then it is known to be good, and what it has in it.
__attribute__((noinline)) static bool is_like(const struct scan *s, const char *p,
                                              const struct json *model)
{
    struct strview text = s->source->text;
    size_t at = (size_t)(p - s->start);
    return model->len <= text.len - at &&
           memcmp(text.ptr + at, text.ptr + model->at, model->len) == 0;
}

/// A container of the same type that the one which comes, V, is read beside; NULL: none.
INLINE const struct json *find_model(const struct scan *s, const struct cursor *c,
                                     const struct json *v)
{
    const struct json *model = c->model;
    if (s->source != NULL && v->key_len != 0 && sv_eq(json_key(v), s->shortcuts->like)) {
        model = json_get(s->open[c->depth].node, s->shortcuts->model);
    }
    return model != NULL && model->node.type == v->node.type ? model : NULL;
}

/// V, at C, has in it what MODEL has. Gives where it ends.
INLINE const char *share(struct scan *s, struct cursor *c, const struct json *model, struct json *v)
{
    if (c->left < model->values - 1) {
        return scan_fail_values(s);
    }
    c->left -= model->values - 1;
    v->node.child = model->node.child;
    v->node.prev = model->node.prev;
    v->len = model->len;
    v->values = model->values;
    return c->p + model->len;
}

INLINE void open_container(struct scan *s, struct cursor *c, bool object, struct json *v,
                           const struct json *model)
{
    s->open[++c->depth] = (struct scan_open){.node = v, .model_next = c->model_next};
    c->objects = c->objects << 1 | object;
    c->model_next = NULL;
    if (object) {
        keyset_enter(&s->keys);
    }
    if (v == NULL) {
        return;
    }
    c->tail = &v->node.child;
    if (s->source != NULL && v->key_len != 0 && sv_eq(json_key(v), s->shortcuts->later)) {
        c->building = false;
        json_tree_put_off(v, s->source);
    } else if (model != NULL) {
        c->model_next = json_of(model->node.child);
    }
}

INLINE void close_container(struct scan *s, struct cursor *c)
{
    struct scan_open *o = &s->open[c->depth--];
    if ((c->objects & 1) != 0) {
        keyset_leave(&s->keys);
    }
    c->objects >>= 1;
    if (o->node != NULL) {
        o->node->len = (uint32_t)(c->p - s->start) - o->node->at;
        o->node->values -= c->left;
        c->tail = &o->node->node.next;
        c->building = true;
        c->model_next = o->model_next;
    }
}

/// An empty one as a whole, or one that is like its model; else its beginning.
INLINE enum step take_container(struct scan *s, struct cursor *c, bool object)
{
    struct json *v = NULL;
    const struct json *model = NULL;
    if (c->depth == s->limits->max_depth) {
        (void)scan_fail(s, c->p, "nested deeper than %u", s->limits->max_depth);
        return FAULT;
    }
    if (c->building) {
        v = take_node(s, c, object ? cJSON_Object : cJSON_Array);
        if (v == NULL) {
            return FAULT;
        }
        v->at = (uint32_t)(c->p - s->start);
        v->values = c->left + 1; // what is left behind it is taken off
        model = find_model(s, c, v);
        if (model != NULL && is_like(s, c->p, model)) {
            c->p = share(s, c, model, v);
            return c->p != NULL ? BEHIND : FAULT;
        }
    }
    c->p = json_skip_space_padded(c->p + 1);
    if (*c->p != (object ? '}' : ']')) {
        open_container(s, c, object, v, model);
        return VALUE;
    }
    c->p++;
    if (v != NULL) {
        v->len = (uint32_t)(c->p - s->start) - v->at;
        v->values = 1;
    }
    return BEHIND;
}

/// A scalar as a whole; of a container its beginning.
INLINE enum step take_value(struct scan *s, struct cursor *c)
{
    c->p = json_skip_space_padded(c->p);
    if (c->left == 0) {
        (void)scan_fail_values(s);
        return FAULT;
    }
    c->left--;
    switch (*c->p) {
    case '"':
        return take_string(s, c) ? BEHIND : FAULT;
    case '{':
        return take_container(s, c, true);
    case '[':
        return take_container(s, c, false);
    default:
        return take_scalar(s, c) ? BEHIND : FAULT;
    }
}

/// Behind a value: closes what ends here, up to a comma.
INLINE enum step go_on(struct scan *s, struct cursor *c)
{
    while (c->depth != 0) {
        bool object = (c->objects & 1) != 0;
        c->p = json_skip_space_padded(c->p);
        if (*c->p == ',') {
            c->p++;
            return VALUE;
        }
        if (*c->p != (object ? '}' : ']')) {
            (void)scan_fail_unexpected(s, c->p, object ? "a comma or '}'" : "a comma or ']'");
            return FAULT;
        }
        c->p++;
        close_container(s, c);
    }
    return END;
}

/// The whole text: true, and how many values may still come.
static bool scan_all(struct scan *s, bool building, cJSON **root, uint32_t *left)
{
    struct cursor c = {.p = s->start, .building = building, .left = *left, .tail = root};
    enum step step = VALUE;
    while (step == VALUE) {
        if ((c.objects & 1) == 0) {
            c.model = c.model_next;
            c.model_next = c.model != NULL ? json_next(c.model) : NULL;
        } else if (!take_key(s, &c)) {
            return false;
        }
        step = take_value(s, &c);
        if (step == BEHIND) {
            step = go_on(s, &c);
        }
    }
    if (step == END) {
        c.p = json_skip_space_padded(c.p);
        *left = c.left;
        return c.p == s->end || scan_fail_unexpected(s, c.p, "the end of the text") != NULL;
    }
    return false;
}

/// For parts of TEXT that are read later; NULL: no memory.
static const struct json_source *source_new(struct strview text, const struct json_limits *limits,
                                            struct arena *arena)
{
    struct json_source *source = ARENA_NEW(arena, struct json_source);
    if (source != NULL) {
        *source = (struct json_source){.text = text, .limits = *limits, .arena = arena};
    }
    return source;
}

int json_scan(struct strview text, const struct json_limits *limits,
              const struct json_shortcuts *shortcuts, struct arena *arena, const struct json **ret,
              size_t *ret_values, struct err *err)
{
    ASSERT(limits->max_depth <= JSON_DEPTH_CAP && limits->max_bytes <= UINT32_MAX);
    if (text.len > limits->max_bytes) {
        return err_set(err, E_TOO_LARGE, "a text of %zu bytes; at most %zu are allowed", text.len,
                       limits->max_bytes);
    }
    text = sv_present(text) ? text : SV("");
    struct scan s = {.limits = limits,
                     .shortcuts = shortcuts,
                     .err = err,
                     .keys = {.arena = arena},
                     .tree = {.arena = arena}};
    s.source = shortcuts != NULL ? source_new(text, limits, arena) : NULL;
    if ((shortcuts != NULL && s.source == NULL) || !json_tree_begin(&s.tree, &text)) {
        return err_set(err, E_NOMEM, "no memory left for a JSON text of %zu bytes", text.len);
    }
    s.start = text.ptr;
    s.end = text.ptr + text.len;
    cJSON *root = NULL;
    uint32_t most = limits->max_values < UINT32_MAX ? (uint32_t)limits->max_values : UINT32_MAX;
    uint32_t left = most;
    if (!scan_all(&s, ret != NULL, &root, &left)) {
        return -1;
    }
    if (ret_values != NULL) {
        *ret_values = most - left;
    }
    if (ret != NULL) {
        *ret = json_of(root);
    }
    return 0;
}

int json_strict(struct strview text, const struct json_limits *limits, struct arena *scratch,
                size_t *ret_values, struct err *err)
{
    return json_scan(text, limits, NULL, scratch, NULL, ret_values, err);
}
