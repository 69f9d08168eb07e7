// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT are taken by the main thread in its own time; SIGPIPE is an error of write(2).
#ifndef SLUICE_BASE_SIGNALS_H
#define SLUICE_BASE_SIGNALS_H

#include <stdint.h>

/// Blocks SIGTERM and SIGINT and ignores SIGPIPE. In main, before any thread, which inherit it.
void signals_block(void);

/// Waits for one of them: its number, or 0 when TIMEOUT_MS passed (negative: no limit). One thread.
int signals_wait(int64_t timeout_ms);

#endif
