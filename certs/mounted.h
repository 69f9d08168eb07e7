// SPDX-License-Identifier: Apache-2.0
// A pair from files that somebody else keeps (cert-manager, a Secret volume). Content is compared,
// not times or inodes: the kubelet swaps a whole folder by a symbolic link, so a read may also see
// the old certificate and the new key; that pair is refused, and the next look sees both new. One
// thread.
#ifndef SLUICE_CERTS_MOUNTED_H
#define SLUICE_CERTS_MOUNTED_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/pair.h"
#include "common/base/err.h"
#include "common/base/macros.h"

/// Reads the files (CA_FILE may be ""). *RET is a new pair with a reference, or NULL when the
/// content is that of CURRENT (which may be NULL). *RET_READ tells whether a changed content was
/// looked at. -1: a file can't be read, or the pair is not right, or it has expired and CURRENT has
/// not.
MUST_USE int mounted_read(const char *cert_file, const char *key_file, const char *ca_file,
                          const struct certs_pair *current, int64_t now_ms, struct certs_pair **ret,
                          bool *ret_read, struct err *err);

#endif
