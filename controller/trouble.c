// SPDX-License-Identifier: Apache-2.0
#include "controller/trouble.h"

#include "controller/flink/root_cause.h"

const struct trouble_kind_info TROUBLE_INFO[TROUBLE_KIND_COUNT] = {
#define X(id, severity_, words, text_)                                                             \
    [TROUBLE_##id] = {.severity = TROUBLE_##severity_, .text = text_},
    POD_TROUBLES(X)
#undef X
};

static void put_head(struct strbuf *b, const struct pod_trouble *t)
{
    strbuf_put_str(b, "pod ");
    strbuf_put(b, t->pod);
    if (t->container.len > 0) {
        strbuf_put_str(b, ": container ");
        strbuf_put(b, t->container);
    }
}

void trouble_put_what(struct strbuf *b, const struct pod_trouble *t)
{
    size_t start = b->len;
    const char *sep = "";
    if (t->reason.len > 0) {
        strbuf_put(b, sv_cut(t->reason, 64));
        sep = ": ";
    }
    if (t->exit_code != TROUBLE_NO_CODE) {
        strbuf_printf(b, "%sexit code %lld", t->reason.len > 0 ? ", " : "",
                      (long long)t->exit_code);
        sep = ": ";
    }
    if (t->message.len > 0) {
        strbuf_put_str(b, sep);
        one_line_put(b, t->message, TROUBLE_WHAT_MAX - (b->len - start));
    }
    if (b->len == start && strbuf_ok(b)) {
        strbuf_put_str(b, TROUBLE_INFO[t->kind].text != NULL ? TROUBLE_INFO[t->kind].text : "");
    }
}

void trouble_put(struct strbuf *b, const struct pod_trouble *t)
{
    put_head(b, t);
    strbuf_put_str(b, ": ");
    trouble_put_what(b, t);
    bool advice = t->kind == TROUBLE_LOCKED || t->kind == TROUBLE_HOLDS_UP;
    if (advice) {
        strbuf_put_str(b, ": ");
        strbuf_put_str(b, TROUBLE_INFO[t->kind].text);
    }
}

bool trouble_is_told(const struct pod_trouble *t, struct strview message)
{
    struct strbuf b = STRBUF(1024);
    put_head(&b, t);
    if (t->reason.len > 0) {
        strbuf_put_str(&b, ": ");
        strbuf_put(&b, sv_cut(t->reason, 64));
    }
    bool told = strbuf_ok(&b) && sv_find(message, strbuf_view(&b)) != SIZE_MAX;
    strbuf_done(&b);
    return told;
}

// ---- the cause in a log's end -------------------------------------------------------

static bool has(struct strview line, const char *word)
{
    return sv_find(line, sv_from(word)) != SIZE_MAX;
}

/// What a stack trace has between its causes.
static bool is_frame(struct strview line)
{
    return sv_starts(line, SV("at ")) ||
           (sv_starts(line, SV("... ")) && sv_ends(line, SV(" more")));
}

struct strview cause_line(struct strview text)
{
    static const struct strview CAUSED_BY = SV_INIT("Caused by: ");
    struct strview rest = text;
    struct strview line;
    struct strview caused = SV_NONE;
    struct strview named = SV_NONE;
    struct strview last = SV_NONE;
    while (sv_split(&rest, '\n', &line)) {
        line = sv_trim(line);
        if (line.len == 0 || is_frame(line)) {
            continue;
        }
        last = line;
        if (sv_starts(line, CAUSED_BY)) {
            caused = sv_from_pos(line, CAUSED_BY.len);
        } else if (has(line, "Exception") || has(line, "Error")) {
            named = line;
        }
    }
    if (sv_starts(named, SV("Exception in thread \"main\" "))) {
        named = sv_from_pos(named, SV("Exception in thread \"main\" ").len);
    }
    struct strview best = sv_present(caused) ? caused : sv_present(named) ? named : last;
    return sv_cut(best, CAUSE_LINE_MAX);
}
