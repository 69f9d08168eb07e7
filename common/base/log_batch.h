// SPDX-License-Identifier: Apache-2.0
// For a program that logs thousands of lines a second: they are gathered and written together by a
// thread of their own, at most LOG_BATCH_PAUSE_MS after they were made; in quiet times each is
// written at once. Lines of warn and error level are on their way before log_write() returns, with
// all that came before them. Who is killed (not: ended) loses the lines of that pause.
#ifndef SLUICE_BASE_LOG_BATCH_H
#define SLUICE_BASE_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

#define LOG_BATCH_PAUSE_MS 10
/// Bytes that wait at most; who has more waits, as for a pipe that nobody reads.
#define LOG_BATCH_MAX ((size_t)64 << 10)

/// From now on the lines of log.h go this way, to the descriptor of log_init(). Once, after
/// log_init(). E_NOMEM.
MUST_USE int log_batch_start(struct err *err);

/// Writes what waits; later lines are written one by one again. When no other thread logs.
void log_batch_stop(void);

#endif
