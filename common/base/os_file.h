// SPDX-License-Identifier: Apache-2.0
// Files: read whole and bounded, written atomically. Logs nothing. Thread-safe.
#ifndef SLUICE_BASE_OS_FILE_H
#define SLUICE_BASE_OS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// Appends the whole file to OUT, at most MAX bytes (and OUT's own limit). E_NOT_FOUND,
/// E_TOO_LARGE, E_NOMEM, or E_IO with errno in detail.
MUST_USE int os_file_read(const char *path, size_t max, struct strbuf *out, struct err *err);

/// The same from an open descriptor, to its end; NAME is for messages.
MUST_USE int os_fd_read(int fd, const char *name, size_t max, struct strbuf *out, struct err *err);

/// Writes a temporary file beside PATH with MODE (whatever the umask), fsyncs it, renames it over
/// PATH and fsyncs the folder: PATH has the old content or the new, never a part.
MUST_USE int os_file_write_atomic(const char *path, struct strview data, mode_t mode,
                                  struct err *err);

/// Makes the folder and the missing ones above it; an existing folder is fine and keeps its mode.
MUST_USE int os_mkdir_all(const char *path, mode_t mode, struct err *err);

/// Random bytes of the kernel; E_IO when it has none.
MUST_USE int os_random(void *buf, size_t n, struct err *err);

#endif
