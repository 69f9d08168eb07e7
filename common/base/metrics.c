// SPDX-License-Identifier: Apache-2.0
#include "common/base/metrics.h"

#include <ctype.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

#define BUCKETS(name_, scale_, ...)                                                                \
    static const uint64_t name_##_BOUNDS[] = {__VA_ARGS__};                                        \
    const struct metric_buckets METRIC_##name_ = {name_##_BOUNDS, ARRAY_LEN(name_##_BOUNDS), scale_}

BUCKETS(BUCKETS_FAST, S, 20 * US, 30 * US, 40 * US, 50 * US, 60 * US, 80 * US, 100 * US, 125 * US,
        150 * US, 200 * US, 250 * US, 300 * US, 400 * US, 500 * US, 750 * US, 1 * MS, 1500 * US,
        2 * MS, 3 * MS, 4 * MS, 5 * MS, 7500 * US, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS,
        500 * MS, 1 * S, 2500 * MS, 5 * S, 10 * S);
BUCKETS(BUCKETS_RECONCILE, S, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 150 * MS, 200 * MS,
        250 * MS, 300 * MS, 350 * MS, 400 * MS, 450 * MS, 500 * MS, 600 * MS, 700 * MS, 800 * MS,
        900 * MS, 1 * S, 1250 * MS, 1500 * MS, 1750 * MS, 2 * S, 2500 * MS, 3 * S, 3500 * MS, 4 * S,
        4500 * MS, 5 * S, 6 * S, 7 * S, 8 * S, 9 * S, 10 * S, 15 * S, 20 * S, 25 * S, 30 * S,
        40 * S, 50 * S, 60 * S);
BUCKETS(BUCKETS_QUEUE, S, 10, 100, 1 * US, 10 * US, 100 * US, 1 * MS, 10 * MS, 100 * MS, 1 * S,
        10 * S);
BUCKETS(BUCKETS_REST, S, 1 * MS, 2 * MS, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS,
        500 * MS, 1 * S, 2500 * MS, 5 * S, 10 * S, 30 * S, 60 * S);
BUCKETS(BUCKETS_BYTES, 1, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288,
        1048576, 2097152, 4194304, 8388608);

static const char *const CODES[] = {"200", "201", "400", "401", "403",  "404", "405",
                                    "408", "409", "410", "413", "415",  "422", "429",
                                    "500", "502", "503", "504", "other"};
const struct metric_label METRIC_LABEL_CODE = {"code", CODES, ARRAY_LEN(CODES)};

unsigned metric_code_index(int code)
{
    for (unsigned i = 0; i + 1 < ARRAY_LEN(CODES); i++) {
        const char *c = CODES[i];
        if ((c[0] - '0') * 100 + (c[1] - '0') * 10 + (c[2] - '0') == code) {
            return i;
        }
    }
    return ARRAY_LEN(CODES) - 1;
}

// The cells of a series: counter {value, -}, gauge {bits of the double, touched},
// histogram {one a bucket, +Inf, sum}. Each bucket holds its own observations, not those below it.
struct metrics {
    const struct metric_row *rows;
    size_t count;
    size_t *first; // of each row: its first cell
    _Atomic uint64_t *cells;
    struct {
        metrics_collect_fn *fn;
        void *arg;
    } collect[METRICS_MAX_COLLECT];
    size_t collect_count;
};

static size_t row_cells(const struct metric_row *r)
{
    return r->kind == METRIC_HISTOGRAM ? r->buckets->count + 2 : 2;
}

static size_t row_series(const struct metric_row *r)
{
    size_t n = 1;
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        n *= r->labels[i]->count;
    }
    return n;
}

static bool name_valid(const char *s)
{
    if (s == NULL || (!isalpha((unsigned char)*s) && *s != '_')) {
        return false;
    }
    for (; *s != '\0'; s++) {
        if (!isalnum((unsigned char)*s) && *s != '_') {
            return false;
        }
    }
    return true;
}

static int row_check(const struct metric_row *r, struct err *err)
{
    if (!name_valid(r->name) || r->help == NULL) {
        return err_set(err, E_INVALID, "a metric has no name or no help");
    }
    size_t series = 1;
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        const struct metric_label *l = r->labels[i];
        if (!name_valid(l->name) || l->count == 0 || l->count > METRIC_MAX_SERIES / series) {
            return err_set(err, E_INVALID, "metric %s: a label is bad, or too many series",
                           r->name);
        }
        series *= l->count;
    }
    if ((r->kind == METRIC_HISTOGRAM) != (r->buckets != NULL)) {
        return err_set(err, E_INVALID, "metric %s: histograms, and only they, have buckets",
                       r->name);
    }
    for (size_t i = 1; r->buckets != NULL && i < r->buckets->count; i++) {
        if (r->buckets->bounds[i] <= r->buckets->bounds[i - 1]) {
            return err_set(err, E_INVALID, "metric %s: the buckets do not ascend", r->name);
        }
    }
    return 0;
}

struct metrics *metrics_new(const struct metric_row *rows, size_t count, struct err *err)
{
    size_t cells = 0;
    for (size_t i = 0; i < count; i++) {
        if (row_check(&rows[i], err) < 0) {
            return NULL;
        }
        cells += row_series(&rows[i]) * row_cells(&rows[i]);
    }
    struct metrics *m = calloc(1, sizeof(*m));
    if (m != NULL) {
        m->rows = rows;
        m->count = count;
        m->first = calloc(count + 1, sizeof(*m->first));
        m->cells = calloc(cells + 1, sizeof(*m->cells));
    }
    if (m == NULL || m->first == NULL || m->cells == NULL) {
        metrics_free(m);
        err_set(err, E_NOMEM, "no memory for the metrics");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        m->first[i + 1] = m->first[i] + row_series(&rows[i]) * row_cells(&rows[i]);
    }
    return m;
}

