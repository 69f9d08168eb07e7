// SPDX-License-Identifier: Apache-2.0
// The exposition of metrics as text.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/metrics_state.h"

static void put_double(struct strbuf *out, double v)
{
    char text[40];
    if (isnan(v) || isinf(v)) {
        strbuf_put_str(out, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    strbuf_put_str(out, text);
}

static void put_escaped(struct strbuf *out, const char *s, bool quotes)
{
    for (; *s != '\0'; s++) {
        if (*s == '\n') {
            strbuf_put_str(out, "\\n");
            continue;
        }
        if (*s == '\\' || (quotes && *s == '"')) {
            strbuf_put_char(out, '\\');
        }
        strbuf_put_char(out, *s);
    }
}

/// name_suffix{label="value",…,le="…"}, with a space after it. LE: NULL, or the bound's text.
static void put_series_name(struct strbuf *out, const struct metric_row *r, size_t series,
                            const char *suffix, const char *le)
{
    strbuf_put_str(out, r->name);
    strbuf_put_str(out, suffix);
    size_t divisor = metric_row_series(r);
    char open = '{';
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        const struct metric_label *l = r->labels[i];
        divisor /= l->count;
        strbuf_put_char(out, open);
        strbuf_printf(out, "%s=\"", l->name);
        put_escaped(out, l->values[series / divisor % l->count], true);
        strbuf_put_char(out, '"');
        open = ',';
    }
    if (le != NULL) {
        strbuf_put_char(out, open);
        strbuf_printf(out, "le=\"%s\"", le);
        open = ',';
    }
    strbuf_put_str(out, open == '{' ? " " : "} ");
}

static void put_histogram(struct strbuf *out, const struct metrics *m, const struct metric_row *r,
                          size_t series, size_t cell)
{
    const struct metric_buckets *b = r->buckets;
    uint64_t below = 0;
    for (size_t i = 0; i <= b->count; i++) {
        CLEANUP(strbuf_done) struct strbuf le = STRBUF(64);
        put_double(&le, i < b->count ? (double)b->bounds[i] / (double)b->scale : HUGE_VAL);
        below += metric_cell(m, cell + i);
        put_series_name(out, r, series, "_bucket", le.ptr);
        strbuf_put_u64(out, below);
        strbuf_put_char(out, '\n');
    }
    put_series_name(out, r, series, "_sum", NULL);
    put_double(out, (double)metric_cell(m, cell + b->count + 1) / (double)b->scale);
    strbuf_put_char(out, '\n');
    put_series_name(out, r, series, "_count", NULL);
    strbuf_put_u64(out, below);
    strbuf_put_char(out, '\n');
}

static const char *kind_name(enum metric_kind kind)
{
    switch (kind) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_GAUGE:
        return "gauge";
    case METRIC_HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

/// A metric_free_put_fn.
static void put_free(struct strbuf *out, const struct metric_row *r, const char *values,
                     double value)
{
    strbuf_put_str(out, r->name);
    char open = '{';
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        strbuf_put_char(out, open);
        strbuf_printf(out, "%s=\"", r->labels[i]->name);
        put_escaped(out, values, true);
        strbuf_put_char(out, '"');
        values += strlen(values) + 1;
        open = ',';
    }
    strbuf_put_str(out, open == '{' ? " " : "} ");
    put_double(out, value);
    strbuf_put_char(out, '\n');
}

static void put_row(struct strbuf *out, const struct metrics *m, size_t row)
{
    const struct metric_row *r = &m->rows[row];
    size_t cell = m->first[row];
    strbuf_printf(out, "# HELP %s ", r->name);
    put_escaped(out, r->help, false);
    strbuf_printf(out, "\n# TYPE %s %s\n", r->name, kind_name(r->kind));
    for (size_t i = 0; i < metric_row_series(r); i++, cell += metric_row_cells(r)) {
        if (r->kind == METRIC_HISTOGRAM) {
            if (!r->sparse || metric_histogram_count(m, r->buckets, cell) != 0) {
                put_histogram(out, m, r, i, cell);
            }
            continue;
        }
        double gauge = r->kind == METRIC_GAUGE ? metric_cell_gauge(m, cell) : 0;
        uint64_t counter = r->kind == METRIC_COUNTER ? metric_cell(m, cell) : 0;
        if (r->sparse && counter == 0 && gauge == 0 && metric_cell(m, cell + 1) == 0) {
            continue;
        }
        put_series_name(out, r, i, "", NULL);
        if (r->kind == METRIC_GAUGE) {
            put_double(out, gauge);
        } else {
            strbuf_put_u64(out, counter);
        }
        strbuf_put_char(out, '\n');
    }
}

void metrics_write(struct metrics *m, struct strbuf *out)
{
    for (size_t i = 0; i < m->collect_count; i++) {
        m->collect[i].fn(m, m->collect[i].arg);
    }
    for (size_t i = 0; i < m->count; i++) {
        put_row(out, m, i);
        if (m->free[i] != NULL) {
            metric_free_write(m->free[i], put_free, out);
        }
    }
}

void metrics_write_markdown(const struct metric_row *rows, size_t count, struct strbuf *out)
{
    strbuf_put_str(out, "| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const struct metric_row *r = &rows[i];
        strbuf_printf(out, "| `%s` | %s | ", r->name, kind_name(r->kind));
        for (size_t l = 0; l < METRIC_MAX_LABELS && r->labels[l] != NULL; l++) {
            strbuf_printf(out, "%s`%s`", l > 0 ? ", " : "", r->labels[l]->name);
        }
        strbuf_printf(out, " | %s |\n", r->help);
    }
}
