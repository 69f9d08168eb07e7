// SPDX-License-Identifier: Apache-2.0
#include "common/json/walk.h"

#include <string.h>

#include "common/base/macros.h"
#include "common/json/text.h"

#define INLINE static inline __attribute__((always_inline))

/// What becomes of the values that a walk reads. Each has a walk of its own, made from one text: in
/// all that is inlined into it this is a constant.
enum walk {
    CHECK,  // nothing: they are good or not
    BUILD,  // a tree
    BESIDE, // a tree, and what reads as its model does is taken from that
};

/// What follows a value, behind a comma.
enum next {
    END, // nothing, nor is there a comma: no container is open in this walk
    MEMBER,
    ELEMENT,
};

/// What each value moves on: a local of walk_value() whose address goes nowhere, so that it stays
/// in registers. Each take_…() moves it behind what it read.
struct cursor {
    const char *p;
    uint32_t left; // values that may still come
    unsigned depth;
    cJSON **tail; // where the next value is hooked in
    enum next next;
    struct json *node; // the next value's: not hooked in yet, but its key is set
    // BESIDE: of the container's model the next child not passed yet, and the one that stands under
    // the same key as the value that comes.
    const struct json *model_next, *model;
};

enum taken {
    FAULT,
    WHOLE,  // a whole value has been read
    OPENED, // its opening bracket, and something follows
};

static bool walk_beside(struct scan *s, struct cursor *at);
static bool walk_checking(struct scan *s, struct cursor *at);

/// The first byte from P on that is no white space, where nearly always WANTED stands at once.
INLINE const char *skip_to(const char *p, char wanted)
{
    return *p == wanted ? p : json_skip_spaces_padded(p);
}

/// The same text for those whose pointers are not const: cJSON's nodes, and who ends a string.
INLINE char *writable(const char *text)
{
    union {
        const char *in;
        char *out;
    } p = {.in = text};
    return p.out;
}

/// Ends a string of the text, which is the tree's own copy, with a NUL in place of its quote.
INLINE void close_string(const char *quote)
{
    *writable(quote) = '\0';
}

INLINE void set_key(struct json *v, struct strview key, uint64_t prefix)
{
    v->node.string = writable(key.ptr);
    v->key_prefix = prefix;
    v->key_len = (uint32_t)key.len;
}

/// Room for the node of the value that comes.
INLINE bool need_node(struct scan *s, struct cursor *c)
{
    if (c->node != s->tree.end) {
        return true;
    }
    c->node = json_tree_grow(&s->tree);
    return c->node != NULL || scan_fail_memory(s) != NULL;
}

/// The node of the value that comes, hooked in.
INLINE struct json *take_node(struct cursor *c, int type)
{
    struct json *v = c->node++;
    *c->tail = &v->node;
    c->tail = &v->node.next;
    memset(&v->node, 0, offsetof(cJSON, string)); // the key is cJSON's last member, and set
    v->node.type = type;
    return v;
}

/// OPEN is behind the opening quote. True: a string, whose end and kind are set.
INLINE bool take_chars(struct scan *s, const char *open, struct scan_string *ret)
{
    const char *p = json_skip_plain_padded(open);
    if (*p == '"' && (size_t)(p - open) <= s->limits.max_string) {
        *ret = (struct scan_string){.end = p};
        return true;
    }
    *ret = scan_odd_string(s, open, p);
    return ret->end != NULL;
}

/// The model of the member KEY.
INLINE void find_member_model(struct cursor *c, struct strview key)
{
    c->model = NULL;
    c->model_next = c->model_next != NULL ? scan_pass_model(c->model_next, key) : NULL;
    if (c->model_next != NULL && sv_eq(json_key(c->model_next), key)) {
        c->model = c->model_next;
        c->model_next = json_next(c->model);
    }
}

/// A key and its colon.
INLINE bool take_key(struct scan *s, struct cursor *c, enum walk walk)
{
    const char *p = skip_to(c->p, '"');
    if (*p != '"') {
        return scan_fail_unexpected(s, p, "a key") != NULL;
    }
    const char *open = p + 1;
    struct scan_string string;
    if (!take_chars(s, open, &string)) {
        return false;
    }
    const struct strview raw = sv_make(open, (size_t)(string.end - open));
    struct strview key = raw;
    uint64_t prefix = keyset_prefix_padded(raw);
    if (string.escaped) {
        key = json_unescape(s->keys.arena, raw);
        prefix = keyset_prefix(key);
        if (!sv_present(key)) {
            return scan_fail_key(s, KEYSET_NO_MEMORY, raw) != NULL;
        }
    }
    if (!keyset_add_next(&s->keys, key, prefix)) {
        enum keyset_answer answer = keyset_add_odd(&s->keys, key, prefix);
        if (answer != KEYSET_NEW) {
            return scan_fail_key(s, answer, raw) != NULL;
        }
    }
    if (walk != CHECK) {
        if (!need_node(s, c)) {
            return false;
        }
        close_string(string.end);
        set_key(c->node, key, prefix);
    }
    if (walk == BESIDE) {
        find_member_model(c, key);
    }
    p = skip_to(string.end + 1, ':');
    c->p = p + 1;
    return *p == ':' || scan_fail_unexpected(s, p, "a colon") != NULL;
}

