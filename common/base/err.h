// SPDX-License-Identifier: Apache-2.0
// The error value: owned by the caller, no allocation, so it can be dropped at any time.
// A function that can fail returns 0 or -1 and takes `struct err *` last; on success it leaves it
// alone. NULL is accepted everywhere by a caller who does not care. A user's faulty object is not
// an error but a list of violations.
#ifndef SLUICE_BASE_ERR_H
#define SLUICE_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/macros.h"

#define ERR_CODES(X)                                                                               \
    X(OK, "ok", false)                                                                             \
    X(NOMEM, "out of memory", true)                                                                \
    X(PARSE, "cannot parse", false)                                                                \
    X(INVALID, "invalid", false)                                                                   \
    X(TOO_LARGE, "too large", false)                                                               \
    X(NOT_FOUND, "not found", false)                                                               \
    X(CONFLICT, "conflict", true)                                                                  \
    X(GONE, "gone", false)                                                                         \
    X(DENIED, "denied", false)                                                                     \
    X(THROTTLED, "throttled", true)                                                                \
    X(TIMEOUT, "timed out", true)                                                                  \
    X(TRANSPORT, "transport", true)                                                                \
    X(IO, "input/output", false)                                                                   \
    X(BUG, "internal error", false)

enum errc {
#define X(name, text, retry) E_##name,
    ERR_CODES(X)
#undef X
        E_COUNT
};

struct err {
    enum errc code;
    int detail;              // HTTP status, errno or CURLcode, as the code has it
    uint32_t retry_after_ms; // 0: not said
    char msg[224];           // for people; cut, never overrun
};

/// Fills *E (when not NULL) and returns -1, so that `return err_set(…)` reads well.
PRINTF(3, 4) int err_set(struct err *e, enum errc code, const char *fmt, ...);

/// Puts "context: " before the message, keeps the code; returns -1.
PRINTF(2, 3) int err_wrap(struct err *e, const char *fmt, ...);

/// The code's words, never NULL.
const char *err_name(enum errc code);

/// Whether the same call may succeed later without anything else changing.
bool err_retryable(enum errc code);

#endif
