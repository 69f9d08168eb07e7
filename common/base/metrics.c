// SPDX-License-Identifier: Apache-2.0
#include "common/base/metrics.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/lane.h"
#include "common/base/mem.h"
#include "common/base/metrics_state.h"

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

size_t metric_row_cells(const struct metric_row *r)
{
    return r->kind == METRIC_HISTOGRAM ? r->buckets->count + 2 : 2;
}

size_t metric_row_series(const struct metric_row *r)
{
    size_t n = r->free_series == 0 ? 1 : 0;
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
    if (r->free_series > METRIC_MAX_SERIES ||
        (r->free_series != 0 && r->kind == METRIC_HISTOGRAM)) {
        return err_set(err, E_INVALID, "metric %s: these labels can't be free", r->name);
    }
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        const struct metric_label *l = r->labels[i];
        if (r->free_series != 0 && name_valid(l->name) && l->count == 0) {
            continue;
        }
        if (r->free_series != 0 || !name_valid(l->name) || l->count == 0 ||
            l->count > METRIC_MAX_SERIES / series) {
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

static bool make_free(struct metrics *m)
{
    m->free = calloc(m->count + 1, sizeof(struct metric_free *));
    bool ok = m->free != NULL;
    for (size_t i = 0; i < m->count && ok; i++) {
        if (m->rows[i].free_series != 0) {
            m->free[i] = metric_free_new(&m->rows[i]);
            ok = m->free[i] != NULL;
        }
    }
    return ok;
}

static _Atomic uint64_t *make_cells(size_t count, size_t *ret_lane_cells)
{
    const size_t step = LANE_ALIGN / sizeof(_Atomic uint64_t);
    *ret_lane_cells = (count / step + 1) * step;
    size_t all = *ret_lane_cells * LANES;
    _Atomic uint64_t *cells = mem_alloc_aligned(LANE_ALIGN, all * sizeof(*cells));
    for (size_t i = 0; cells != NULL && i < all; i++) {
        atomic_init(&cells[i], 0);
    }
    return cells;
}

struct metrics *metrics_new(const struct metric_row *rows, size_t count, struct err *err)
{
    size_t cells = 0;
    for (size_t i = 0; i < count; i++) {
        if (row_check(&rows[i], err) < 0) {
            return NULL;
        }
        cells += metric_row_series(&rows[i]) * metric_row_cells(&rows[i]);
    }
    struct metrics *m = calloc(1, sizeof(*m));
    if (m != NULL) {
        m->rows = rows;
        m->count = count;
        m->first = calloc(count + 1, sizeof(*m->first));
        m->cells = make_cells(cells, &m->lane_cells);
    }
    if (m == NULL || m->first == NULL || m->cells == NULL || !make_free(m)) {
        metrics_free(m);
        err_set(err, E_NOMEM, "no memory for the metrics");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        m->first[i + 1] = m->first[i] + metric_row_series(&rows[i]) * metric_row_cells(&rows[i]);
    }
    return m;
}

void metrics_free(struct metrics *m)
{
    if (m != NULL) {
        for (size_t i = 0; m->free != NULL && i < m->count; i++) {
            metric_free_free(m->free[i]);
        }
        free(m->free);
        free(m->first);
        mem_free(m->cells);
        free(m);
    }
}

/// The first cell of the series; a label index that is no value is a programmer's error.
static size_t series_at(const struct metrics *m, unsigned id, struct metric_at at)
{
    ASSERT(id < m->count);
    const struct metric_row *r = &m->rows[id];
    size_t index = 0;
    for (size_t i = 0; i < METRIC_MAX_LABELS && r->labels[i] != NULL; i++) {
        ASSERT(at.i[i] < r->labels[i]->count);
        index = index * r->labels[i]->count + at.i[i];
    }
    return m->first[id] + index * metric_row_cells(r);
}

/// The same, in the calling thread's lane.
static _Atomic uint64_t *series_mine(const struct metrics *m, unsigned id, struct metric_at at)
{
    return &m->cells[lane_mine() * m->lane_cells + series_at(m, id, at)];
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

uint64_t metric_cell(const struct metrics *m, size_t cell)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LANES; i++) {
        sum += atomic_load_explicit(&m->cells[i * m->lane_cells + cell], memory_order_relaxed);
    }
    return sum;
}

double metric_cell_gauge(const struct metrics *m, size_t cell)
{
    double sum = 0;
    for (size_t i = 0; i < LANES; i++) {
        sum += bits_to_double(
            atomic_load_explicit(&m->cells[i * m->lane_cells + cell], memory_order_relaxed));
    }
    return sum;
}

/// One value instead of what the lanes say.
static void put_cell(struct metrics *m, size_t cell, uint64_t bits)
{
    for (size_t i = 0; i < LANES; i++) {
        atomic_store_explicit(&m->cells[i * m->lane_cells + cell], i == 0 ? bits : 0,
                              memory_order_relaxed);
    }
}

void metrics_add(struct metrics *m, unsigned id, struct metric_at at, uint64_t n)
{
    if (m != NULL) {
        _Atomic uint64_t *cell = series_mine(m, id, at);
        ASSERT(m->rows[id].kind == METRIC_COUNTER);
        atomic_fetch_add_explicit(cell, n, memory_order_relaxed);
    }
}

void metrics_count_to(struct metrics *m, unsigned id, struct metric_at at, uint64_t total)
{
    if (m != NULL) {
        size_t cell = series_at(m, id, at);
        ASSERT(m->rows[id].kind == METRIC_COUNTER);
        put_cell(m, cell, total);
    }
}

void metrics_set(struct metrics *m, unsigned id, struct metric_at at, double value)
{
    if (m != NULL) {
        size_t cell = series_at(m, id, at);
        ASSERT(m->rows[id].kind == METRIC_GAUGE);
        put_cell(m, cell, double_to_bits(value));
        put_cell(m, cell + 1, 1);
    }
}

void metrics_gauge_add(struct metrics *m, unsigned id, struct metric_at at, double delta)
{
    if (m == NULL) {
        return;
    }
    _Atomic uint64_t *cell = series_mine(m, id, at);
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
    _Atomic uint64_t *cell = series_mine(m, id, at);
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

uint64_t metric_histogram_count(const struct metrics *m, const struct metric_buckets *b,
                                size_t cell)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= b->count; i++) {
        n += metric_cell(m, cell + i);
    }
    return n;
}