/// What an array's element has in a key's stead.
INLINE bool take_place(struct scan *s, struct cursor *c, enum walk walk)
{
    if (walk == CHECK) {
        return true;
    }
    if (!need_node(s, c)) {
        return false;
    }
    set_key(c->node, SV_NONE, 0);
    c->model = walk == BESIDE ? c->model_next : NULL;
    c->model_next = c->model != NULL ? json_next(c->model) : NULL;
    return true;
}

/// At the opening quote.
INLINE enum taken take_string(struct scan *s, struct cursor *c, enum walk walk)
{
    const char *open = c->p + 1;
    struct scan_string string;
    if (!take_chars(s, open, &string)) {
        return FAULT;
    }
    c->p = string.end + 1;
    if (walk == CHECK) {
        return WHOLE;
    }
    struct strview text = sv_make(open, (size_t)(string.end - open));
    if (string.escaped) {
        text = json_unescape(s->tree.arena, text);
        if (!sv_present(text)) {
            (void)scan_fail_memory(s);
            return FAULT;
        }
    }
    struct json *v = take_node(c, cJSON_String);
    v->node.valuestring = writable(text.ptr);
    v->len = (uint32_t)text.len;
    close_string(string.end);
    return WHOLE;
}

/// A number, true, false or null.
INLINE enum taken take_scalar(struct scan *s, struct cursor *c, enum walk walk)
{
    double number = 0;
    int type = cJSON_Number;
    bool digit = *c->p == '-' || (*c->p >= '0' && *c->p <= '9');
    c->p = digit ? scan_number(s, c->p, &number) : scan_word(s, c->p, &type);
    if (c->p == NULL) {
        return FAULT;
    }
    if (walk != CHECK) {
        take_node(c, type)->node.valuedouble = number;
    }
    return WHOLE;
}

/// Whether the value that comes stands under KEY, one of the shortcuts'.
INLINE bool is_under(const struct json *v, struct strview key)
{
    return v->key_len == key.len && key.len != 0 && memcmp(v->node.string, key.ptr, key.len) == 0;
}

/// V, at C, has in it what MODEL has.
INLINE enum taken share(struct scan *s, struct cursor *c, const struct json *model, struct json *v)
{
    if (c->left < model->values - 1) {
        (void)scan_fail_values(s);
        return FAULT;
    }
    c->left -= model->values - 1;
    v->node.child = model->node.child;
    v->node.prev = model->node.prev;
    v->len = model->len;
    v->values = model->values;
    c->p += model->len;
    return WHOLE;
}

/// The value that comes, and has been counted, is read by another walk.
INLINE enum taken take_by(bool (*walk)(struct scan *s, struct cursor *at), struct scan *s,
                          struct cursor *c, const struct json *model)
{
    struct cursor inner = *c;
    inner.left++; // it counts for itself
    inner.model = model;
    if (!walk(s, &inner)) {
        return FAULT;
    }
    c->p = inner.p;
    c->left = inner.left;
    c->node = inner.node;
    c->tail = inner.tail;
    return WHOLE;
}

/// V, taken from C, is checked, and built when someone looks into it.
INLINE enum taken put_off(struct scan *s, struct cursor *c, struct json *v)
{
    if (take_by(walk_checking, s, c, NULL) == FAULT) {
        return FAULT;
    }
    v->len = (uint32_t)(c->p - s->start) - v->at;
    v->values -= c->left;
    if (v->values > 1) {
        json_tree_put_off(v, s->source);
    }
    return WHOLE;
}

INLINE enum taken open_container(struct scan *s, struct cursor *c, bool object, struct json *v,
                                 enum walk walk)
{
    struct scan_open *o = &s->open[++c->depth];
    s->outside[c->depth] = (unsigned char)c->next;
    c->next = object ? MEMBER : ELEMENT;
    if (object) {
        keyset_enter(&s->keys);
    }
    if (walk != CHECK) {
        o->node = v;
        c->tail = &v->node.child;
    }
    if (walk == BESIDE) {
        o->model_next = c->model_next;
        c->model_next = c->model != NULL && c->model->node.type == v->node.type
                            ? json_of(c->model->node.child)
                            : NULL;
    }
    return OPENED;
}