void metrics_free(struct metrics *m)
{
    if (m != NULL) {
        free(m->first);
        free(m->cells);
        free(m);
    }
}

/// The first cell of the series; a label index that is no value is a programmer's error.
static _Atomic uint64_t *series_at(const struct metrics *m, unsigned id, struct metric_at at)
{
    ASSERT(id < m->count);
    const struct metric_row *r = &m->rows[id];
    size_t index = 0;
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        ASSERT(at.i[i] < r->labels[i]->count);
        index = index * r->labels[i]->count + at.i[i];
    }
    return &m->cells[m->first[id] + index * row_cells(r)];
}

static double bits_to_double(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

static uint64_t double_to_bits(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    return bits;
}

void metrics_add(struct metrics *m, unsigned id, struct metric_at at, uint64_t n)
{
    if (m != NULL) {
        _Atomic uint64_t *cell = series_at(m, id, at);
        ASSERT(m->rows[id].kind == METRIC_COUNTER);
        atomic_fetch_add_explicit(cell, n, memory_order_relaxed);
    }
}

void metrics_set(struct metrics *m, unsigned id, struct metric_at at, double value)
{
    if (m != NULL) {
        _Atomic uint64_t *cell = series_at(m, id, at);
        ASSERT(m->rows[id].kind == METRIC_GAUGE);
        atomic_store_explicit(&cell[0], double_to_bits(value), memory_order_relaxed);
        atomic_store_explicit(&cell[1], 1, memory_order_relaxed);
    }
}

void metrics_gauge_add(struct metrics *m, unsigned id, struct metric_at at, double delta)
{
    if (m == NULL) {
        return;
    }
    _Atomic uint64_t *cell = series_at(m, id, at);
    ASSERT(m->rows[id].kind == METRIC_GAUGE);
    uint64_t old = atomic_load_explicit(&cell[0], memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&cell[0], &old,
                                                  double_to_bits(bits_to_double(old) + delta),
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    atomic_store_explicit(&cell[1], 1, memory_order_relaxed);
}

void metrics_observe(struct metrics *m, unsigned id, struct metric_at at, uint64_t value)
{
    if (m == NULL) {
        return;
    }
    _Atomic uint64_t *cell = series_at(m, id, at);
    ASSERT(m->rows[id].kind == METRIC_HISTOGRAM);
    const struct metric_buckets *b = m->rows[id].buckets;
    size_t low = 0;
    size_t high = b->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (value <= b->bounds[mid]) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    atomic_fetch_add_explicit(&cell[low], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&cell[b->count + 1], value, memory_order_relaxed);
}

static uint64_t histogram_count(const struct metric_buckets *b, const _Atomic uint64_t *cell)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= b->count; i++) {
        n += atomic_load_explicit(&cell[i], memory_order_relaxed);
    }
    return n;
}

double metrics_read(const struct metrics *m, unsigned id, struct metric_at at)
{
    const _Atomic uint64_t *cell = series_at(m, id, at);
    const struct metric_row *r = &m->rows[id];
    if (r->kind == METRIC_HISTOGRAM) {
        return (double)histogram_count(r->buckets, cell);
    }
    uint64_t v = atomic_load_explicit(&cell[0], memory_order_relaxed);
    return r->kind == METRIC_GAUGE ? bits_to_double(v) : (double)v;
}

void metrics_on_collect(struct metrics *m, metrics_collect_fn *fn, void *arg)
{
    ASSERT(m->collect_count < METRICS_MAX_COLLECT);
    m->collect[m->collect_count].fn = fn;
    m->collect[m->collect_count++].arg = arg;
}

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
    size_t divisor = row_series(r);
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

static void put_histogram(struct strbuf *out, const struct metric_row *r, size_t series,
                          const _Atomic uint64_t *cell)
{
    const struct metric_buckets *b = r->buckets;
    uint64_t below = 0;
    for (size_t i = 0; i <= b->count; i++) {
        CLEANUP(strbuf_done) struct strbuf le = STRBUF(64);
        put_double(&le, i < b->count ? (double)b->bounds[i] / (double)b->scale : HUGE_VAL);
        below += atomic_load_explicit(&cell[i], memory_order_relaxed);
        put_series_name(out, r, series, "_bucket", le.ptr);
        strbuf_put_u64(out, below);
        strbuf_put_char(out, '\n');
    }
    put_series_name(out, r, series, "_sum", NULL);
    put_double(out, (double)atomic_load_explicit(&cell[b->count + 1], memory_order_relaxed) /
                        (double)b->scale);
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

static void put_row(struct strbuf *out, const struct metric_row *r, const _Atomic uint64_t *cell)
{
    strbuf_printf(out, "# HELP %s ", r->name);
    put_escaped(out, r->help, false);
    strbuf_printf(out, "\n# TYPE %s %s\n", r->name, kind_name(r->kind));
    for (size_t i = 0; i < row_series(r); i++, cell += row_cells(r)) {
        uint64_t value = atomic_load_explicit(&cell[0], memory_order_relaxed);
        if (r->kind == METRIC_HISTOGRAM) {
            if (!r->sparse || histogram_count(r->buckets, cell) != 0) {
                put_histogram(out, r, i, cell);
            }
            continue;
        }
        if (r->sparse && value == 0 && atomic_load(&cell[1]) == 0) {
            continue;
        }
        put_series_name(out, r, i, "", NULL);
        if (r->kind == METRIC_GAUGE) {
            put_double(out, bits_to_double(value));
        } else {
            strbuf_put_u64(out, value);
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
        put_row(out, &m->rows[i], &m->cells[m->first[i]]);
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
