// SPDX-License-Identifier: Apache-2.0
// Helper of the tests of watches: what a watch tells, as text ("begin item:a end add:b …").
#ifndef SLUICE_UNIT_KUBE_RECORD_H
#define SLUICE_UNIT_KUBE_RECORD_H

#include "common/base/strbuf.h"
#include "common/kube/span.h"
#include "common/kube/watch_core.h"

struct record {
    struct strbuf text;
    int fail_at; // this event (from 1) is not taken; 0: all are
    int seen;
};

#define RECORD ((struct record){.text = STRBUF(1 << 20)})

UNUSED static int record_event(void *ctx, enum kube_event event, struct strview object,
                               struct err *err)
{
    static const char *const NAMES[] = {
        [KUBE_RESET_BEGIN] = "begin", [KUBE_RESET_ITEM] = "item", [KUBE_RESET_END] = "end",
        [KUBE_ADDED] = "add",         [KUBE_MODIFIED] = "mod",    [KUBE_DELETED] = "del",
    };
    struct record *r = ctx;
    if (++r->seen == r->fail_at) {
        return err_set(err, E_NOMEM, "full");
    }
    strbuf_printf(&r->text, "%s%s", r->text.len != 0 ? " " : "", NAMES[event]);
    struct strview name = span_member(span_member(object, SV("metadata")), SV("name"));
    if (name.len > 2) {
        strbuf_printf(&r->text, ":%.*s", SV_ARG(sv_sub(name, 1, name.len - 2)));
    }
    return 0;
}

#endif
