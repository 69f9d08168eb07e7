// SPDX-License-Identifier: Apache-2.0
#include "controller/reconcile.h"

#include "controller/flink/root_cause.h"

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

struct strview text_line(struct arena *arena, struct strview text)
{
    struct strbuf b = STRBUF(text.len + 1);
    one_line_put(&b, text, text.len);
    return text_take(arena, &b);
}

int arena_check(const struct arena *arena, struct err *err)
{
    return arena_ok(arena) ? 0 : err_set(err, E_NOMEM, "no memory left for the plan");
}
