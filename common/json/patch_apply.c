// SPDX-License-Identifier: Apache-2.0
#include "common/json/patch_apply.h"

#include "common/json/out.h"

#define TOKENS_MAX  16
#define POINTER_MAX 4096

/// One operation: VALUE goes to the member at the tokens.
struct operation {
    struct strview tokens[TOKENS_MAX]; // unescaped, in the arena
    size_t n;
    const struct json *value;
    bool replace;
    bool done;
};

struct apply {
    struct arena arena;
    struct operation operations[JSON_PATCH_APPLY_MAX];
    size_t n;
    struct json_out out;
};

/// A set of operations, one bit each: those that lie beneath the place where the walk stands.
typedef uint64_t operation_set;
_Static_assert(JSON_PATCH_APPLY_MAX <= 64, "a bit for each operation");

static void write_value(struct apply *a, const struct json *v, size_t depth, operation_set beneath);

/// A reference token of RFC 6901 in plain.
static struct strview unescape(struct arena *arena, struct strview token)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(POINTER_MAX);
    for (size_t i = 0; i < token.len; i++) {
        bool escaped = token.ptr[i] == '~' && i + 1 < token.len;
        i += escaped ? 1 : 0;
        strbuf_put_char(&b, !escaped ? token.ptr[i] : token.ptr[i] == '0' ? '~' : '/');
    }
    return arena_copy(arena, strbuf_view(&b));
}

static int read_operation(struct apply *a, const struct json *it, struct err *err)
{
    struct operation *o = &a->operations[a->n];
    struct strview op = json_get_string(it, SV("op"));
    struct strview pointer = json_get_string(it, SV("path")), token;
    *o =
        (struct operation){.value = json_get_lit(it, "value"), .replace = sv_eq_lit(op, "replace")};
    if ((!o->replace && !sv_eq_lit(op, "add")) || o->value == NULL || pointer.len < 2 ||
        pointer.len > POINTER_MAX || pointer.ptr[0] != '/') {
        return err_set(err, E_INVALID, "operation %zu is none that is known here", a->n);
    }
    pointer = sv_from_pos(pointer, 1);
    while (sv_split(&pointer, '/', &token)) {
        if (o->n == TOKENS_MAX) {
            return err_set(err, E_INVALID, "operation %zu goes too deep", a->n);
        }
        o->tokens[o->n++] = unescape(&a->arena, token);
    }
    a->n++;
    return 0;
}

/// Those of BENEATH that go through, or to, the member KEY at DEPTH.
static operation_set through(const struct apply *a, operation_set beneath, size_t depth,
                             struct strview key)
{
    operation_set set = 0;
    for (size_t i = 0; i < a->n; i++) {
        if ((beneath >> i & 1) != 0 && sv_eq(a->operations[i].tokens[depth], key)) {
            set |= (operation_set)1 << i;
        }
    }
    return set;
}

/// The one of SET that ends behind DEPTH, or NULL.
static struct operation *ending(struct apply *a, operation_set set, size_t depth)
{
    for (size_t i = 0; i < a->n; i++) {
        if ((set >> i & 1) != 0 && a->operations[i].n == depth + 1 && !a->operations[i].done) {
            return &a->operations[i];
        }
    }
    return NULL;
}

static void write_object(struct apply *a, const struct json *v, size_t depth, operation_set beneath)
{
    json_out_begin_object(&a->out);
    json_each(member, v) {
        operation_set set = through(a, beneath, depth, json_key(member));
        struct operation *here = ending(a, set, depth);
        json_out_key(&a->out, json_key(member));
        if (here != NULL) {
            here->done = true;
            json_out_value(&a->out, here->value);
        } else {
            write_value(a, member, depth + 1, set);
        }
    }
    struct operation *more;
    while ((more = ending(a, beneath, depth)) != NULL && !more->replace) {
        more->done = true;
        json_out_key(&a->out, more->tokens[depth]);
        json_out_value(&a->out, more->value);
    }
    json_out_end_object(&a->out);
}

static void write_value(struct apply *a, const struct json *v, size_t depth, operation_set beneath)
{
    if (beneath != 0 && json_type(v) == JSON_OBJECT) {
        write_object(a, v, depth, beneath);
    } else {
        json_out_value(&a->out, v);
    }
}

static int apply(struct apply *a, const struct json *root, const struct json *patch,
                 struct strbuf *out, struct err *err)
{
    json_each(it, patch) {
        if (a->n == JSON_PATCH_APPLY_MAX) {
            return err_set(err, E_INVALID, "more than %d operations", JSON_PATCH_APPLY_MAX);
        }
        if (read_operation(a, it, err) != 0) {
            return -1;
        }
    }
    if (!arena_ok(&a->arena)) {
        return err_set(err, E_NOMEM, "no memory for a patch");
    }
    a->out = JSON_OUT(out);
    write_value(a, root, 0, a->n == 64 ? ~(operation_set)0 : ((operation_set)1 << a->n) - 1);
    for (size_t i = 0; i < a->n; i++) {
        if (!a->operations[i].done) {
            return err_set(err, E_INVALID, "operation %zu does not fit the document", i);
        }
    }
    return strbuf_ok(out) ? 0 : err_set(err, E_TOO_LARGE, "the patched document does not fit");
}

int json_patch_apply(const struct json *root, const struct json *patch, struct strbuf *out,
                     struct err *err)
{
    struct apply a = {.arena = ARENA((size_t)1 << 20)};
    int rc = apply(&a, root, patch, out, err);
    arena_done(&a.arena);
    return rc;
}
