// SPDX-License-Identifier: Apache-2.0
#include "docs/gen/pages.h"
#include "webhook/metrics.h"

/// TEXT without the line end that an answer has.
static struct strview one_line(const char *text)
{
    struct strview v = sv_from(text);
    if (v.len > 0 && v.ptr[v.len - 1] == '\n') {
        v.len--;
    }
    return v;
}

static void put_reject(struct strbuf *out, const char *label, int status, const char *text)
{
    struct strview line = one_line(text);
    if (status == 0) {
        strbuf_printf(out, "| `%s` | none: the connection is closed | |\n", label);
    } else {
        strbuf_printf(out, "| `%s` | %d | %.*s |\n", label, status, SV_ARG(line));
    }
}

void docs_webhook_tables(struct strbuf *out)
{
    strbuf_put_str(out, "\n## Requests that are turned away\n\n"
                        "Before a review, as plain text. The reason is a label of "
                        "`sluice_webhook_rejected_requests_total`.\n\n"
                        "| reason | HTTP status | answer |\n|---|---|---|\n");
#define X(id, label, status, text) put_reject(out, label, status, text);
    REJECTS(X)
#undef X
    strbuf_put_str(out, "\n## Metrics\n\nOn `/metrics` of `--health-listen`, in Prometheus' text "
                        "format.\n\n");
    metrics_write_markdown(WEBHOOK_METRICS, M_COUNT, out);
}