INLINE void close_container(struct scan *s, struct cursor *c, bool object, enum walk walk)
{
    const struct scan_open *o = &s->open[c->depth];
    c->next = (enum next)s->outside[c->depth--];
    if (object) {
        keyset_leave(&s->keys);
    }
    if (walk != CHECK) {
        o->node->len = (uint32_t)(c->p - s->start) - o->node->at;
        o->node->values -= c->left;
        c->tail = &o->node->node.next;
    }
    if (walk == BESIDE) {
        c->model_next = o->model_next;
    }
}

/// An empty one as a whole, or one that another walk reads, or that is like its model; else its
/// beginning.
INLINE enum taken take_container(struct scan *s, struct cursor *c, bool object, enum walk walk)
{
    struct json *v = NULL;
    if (c->depth == s->limits.max_depth) {
        (void)scan_fail(s, c->p, "nested deeper than %u", s->limits.max_depth);
        return FAULT;
    }
    if (walk == BUILD && is_under(c->node, s->spared.like)) {
        const struct json *model = json_get(s->open[c->depth].node, s->spared.model);
        if (model != NULL) {
            return take_by(walk_beside, s, c, model);
        }
    }
    if (walk != CHECK) {
        v = take_node(c, object ? cJSON_Object : cJSON_Array);
        v->at = (uint32_t)(c->p - s->start);
        v->values = c->left + 1; // what is left behind it is taken off
        if (walk == BESIDE && c->model != NULL && c->model->node.type == v->node.type &&
            scan_is_like(s, c->p, c->model)) {
            return share(s, c, c->model, v);
        }
        if (is_under(v, s->spared.later)) {
            return put_off(s, c, v);
        }
    }
    char end = object ? '}' : ']';
    c->p = json_skip_space_padded(c->p + 1);
    if (*c->p != end) {
        return open_container(s, c, object, v, walk);
    }
    c->p++;
    if (walk != CHECK) {
        v->len = (uint32_t)(c->p - s->start) - v->at;
        v->values = 1;
    }
    return WHOLE;
}

/// A scalar as a whole; of a container its beginning.
INLINE enum taken take_value(struct scan *s, struct cursor *c, enum walk walk)
{
    c->p = *c->p == '"' ? c->p : json_skip_space_padded(c->p);
    if (c->left == 0) {
        (void)scan_fail_values(s);
        return FAULT;
    }
    c->left--;
    if (*c->p == '"') {
        return take_string(s, c, walk);
    }
    if (*c->p == '{') {
        return take_container(s, c, true, walk);
    }
    if (*c->p == '[') {
        return take_container(s, c, false, walk);
    }
    return take_scalar(s, c, walk);
}

/// Behind a value: closes what ends here, up to a comma.
INLINE bool go_on(struct scan *s, struct cursor *c, enum walk walk)
{
    while (c->next != END) {
        bool object = c->next == MEMBER;
        c->p = *c->p == ',' ? c->p : json_skip_space_padded(c->p);
        if (*c->p == ',') {
            c->p++;
            return true;
        }
        if (*c->p != (object ? '}' : ']')) {
            return scan_fail_unexpected(s, c->p, object ? "a comma or '}'" : "a comma or ']'") !=
                   NULL;
        }
        c->p++;
        close_container(s, c, object, walk);
    }
    return true;
}

/// One value: true, and *AT is behind it.
INLINE bool walk_value(struct scan *s, struct cursor *at, enum walk walk)
{
    struct cursor c = *at;
    c.next = END;
    for (;;) {
        enum taken taken = take_value(s, &c, walk);
        if (taken == FAULT || (taken == WHOLE && !go_on(s, &c, walk))) {
            return false;
        }
        if (c.next == END) {
            *at = c;
            return true;
        }
        if (c.next == MEMBER ? !take_key(s, &c, walk) : !take_place(s, &c, walk)) {
            return false;
        }
    }
}

ASIDE static bool walk_checking(struct scan *s, struct cursor *at)
{
    return walk_value(s, at, CHECK);
}

ASIDE static bool walk_building(struct scan *s, struct cursor *at)
{
    return walk_value(s, at, BUILD);
}

ASIDE static bool walk_beside(struct scan *s, struct cursor *at)
{
    return walk_value(s, at, BESIDE);
}

bool walk_text(struct scan *s, bool building, cJSON **root, uint32_t *left)
{
    struct cursor c = {.p = s->start, .left = *left, .tail = root};
    if (building) {
        c.node = json_tree_grow(&s->tree);
        if (c.node == NULL) {
            return scan_fail_memory(s) != NULL;
        }
        set_key(c.node, SV_NONE, 0);
    }
    if (building ? !walk_building(s, &c) : !walk_checking(s, &c)) {
        return false;
    }
    *left = c.left;
    c.p = json_skip_space_padded(c.p);
    return c.p == s->end || scan_fail_unexpected(s, c.p, "the end of the text") != NULL;
}
