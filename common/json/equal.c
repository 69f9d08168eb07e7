// SPDX-License-Identifier: Apache-2.0
// json_equal() of view.h.
#include "common/json/view.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "common/json/tree.h"

static int by_key(const void *a, const void *b)
{
    const struct json *const *left = a;
    const struct json *const *right = b;
    return sv_cmp(json_key(*left), json_key(*right));
}

/// CHILD and its N - 1 next siblings in the order of their keys; the caller gives them to
/// mem_free(). NULL: no memory.
static const struct json **sorted(const struct json *child, size_t n)
{
    const struct json **members = mem_alloc(n * sizeof(const struct json *));
    if (members == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        members[i] = child;
        child = json_next(child);
    }
    qsort(members, n, sizeof(const struct json *), by_key);
    return members;
}

/// Without memory: slow for large objects, but the same answer.
static bool members_equal_slow(const struct json *a, const struct json *b)
{
    for (; a != NULL; a = json_next(a)) {
        const struct json *other = b;
        while (other != NULL && !sv_eq(json_key(a), json_key(other))) {
            other = json_next(other);
        }
        if (other == NULL || !json_equal(a, other)) {
            return false;
        }
    }
    return true;
}

/// Whether A and its N - 1 next siblings are B and its next siblings, in whatever order.
static bool members_equal(const struct json *a, const struct json *b, size_t n)
{
    const struct json **left = sorted(a, n);
    const struct json **right = sorted(b, n);
    bool equal = true;
    if (left != NULL && right != NULL) {
        for (size_t i = 0; i < n && equal; i++) {
            equal = sv_eq(json_key(left[i]), json_key(right[i])) && json_equal(left[i], right[i]);
        }
    } else {
        equal = members_equal_slow(a, b);
    }
    mem_free(left);
    mem_free(right);
    return equal;
}

static bool objects_equal(const struct json *a, const struct json *b)
{
    size_t left = json_count(a);
    if (left != json_count(b)) {
        return false;
    }
    // Two versions of one object mostly have one order. From where they haven't, the members are
    // sorted: looking each one up would take quadratic time. No member is compared twice, or depth
    // would cost powers of two.
    const struct json *x = json_first(a);
    const struct json *y = json_first(b);
    while (left != 0 && sv_eq(json_key(x), json_key(y))) {
        if (!json_equal(x, y)) {
            return false;
        }
        x = json_next(x);
        y = json_next(y);
        left--;
    }
    return left == 0 || members_equal(x, y, left);
}

static bool arrays_equal(const struct json *a, const struct json *b)
{
    const struct json *x = json_first(a);
    const struct json *y = json_first(b);
    for (; x != NULL && y != NULL; x = json_next(x), y = json_next(y)) {
        if (!json_equal(x, y)) {
            return false;
        }
    }
    return x == NULL && y == NULL;
}

bool json_equal(const struct json *a, const struct json *b)
{
    enum json_type type = json_type(a);
    if (type != json_type(b)) {
        return false;
    }
    if (json_tree_shared(a, b)) {
        return true;
    }
    double x = 0, y = 0;
    bool p = false, q = false;
    switch (type) {
    case JSON_NUMBER:
        return json_double(a, &x) && json_double(b, &y) && x == y;
    case JSON_BOOL:
        return json_bool(a, &p) && json_bool(b, &q) && p == q;
    case JSON_STRING:
        return sv_eq(json_string(a), json_string(b));
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_OBJECT:
        return objects_equal(a, b);
    case JSON_ABSENT:
    case JSON_NULL:
        break;
    }
    return true;
}
