// SPDX-License-Identifier: Apache-2.0
// Helpers of the tests of common/k8s: one arena for a test, JSON from a literal.
#ifndef SLUICE_UNIT_K8S_H
#define SLUICE_UNIT_K8S_H

#include "common/base/arena.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"
#include "tests/unit/unit.h"

static struct arena arena = {.max = 4 << 20};

UNUSED static void setup(void)
{
}

UNUSED static void teardown(void)
{
    arena_done(&arena);
}

/// TEXT parsed, for as long as the test runs.
UNUSED static const struct json *json_of(struct strview text)
{
    const struct json *v = NULL;
    struct err err = {0};
    ck_assert_msg(json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &v, &err) == 0, "%s: %.*s",
                  err.msg, SV_ARG(text));
    return v;
}

/// All that is in V, as "path: message\n" lines; of the arena.
UNUSED static const char *violations_text(const struct violations *v)
{
    struct strview text = SV("");
    for (size_t i = 0; i < v->count; i++) {
        text = arena_printf(&arena, "%.*s%.*s: %.*s\n", SV_ARG(text), SV_ARG(v->items[i].path),
                            SV_ARG(v->items[i].message));
    }
    return text.ptr;
}

#endif
