// SPDX-License-Identifier: Apache-2.0
// Takes the objects of a List out of its text as it comes, so that a page of a list never lies in
// memory as a whole. Knows the form in which API servers write a List, `"items":[…]` without spaces
// within it; of any other text everything stays, for whoever reads it then. Safe on any bytes.
// Pure; one owner.
#ifndef SLUICE_KUBE_PAGE_H
#define SLUICE_KUBE_PAGE_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

struct page {
    struct strbuf rest; // the text without its objects: {"metadata":{…},"items":[]}
    struct strbuf item; // what has come of the running object
    size_t depth;       // of brackets
    bool in_string, escaped;
    enum { PAGE_HEAD, PAGE_ITEMS, PAGE_TAIL } where;
};

#define PAGE(max_rest, max_item) ((struct page){.rest = STRBUF(max_rest), .item = STRBUF(max_item)})

/// Forgets what has come and frees it; usable again.
void page_done(struct page *p);

/// An object, borrowed for the call. Non-zero ends the feeding.
typedef int page_item_fn(void *ctx, struct strview item);

/// 0; -1 with E_TOO_LARGE when the rest or an object passes its limit (or E_NOMEM); what FN
/// returned when not 0.
MUST_USE int page_feed(struct page *p, struct strview bytes, page_item_fn *fn, void *ctx,
                       struct err *err);

#endif