void metrics_add_free(struct metrics *m, unsigned id, const struct strview *values, uint64_t n)
{
    if (m != NULL) {
        ASSERT(id < m->count && m->free[id] != NULL && m->rows[id].kind == METRIC_COUNTER);
        metric_free_add(m->free[id], values, (double)n);
    }
}

void metrics_replace_free(struct metrics *m, unsigned id, const struct metric_sample *samples,
                          size_t n)
{
    if (m != NULL) {
        ASSERT(id < m->count && m->free[id] != NULL && m->rows[id].kind == METRIC_GAUGE);
        metric_free_replace(m->free[id], samples, n);
    }
}

double metrics_read_free(const struct metrics *m, unsigned id, const struct strview *values)
{
    ASSERT(id < m->count && m->free[id] != NULL);
    return metric_free_read(m->free[id], values);
}

double metrics_read(const struct metrics *m, unsigned id, struct metric_at at)
{
    size_t cell = series_at(m, id, at);
    const struct metric_row *r = &m->rows[id];
    switch (r->kind) {
    case METRIC_HISTOGRAM:
        return (double)metric_histogram_count(m, r->buckets, cell);
    case METRIC_GAUGE:
        return metric_cell_gauge(m, cell);
    case METRIC_COUNTER:
        break;
    }
    return (double)metric_cell(m, cell);
}

void metrics_on_collect(struct metrics *m, metrics_collect_fn *fn, void *arg)
{
    ASSERT(m->collect_count < METRICS_MAX_COLLECT);
    m->collect[m->collect_count].fn = fn;
    m->collect[m->collect_count++].arg = arg;
}
