// SPDX-License-Identifier: Apache-2.0
#include "common/kube/lines.h"

#include <stdint.h>

void lines_done(struct lines *l)
{
    strbuf_done(&l->part);
}

static int give(struct strview line, line_fn *fn, void *ctx)
{
    if (line.len != 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line.len != 0 ? fn(ctx, line) : 0;
}

int lines_feed(struct lines *l, struct strview bytes, line_fn *fn, void *ctx, struct err *err)
{
    while (bytes.len != 0) {
        size_t end = sv_find_char(bytes, '\n');
        struct strview piece = end == SIZE_MAX ? bytes : sv_sub(bytes, 0, end);
        int rc = 0;
        if (end != SIZE_MAX && l->part.len == 0 && piece.len <= l->part.max) {
            rc = give(piece, fn, ctx); // a whole line in one chunk is not copied
        } else {
            strbuf_put(&l->part, piece);
            if (!strbuf_ok(&l->part)) {
                strbuf_reset(&l->part);
                return err_set(err, E_TOO_LARGE, "a line of more than %zu bytes", l->part.max);
            }
            if (end != SIZE_MAX) {
                rc = give(strbuf_view(&l->part), fn, ctx);
                strbuf_reset(&l->part);
            }
        }
        if (rc != 0) {
            return rc;
        }
        bytes = end == SIZE_MAX ? SV_NONE : sv_from_pos(bytes, end + 1);
    }
    return 0;
}
