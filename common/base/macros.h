// SPDX-License-Identifier: Apache-2.0
// Compiler attributes and small macros that every file may use.
#ifndef SLUICE_BASE_MACROS_H
#define SLUICE_BASE_MACROS_H

#include <stddef.h>

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED            __attribute__((unused))
#define NORETURN          __attribute__((noreturn))

/// Of a function that is seldom called, so that those that call it stay small.
#define ASIDE __attribute__((noinline))

/// Runs FN on the variable's address when it leaves its scope:
/// `CLEANUP(strbuf_done) struct strbuf b`.
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/// Of a large buffer that is written before it is read: hardened builds would clear it each time.
#define UNINITIALIZED __attribute__((uninitialized))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/// Takes a pointer out of a variable that CLEANUP watches: ownership goes to the caller.
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) take_ = (p);                                                                 \
        (p) = NULL;                                                                                \
        take_;                                                                                     \
    })

/// A programmer's error, in every build: says where and aborts. Never for what a user can cause.
#define ASSERT(cond)                                                                               \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0)) {                                                        \
            assert_failed(#cond, __FILE__, __LINE__);                                              \
        }                                                                                          \
    } while (0)

NORETURN void assert_failed(const char *cond, const char *file, int line);

#endif
