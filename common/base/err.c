// SPDX-License-Identifier: Apache-2.0
#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    bool retry;
} CODES[E_COUNT] = {
#define X(name, text_, retry_) [E_##name] = {text_, retry_},
    ERR_CODES(X)
#undef X
};

int err_set(struct err *e, enum errc code, const char *fmt, ...)
{
    if (e != NULL) {
        va_list args;
        e->code = code;
        e->detail = 0;
        e->retry_after_ms = 0;
        va_start(args, fmt);
        vsnprintf(e->msg, sizeof(e->msg), fmt, args);
        va_end(args);
    }
    return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (e != NULL) {
        char text[sizeof(e->msg)];
        va_list args;
        va_start(args, fmt);
        int n = vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        size_t at = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
        const char *parts[] = {": ", e->msg};
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
            for (const char *c = parts[i]; *c != '\0' && at < sizeof(text) - 1; c++) {
                text[at++] = *c;
            }
        }
        text[at] = '\0';
        memcpy(e->msg, text, sizeof(text));
    }
    return -1;
}

const char *err_name(enum errc code)
{
    return (unsigned)code < E_COUNT ? CODES[code].text : "unknown error";
}

bool err_retryable(enum errc code)
{
    return (unsigned)code < E_COUNT && CODES[code].retry;
}
