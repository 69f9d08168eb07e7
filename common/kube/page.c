// SPDX-License-Identifier: Apache-2.0
#include "common/kube/page.h"

#define ITEMS_DEPTH 2 // of what stands in `items`

void page_done(struct page *p)
{
    strbuf_done(&p->rest);
    strbuf_done(&p->item);
    *p = PAGE(p->rest.max, p->item.max);
}

/// Reads C. Whether it opened or closed a bracket: then DEPTH has changed.
static bool step(struct page *p, char c)
{
    if (p->in_string) {
        bool ends = c == '"' && !p->escaped;
        p->escaped = c == '\\' && !p->escaped;
        p->in_string = !ends;
        return false;
    }
    switch (c) {
    case '"':
        p->in_string = true;
        return false;
    case '{':
    case '[':
        p->depth++;
        return true;
    case '}':
    case ']':
        p->depth -= p->depth > 0 ? 1 : 0;
        return true;
    default:
        return false;
    }
}

/// The running piece of the text: FROM to the end of what has been read, not yet put away.
struct piece {
    const char *from;
    bool is_item;
};

static void put_away(struct page *p, struct piece *piece, const char *to)
{
    strbuf_put(piece->is_item ? &p->item : &p->rest,
               sv_make(piece->from, (size_t)(to - piece->from)));
    piece->from = to;
}

static int give(struct page *p, struct piece *piece, const char *to, page_item_fn *fn, void *ctx)
{
    struct strview item = sv_make(piece->from, (size_t)(to - piece->from));
    if (p->item.len != 0) { // its beginning came before
        put_away(p, piece, to);
        item = strbuf_view(&p->item);
    }
    int rc = strbuf_ok(&p->item) ? fn(ctx, item) : 0; // a failed one is told at the end
    if (strbuf_ok(&p->item)) {
        strbuf_reset(&p->item);
    }
    *piece = (struct piece){.from = to, .is_item = false};
    return rc;
}

/// Behind the bracket at AT, which was read just now. 0, or what FN returned.
static int turn(struct page *p, struct piece *piece, const char *at, page_item_fn *fn, void *ctx)
{
    bool opens = *at == '{' || *at == '[';
    if (p->where == PAGE_HEAD && *at == '[' && p->depth == ITEMS_DEPTH) {
        put_away(p, piece, at + 1);
        p->where = sv_ends(strbuf_view(&p->rest), SV("\"items\":[")) ? PAGE_ITEMS : PAGE_HEAD;
    } else if (p->where == PAGE_ITEMS && opens && p->depth == ITEMS_DEPTH + 1) {
        *piece = (struct piece){.from = at, .is_item = true}; // the comma before it goes
    } else if (p->where == PAGE_ITEMS && !opens && p->depth == ITEMS_DEPTH) {
        return give(p, piece, at + 1, fn, ctx);
    } else if (p->where == PAGE_ITEMS && p->depth < ITEMS_DEPTH) {
        piece->from = at;
        p->where = PAGE_TAIL;
    }
    return 0;
}

int page_feed(struct page *p, struct strview bytes, page_item_fn *fn, void *ctx, struct err *err)
{
    const char *end = bytes.ptr + bytes.len;
    struct piece piece = {.from = bytes.ptr,
                          .is_item = p->where == PAGE_ITEMS && p->depth > ITEMS_DEPTH};
    for (const char *at = bytes.ptr; at != end; at++) {
        while (p->in_string && !p->escaped && *at != '"' && *at != '\\' && at + 1 != end) {
            at++; // most bytes
        }
        int rc = step(p, *at) ? turn(p, &piece, at, fn, ctx) : 0;
        if (rc != 0) {
            return rc;
        }
    }
    if (piece.is_item || p->where != PAGE_ITEMS) { // what stands between objects goes
        put_away(p, &piece, end);
    }
    if (!strbuf_ok(&p->rest) || !strbuf_ok(&p->item)) {
        return err_set(err, E_TOO_LARGE, "a list, or an object of it, of too many bytes");
    }
    return 0;
}
