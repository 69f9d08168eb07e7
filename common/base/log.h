// SPDX-License-Identifier: Apache-2.0
// JSON log lines of at most 4096 bytes (what a pipe takes whole), each one write(2) unless
// log_batch.h gathers them, on stderr:
//     log_info("reconciled", KV_S("namespace", ns), KV_I("generation", gen), KV_MS("took", t));
// Keys ts (RFC 3339, milliseconds), level, msg, component, then the thread's context, then the
// pairs. Keys and msg are literals of ours; values are escaped, bytes that are no UTF-8 become
// U+FFFD, a line that grows too long is cut and says so. Nothing secret is ever logged: there is no
// pair for it. Thread-safe; log_init() is called once, before the threads. A line that can't be
// written is lost.
#ifndef SLUICE_BASE_LOG_H
#define SLUICE_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strview.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_COUNT
};

#define LOG_LINE_MAX 4096

enum log_kind { LOG_KV_STRING, LOG_KV_INT, LOG_KV_UINT, LOG_KV_MILLI, LOG_KV_BOOL };

struct log_kv {
    const char *key; // NULL: the end of the pairs
    enum log_kind kind;
    union {
        struct strview s;
        int64_t i;
        uint64_t u;
        bool b;
    } v;
};

/// A view (nothing is written when absent), a C string (likewise when NULL), integers, a boolean.
#define KV_S(k, sv)   ((struct log_kv){.key = (k), .kind = LOG_KV_STRING, .v.s = (sv)})
#define KV_STR(k, cs) ((struct log_kv){.key = (k), .kind = LOG_KV_STRING, .v.s = sv_from(cs)})
#define KV_I(k, n)    ((struct log_kv){.key = (k), .kind = LOG_KV_INT, .v.i = (n)})
#define KV_U(k, n)    ((struct log_kv){.key = (k), .kind = LOG_KV_UINT, .v.u = (n)})
#define KV_B(k, x)    ((struct log_kv){.key = (k), .kind = LOG_KV_BOOL, .v.b = (x)})
/// Milliseconds as they are; microseconds written as milliseconds with three digits (0.042).
#define KV_MS(k, ms) KV_I(k, ms)
#define KV_US(k, us) ((struct log_kv){.key = (k), .kind = LOG_KV_MILLI, .v.i = (us)})
/// The message of a `struct err *`, under the key "error".
#define KV_ERR(e) KV_STR("error", (e)->msg)
#define KV_END    ((struct log_kv){.key = NULL})

/// COMPONENT (a literal, e.g. "webhook") stands on every line; FD is where lines go (2 for stderr).
void log_init(const char *component, enum log_level level, int fd);

/// "debug", "info", "warn", "error" to the level; false for anything else.
bool log_level_parse(struct strview name, enum log_level *ret);

/// Pairs (ended by KV_END, borrowed) that stand on each line of this thread until NULL is given.
void log_context(const struct log_kv *pairs);

/// Lines since the start that could not be written.
uint64_t log_lost(void);

/// A call site of warn or error: at most LOG_BURST lines in LOG_WINDOW_MS, then silence until the
/// window ends; the next line then carries "suppressed": how many were left out.
#define LOG_BURST     10
#define LOG_WINDOW_MS 10000
struct log_site {
    _Atomic int64_t window_start_ms;
    _Atomic uint32_t count;
};

#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__, KV_END)
#define log_info(...)  LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__, KV_END)
#define log_warn(...)  LOG_LIMITED(LOG_LEVEL_WARN, __VA_ARGS__, KV_END)
#define log_error(...) LOG_LIMITED(LOG_LEVEL_ERROR, __VA_ARGS__, KV_END)

/// What the macros call. log_enabled() is one atomic load.
bool log_enabled(enum log_level level);
void log_write(enum log_level level, struct log_site *site, const char *msg,
               const struct log_kv *pairs);

#define LOG_AT(level, msg, ...)                                                                    \
    do {                                                                                           \
        if (log_enabled(level)) {                                                                  \
            log_write((level), NULL, (msg), (const struct log_kv[]){__VA_ARGS__});                 \
        }                                                                                          \
    } while (0)
#define LOG_LIMITED(level, msg, ...)                                                               \
    do {                                                                                           \
        static struct log_site log_site_;                                                          \
        if (log_enabled(level)) {                                                                  \
            log_write((level), &log_site_, (msg), (const struct log_kv[]){__VA_ARGS__});           \
        }                                                                                          \
    } while (0)

#endif
