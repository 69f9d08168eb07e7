// SPDX-License-Identifier: Apache-2.0
// A watch stream read in one piece and cut at a place that the input names gives the same events,
// the same state and the same resourceVersion; a page of a list never breaks it either, and is
// split in the same way.
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "common/kube/lines.h"
#include "common/kube/page.h"
#include "common/kube/span.h"
#include "common/kube/watch_core.h"
#include "tests/fuzz/fuzz.h"

#define MAX_LINE 4096
#define MAX_TOLD ((size_t)1 << 20)

struct run {
    struct watch_core core;
    struct strbuf told;
};

static int on_event(void *ctx, enum kube_event event, struct strview object, struct err *err)
{
    struct strbuf *told = ctx;
    CLEANUP(strbuf_done) struct strbuf kept = STRBUF(MAX_TOLD);
    (void)err;
    span_put_object(&kept, object);
    strbuf_printf(told, "%d:", (int)event);
    strbuf_put(told, strbuf_view(&kept));
    return 0;
}

static int on_line(void *ctx, struct strview line)
{
    struct run *r = ctx;
    struct watch_input in = {.kind = WATCH_IN_LINE, .text = line};
    int rc = watch_core_step(&r->core, &in, 1000, on_event, &r->told, NULL);
    ASSERT((rc != 0) == r->core.stop_request);
    return rc;
}

/// Reads STREAM after a list, in two pieces.
static void run(struct run *r, struct strview stream, size_t cut)
{
    static const struct kube_ref PODS = {.resource = &KUBE_PODS};
    struct watch_request rq;
    struct watch_input page = {.kind = WATCH_IN_PAGE,
                               .text =
                                   SV("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}")};
    *r = (struct run){.told = STRBUF(MAX_TOLD)};
    watch_core_init(&r->core, &PODS, SV_NONE, SV_NONE, 7);
    int rc = watch_core_step(&r->core, &page, 0, on_event, &r->told, NULL);
    ASSERT(rc == 0 && r->core.state == WATCH_WATCHING);
    rc = watch_core_next(&r->core, &rq, NULL);
    ASSERT(rc == 0 && rq.want == WATCH_WANT_STREAM);
    struct lines lines = LINES(MAX_LINE);
    rc = lines_feed(&lines, sv_sub(stream, 0, cut), on_line, r, NULL);
    if (rc == 0) {
        rc = lines_feed(&lines, sv_from_pos(stream, cut), on_line, r, NULL);
    }
    lines_done(&lines);
    // Whatever happened, there is a next request.
    struct watch_input end = {.kind = WATCH_IN_END, .code = rc != 0 ? E_TOO_LARGE : E_TRANSPORT};
    if (!r->core.stop_request) {
        rc = watch_core_step(&r->core, &end, 2000, on_event, &r->told, NULL);
        ASSERT(rc == -1);
    }
    rc = watch_core_next(&r->core, &rq, NULL);
    ASSERT(rc == 0 && rq.not_before_ms > 0);
}

static void end(struct run *r)
{
    watch_core_done(&r->core);
    strbuf_done(&r->told);
}

static void read_as_page(struct strview text)
{
    static const struct kube_ref PODS = {.resource = &KUBE_PODS};
    struct watch_core core;
    struct watch_request rq;
    CLEANUP(strbuf_done) struct strbuf told = STRBUF(MAX_TOLD);
    watch_core_init(&core, &PODS, SV_NONE, SV_NONE, 7);
    struct watch_input in = {.kind = WATCH_IN_PAGE, .text = text};
    int rc = watch_core_step(&core, &in, 0, on_event, &told, NULL);
    ASSERT((rc == 0) == (core.state != WATCH_EMPTY));
    in.kind = WATCH_IN_REFUSE;
    rc = watch_core_step(&core, &in, 0, on_event, &told, NULL);
    ASSERT(rc == -1);
    rc = watch_core_next(&core, &rq, NULL);
    ASSERT(rc == 0);
    watch_core_done(&core);
}

static int on_item(void *ctx, struct strview item)
{
    strbuf_put(ctx, item);
    strbuf_put_char(ctx, '\n');
    return 0;
}

/// A page that came in two pieces has the same objects, and leaves the same.
static void split_page(struct strview text, size_t cut)
{
    struct page whole = PAGE(MAX_TOLD, MAX_TOLD), pieces = PAGE(MAX_TOLD, MAX_TOLD);
    CLEANUP(strbuf_done) struct strbuf one = STRBUF(MAX_TOLD);
    CLEANUP(strbuf_done) struct strbuf two = STRBUF(MAX_TOLD);
    int rc = page_feed(&whole, text, on_item, &one, NULL);
    ASSERT(rc == 0);
    rc = page_feed(&pieces, sv_sub(text, 0, cut), on_item, &two, NULL);
    ASSERT(rc == 0);
    rc = page_feed(&pieces, sv_from_pos(text, cut), on_item, &two, NULL);
    ASSERT(rc == 0);
    ASSERT(sv_eq(strbuf_view(&one), strbuf_view(&two)));
    ASSERT(sv_eq(strbuf_view(&whole.rest), strbuf_view(&pieces.rest)));
    page_done(&whole);
    page_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct strview stream = sv_make((const char *)data + 2, size - 2);
    size_t cut = (size_t)(data[0] << 8 | data[1]) % (stream.len + 1);
    struct run whole, pieces;
    run(&whole, stream, stream.len);
    run(&pieces, stream, cut);
    ASSERT(sv_eq(strbuf_view(&whole.told), strbuf_view(&pieces.told)));
    ASSERT(sv_eq(strbuf_view(&whole.core.rv), strbuf_view(&pieces.core.rv)));
    ASSERT(whole.core.state == pieces.core.state);
    end(&whole);
    end(&pieces);
    read_as_page(stream);
    split_page(stream, cut);
    return 0;
}
