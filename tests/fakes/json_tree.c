// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/json_tree.h"

struct reader {
    struct arena *arena;
    const char *p, *end;
};

static struct tree *read_value(struct reader *r);

static void skip_space(struct reader *r)
{
    while (r->p < r->end && memchr(" \t\r\n", *r->p, 4) != NULL) {
        r->p++;
    }
}

static bool eat(struct reader *r, char c)
{
    skip_space(r);
    if (r->p < r->end && *r->p == c) {
        r->p++;
        return true;
    }
    return false;
}

static bool read_hex(struct reader *r, unsigned *ret)
{
    *ret = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *at = r->p < r->end && *r->p != '\0' ? strchr(digits, *r->p) : NULL;
        if (at == NULL) {
            return false;
        }
        *ret = *ret * 16 + (unsigned)(at - digits) % 16;
        r->p++;
    }
    return true;
}

static void put_utf8(struct strbuf *b, unsigned c)
{
    if (c < 0x80) {
        strbuf_put_char(b, (char)c);
    } else if (c < 0x800) {
        strbuf_put_char(b, (char)(0xc0 | c >> 6));
        strbuf_put_char(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        strbuf_put_char(b, (char)(0xe0 | c >> 12));
        strbuf_put_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        strbuf_put_char(b, (char)(0x80 | (c & 0x3f)));
    } else {
        strbuf_put_char(b, (char)(0xf0 | c >> 18));
        strbuf_put_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
        strbuf_put_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        strbuf_put_char(b, (char)(0x80 | (c & 0x3f)));
    }
}

static bool read_escape(struct reader *r, struct strbuf *b)
{
    const char *plain =
        r->p < r->end && *r->p != '\0' ? strchr("\"\\/b\bf\fn\nr\rt\t", *r->p) : NULL;
    if (r->p < r->end && *r->p == 'u') {
        unsigned c, low;
        r->p++;
        if (!read_hex(r, &c)) {
            return false;
        }
        if (c >= 0xd800 && c < 0xdc00) {
            if (!eat(r, '\\') || !eat(r, 'u') || !read_hex(r, &low)) {
                return false;
            }
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
        put_utf8(b, c);
        return true;
    }
    if (plain == NULL) {
        return false;
    }
    strbuf_put_char(b, strchr("\"\\/", *plain) != NULL ? *plain : plain[1]);
    r->p++;
    return true;
}

/// Behind the opening quote.
static bool read_string(struct reader *r, struct strview *ret)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)8 << 20);
    while (r->p < r->end && *r->p != '"') {
        if (*r->p != '\\') {
            strbuf_put_char(&b, *r->p++);
        } else {
            r->p++;
            if (!read_escape(r, &b)) {
                return false;
            }
        }
    }
    *ret = arena_copy(r->arena, strbuf_view(&b));
    return r->p++ < r->end && strbuf_ok(&b) && sv_present(*ret);
}

static bool read_member(struct reader *r, bool object, struct tree ***tail)
{
    struct strview key = SV_NONE;
    if (object && !(eat(r, '"') && read_string(r, &key) && eat(r, ':'))) {
        return false;
    }
    struct tree *child = read_value(r);
    if (child == NULL) {
        return false;
    }
    child->key = key;
    **tail = child;
    *tail = &child->next;
    return true;
}

static bool read_members(struct reader *r, struct tree *t, char close)
{
    struct tree **tail = &t->first;
    if (eat(r, close)) {
        return true;
    }
    do {
        if (!read_member(r, t->type == TREE_OBJECT, &tail)) {
            return false;
        }
    } while (eat(r, ','));
    return eat(r, close);
}

static struct tree *read_value(struct reader *r)
{
    struct tree *t = ARENA_NEW(r->arena, struct tree);
    bool ok = t != NULL;
    if (ok && eat(r, '{')) {
        t->type = TREE_OBJECT;
        ok = read_members(r, t, '}');
    } else if (ok && eat(r, '[')) {
        t->type = TREE_ARRAY;
        ok = read_members(r, t, ']');
    } else if (ok && eat(r, '"')) {
        t->type = TREE_STRING;
        ok = read_string(r, &t->text);
    } else if (ok) {
        const char *from = r->p;
        while (r->p<r->end && * r->p> ' ' && strchr(",]}", *r->p) == NULL) {
            r->p++;
        }
        ok = r->p != from;
        t->type = ok && *from >= 'a' ? TREE_WORD : TREE_NUMBER;
        t->text = sv_make(from, (size_t)(r->p - from));
    }
    return ok ? t : NULL;
}

struct tree *tree_parse(struct arena *a, struct strview text)
{
    struct reader r = {.arena = a, .p = text.ptr, .end = text.ptr + text.len};
    struct tree *t = text.len != 0 ? read_value(&r) : NULL;
    skip_space(&r);
    return r.p == r.end ? t : NULL;
}

struct tree *tree_copy(struct arena *a, const struct tree *t)
{
    struct tree *copy = ARENA_NEW(a, struct tree);
    if (copy == NULL) {
        return NULL;
    }
    *copy = *t;
    copy->next = NULL;
    struct tree **tail = &copy->first;
    for (const struct tree *c = t->first; c != NULL; c = c->next) {
        *tail = tree_copy(a, c);
        if (*tail == NULL) {
            return NULL;
        }
        tail = &(*tail)->next;
    }
    return copy;
}

/// The member of T whose key comes next after LAST in order (the first when LAST is absent).
static const struct tree *next_by_key(const struct tree *t, struct strview last)
{
    const struct tree *best = NULL;
    for (const struct tree *c = t->first; c != NULL; c = c->next) {
        bool later = !sv_present(last) || sv_cmp(c->key, last) > 0;
        if (later && (best == NULL || sv_cmp(c->key, best->key) < 0)) {
            best = c;
        }
    }
    return best;
}

bool tree_equal(const struct tree *a, const struct tree *b)
{
    CLEANUP(strbuf_done) struct strbuf left = STRBUF((size_t)64 << 20);
    CLEANUP(strbuf_done) struct strbuf right = STRBUF((size_t)64 << 20);
    tree_put(&left, a);
    tree_put(&right, b);
    return strbuf_ok(&left) && strbuf_ok(&right) && sv_eq(strbuf_view(&left), strbuf_view(&right));
}

static void put_string(struct strbuf *b, struct strview s)
{
    strbuf_put_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '"' || c == '\\') {
            strbuf_put_char(b, '\\');
            strbuf_put_char(b, c);
        } else if ((unsigned char)c < 0x20) {
            strbuf_printf(b, "\\u%04x", (unsigned)c);
        } else {
            strbuf_put_char(b, c);
        }
    }
    strbuf_put_char(b, '"');
}

void tree_put(struct strbuf *b, const struct tree *t)
{
    if (t->type == TREE_STRING) {
        put_string(b, t->text);
    } else if (t->type == TREE_ARRAY) {
        strbuf_put_char(b, '[');
        for (const struct tree *c = t->first; c != NULL; c = c->next) {
            tree_put(b, c);
            strbuf_put_str(b, c->next != NULL ? "," : "");
        }
        strbuf_put_char(b, ']');
    } else if (t->type == TREE_OBJECT) {
        strbuf_put_char(b, '{');
        const struct tree *c = next_by_key(t, SV_NONE);
        while (c != NULL) {
            put_string(b, c->key);
            strbuf_put_char(b, ':');
            tree_put(b, c);
            c = next_by_key(t, c->key);
            strbuf_put_str(b, c != NULL ? "," : "");
        }
        strbuf_put_char(b, '}');
    } else {
        strbuf_put(b, t->text);
    }
}
