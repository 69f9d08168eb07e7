// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log_sink.h"
#include "common/base/macros.h"

static const char *const LEVEL_NAMES[LOG_LEVEL_COUNT] = {"debug", "info", "warn", "error"};

static const char *log_component = "sluice";
static int log_fd = STDERR_FILENO;
static _Atomic int log_threshold = LOG_LEVEL_INFO;
static _Atomic uint64_t log_lost_lines;
static _Atomic(log_sink_fn *) log_sink; // NULL: straight to the descriptor
static _Thread_local const struct log_kv *log_thread_context;

// One line under construction. What does not fit is left out and `cut` is set; LINE_TAIL bytes stay
// free for the end, so that a cut line is valid JSON too.
#define LINE_TAIL sizeof(",\"truncated\":true}\n")
struct line {
    size_t len;
    bool cut;
    char text[LOG_LINE_MAX];
};

static bool line_fits(struct line *l, size_t n)
{
    if (l->cut || n > LOG_LINE_MAX - LINE_TAIL - l->len) {
        l->cut = true;
        return false;
    }
    return true;
}

static void line_put(struct line *l, const char *s, size_t n)
{
    if (line_fits(l, n)) {
        memcpy(l->text + l->len, s, n);
        l->len += n;
    }
}

/// The bytes of the UTF-8 character that S begins with, or 0 when it begins with none (RFC 3629).
static size_t utf8_length(const unsigned char *s, size_t n)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (len == 0 || s[0] > 0xf4 || len > n) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool bad = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
               (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);
    return bad ? 0 : len;
}

