// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of bytes, however it is chunked, into lines. Pure; one owner.
#ifndef SLUICE_KUBE_LINES_H
#define SLUICE_KUBE_LINES_H

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// The longest line of a watch: an object of 1.5 MiB (etcd's limit) grows when it is written as
/// JSON.
#define KUBE_MAX_LINE ((size_t)8 << 20)

struct lines {
    struct strbuf part; // of a line whose end has not come
};

#define LINES(max_line) ((struct lines){.part = STRBUF(max_line)})

/// Forgets what has come and frees it; usable again.
void lines_done(struct lines *l);

/// A line without its '\n' (and '\r'), borrowed for the call; empty lines are left out. Non-zero
/// ends the feeding.
typedef int line_fn(void *ctx, struct strview line);

/// 0; -1 with E_TOO_LARGE when a line passes the limit (or E_NOMEM); what FN returned when not 0.
MUST_USE int lines_feed(struct lines *l, struct strview bytes, line_fn *fn, void *ctx,
                        struct err *err);

#endif
