// SPDX-License-Identifier: Apache-2.0
#include "controller/reconcile.h"

struct strview text_take(struct arena *arena, struct strbuf *b)
{
    struct strview text = SV_NONE;
    if (strbuf_ok(b)) {
        text = arena_copy(arena, strbuf_view(b));
    } else {
        arena->failed = true;
    }
    strbuf_done(b);
    return text;
}

int arena_check(const struct arena *arena, struct err *err)
{
    return arena_ok(arena) ? 0 : err_set(err, E_NOMEM, "no memory left for the plan");
}