/// One character of a value, escaped; returns how many bytes of S it took, 0 when the line is full.
static size_t line_put_char(struct line *l, const unsigned char *s, size_t n)
{
    static const char HEX[] = "0123456789abcdef";
    char escaped[6] = {'\\', 'u', '0', '0', 0, 0};
    const char *text = escaped;
    size_t text_len = 2;
    size_t taken = utf8_length(s, n);
    if (taken == 0) {
        text = "\xef\xbf\xbd"; // U+FFFD
        text_len = 3;
        taken = 1;
    } else if (*s == '"' || *s == '\\') {
        escaped[1] = (char)*s;
    } else if (*s == '\n') {
        escaped[1] = 'n';
    } else if (*s < 0x20 || *s == 0x7f) {
        escaped[4] = HEX[*s >> 4];
        escaped[5] = HEX[*s & 15];
        text_len = 6;
    } else {
        text = (const char *)s;
        text_len = taken;
    }
    // One more than the text: the closing quote must still fit.
    if (!line_fits(l, text_len + 1)) {
        return 0;
    }
    line_put(l, text, text_len);
    return taken;
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void line_put_string(struct line *l, struct strview v)
{
    const unsigned char *s = (const unsigned char *)v.ptr;
    line_put(l, "\"", 1);
    if (l->cut) {
        return;
    }
    for (size_t i = 0; i < v.len;) {
        size_t run = 0; // of what needs no look: copied in one go
        size_t room = LOG_LINE_MAX - LINE_TAIL - l->len - 1;
        while (run < room && i + run < v.len && plain(s[i + run])) {
            run++;
        }
        line_put(l, v.ptr + i, run);
        i += run;
        if (i < v.len) {
            size_t taken = line_put_char(l, s + i, v.len - i);
            if (taken == 0) {
                break;
            }
            i += taken;
        }
    }
    l->text[l->len++] = '"'; // always fits: see above
}

static void line_put_u64(struct line *l, uint64_t v, size_t min_digits)
{
    char digits[20];
    size_t n = sizeof(digits);
    while (v != 0 || sizeof(digits) - n < min_digits) {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    }
    line_put(l, digits + n, sizeof(digits) - n);
}

static void line_put_i64(struct line *l, int64_t v)
{
    if (v < 0) {
        line_put(l, "-", 1);
    }
    line_put_u64(l, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
}

static void line_put_milli(struct line *l, int64_t v)
{
    if (v < 0) {
        line_put(l, "-", 1);
    }
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    line_put_u64(l, u / 1000, 1);
    line_put(l, ".", 1);
    line_put_u64(l, u % 1000, 3);
}

static void line_put_value(struct line *l, const struct log_kv *kv)
{
    switch (kv->kind) {
    case LOG_KV_STRING:
        line_put_string(l, kv->v.s);
        break;
    case LOG_KV_INT:
        line_put_i64(l, kv->v.i);
        break;
    case LOG_KV_UINT:
        line_put_u64(l, kv->v.u, 1);
        break;
    case LOG_KV_MILLI:
        line_put_milli(l, kv->v.i);
        break;
    case LOG_KV_BOOL:
        line_put(l, kv->v.b ? "true" : "false", kv->v.b ? 4 : 5);
        break;
    }
}

static void line_put_pairs(struct line *l, const struct log_kv *kv)
{
    for (; kv != NULL && kv->key != NULL; kv++) {
        size_t key_len = strlen(kv->key);
        if (kv->kind == LOG_KV_STRING && !sv_present(kv->v.s)) {
            continue;
        }
        // A number may take 21 bytes, an empty string 2: a key is not written without its value.
        if (!line_fits(l, key_len + 4 + 24)) {
            return;
        }
        line_put(l, ",\"", 2);
        line_put(l, kv->key, key_len);
        line_put(l, "\":", 2);
        line_put_value(l, kv);
    }
}

/// `{"ts":"2026-11-22T11:36:19.042Z"`: the text of the second is kept from line to line.
static void line_put_time(struct line *l, int64_t wall_ms)
{
    static _Thread_local int64_t kept_second = INT64_MIN;
    static _Thread_local char kept[sizeof("{\"ts\":\"2026-11-22T11:36:19.") + 8];
    static _Thread_local size_t kept_len;
    time_t second = (time_t)(wall_ms / 1000);
    if (kept_second != second) {
        struct tm tm;
        gmtime_r(&second, &tm);
        kept_len = strftime(kept, sizeof(kept), "{\"ts\":\"%Y-%m-%dT%H:%M:%S.", &tm);
        kept_second = second;
    }
    line_put(l, kept, kept_len);
    line_put_u64(l, (uint64_t)(wall_ms % 1000), 3);
    line_put(l, "Z\"", 2);
}

static size_t count_lines(const char *text, size_t n)
{
    size_t lines = 0;
    for (const char *end; (end = memchr(text, '\n', n)) != NULL; lines++) {
        n -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    return lines;
}

void log_sink_write(const char *text, size_t n)
{
    while (n != 0) {
        ssize_t taken = write(log_fd, text, n);
        if (taken < 0 && errno != EINTR) {
            atomic_fetch_add_explicit(&log_lost_lines, count_lines(text, n), memory_order_relaxed);
            return;
        }
        text += taken > 0 ? taken : 0;
        n -= taken > 0 ? (size_t)taken : 0;
    }
}

void log_sink_set(log_sink_fn *sink)
{
    atomic_store(&log_sink, sink);
}

static void line_send(struct line *l, bool urgent)
{
    if (l->cut) {
        memcpy(l->text + l->len, ",\"truncated\":true", LINE_TAIL - 3);
        l->len += LINE_TAIL - 3;
    }
    l->text[l->len++] = '}';
    l->text[l->len++] = '\n';
    log_sink_fn *sink = atomic_load_explicit(&log_sink, memory_order_acquire);
    if (sink != NULL) {
        sink(l->text, l->len, urgent);
    } else {
        log_sink_write(l->text, l->len);
    }
}

/// Whether this site may write now; *RET_SUPPRESSED is what the window before left out.
static bool site_pass(struct log_site *site, uint32_t *ret_suppressed)
{
    int64_t now = clock_mono_ms();
    int64_t start = atomic_load_explicit(&site->window_start_ms, memory_order_relaxed);
    if ((start == 0 || now - start >= LOG_WINDOW_MS) &&
        atomic_compare_exchange_strong(&site->window_start_ms, &start, now)) {
        uint32_t count = atomic_exchange(&site->count, 1);
        *ret_suppressed = count > LOG_BURST ? count - LOG_BURST : 0;
        return true;
    }
    return atomic_fetch_add(&site->count, 1) < LOG_BURST;
}

void log_init(const char *component, enum log_level level, int fd)
{
    log_component = component;
    log_fd = fd;
    atomic_store(&log_threshold, (int)level);
}

bool log_level_parse(struct strview name, enum log_level *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(LEVEL_NAMES); i++) {
        if (sv_eq_lit(name, LEVEL_NAMES[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_context(const struct log_kv *pairs)
{
    log_thread_context = pairs;
}

uint64_t log_lost(void)
{
    return atomic_load(&log_lost_lines);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&log_threshold, memory_order_relaxed);
}

void log_write(enum log_level level, struct log_site *site, const char *msg,
               const struct log_kv *pairs)
{
    uint32_t suppressed = 0;
    if (site != NULL && !site_pass(site, &suppressed)) {
        return;
    }
    struct line l UNINITIALIZED; // clearing 4 KiB would cost more than the line
    l.len = 0;
    l.cut = false;
    const struct log_kv head[] = {KV_STR("level", LEVEL_NAMES[level]), KV_STR("msg", msg),
                                  KV_STR("component", log_component), KV_END};
    const struct log_kv tail[] = {KV_U("suppressed", suppressed), KV_END};
    line_put_time(&l, clock_wall_ms());
    line_put_pairs(&l, head);
    line_put_pairs(&l, suppressed != 0 ? tail : NULL);
    line_put_pairs(&l, log_thread_context);
    line_put_pairs(&l, pairs);
    line_send(&l, level >= LOG_LEVEL_WARN);
}
