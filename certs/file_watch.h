// SPDX-License-Identifier: Apache-2.0
// Waits until files may have changed. What is watched are their folders: a kubelet swaps the
// symbolic link "..data" there, others rename a new file over the old one, and a watch of the file
// itself would go with it. Only a hint: a file system may tell nothing (a network, a link to
// elsewhere), so whoever waits looks from time to time all the same. Wait in one thread; stop in
// any.
#ifndef SLUICE_CERTS_FILE_WATCH_H
#define SLUICE_CERTS_FILE_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"

#define FILE_WATCH_MAX 8 // files

struct file_watch;

/// Watches FILES (borrowed; "" and NULL are passed over). NULL: no memory, or no descriptors left.
MUST_USE struct file_watch *file_watch_new(const char *const *files, size_t count);
void file_watch_free(struct file_watch *w);

enum file_watch_end { FILE_WATCH_STOPPED, FILE_WATCH_TIMEOUT, FILE_WATCH_CHANGED };

/// Waits for TIMEOUT_MS at most. After a change it waits until SETTLE_MS pass without another (ten
/// times at most), so that a pair of files is read once and whole. A folder that was replaced is
/// watched again from the next call on.
enum file_watch_end file_watch_wait(struct file_watch *w, int64_t timeout_ms, int64_t settle_ms);

/// Ends the present wait and all later ones.
void file_watch_stop(struct file_watch *w);

#endif
