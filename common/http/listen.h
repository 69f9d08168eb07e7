// SPDX-License-Identifier: Apache-2.0
// A listening TCP socket from an address as people write it. Any thread.
#ifndef SLUICE_HTTP_LISTEN_H
#define SLUICE_HTTP_LISTEN_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"

/// Listens on ADDR: "HOST:PORT", "[V6]:PORT", or ":PORT" (all interfaces); port 0 takes a free one,
/// told in *RET_PORT. The socket (close-on-exec, non-blocking) is the caller's. -1 with E_INVALID
/// when ADDR can't be read, E_IO (detail: errno) when it can't be listened on.
MUST_USE int listen_open(const char *addr, uint16_t *ret_port, struct err *err);

#endif
