// SPDX-License-Identifier: Apache-2.0
// The CA in a folder of this machine: ca.pem (0600) holds notes, keys and bundle in one file, so it
// is never half of one state and half of another; ca.crt (0644) is the bundle again, for clients.
// Several processes may share the folder: a lock orders them.
#ifndef SLUICE_CERTS_DIR_STORE_H
#define SLUICE_CERTS_DIR_STORE_H

#include "certs/store.h"

struct dir_store {
    struct certs_store store; // what the others need
    const char *dir;          // borrowed
};

/// Makes *RET a store in DIR, which is made (0700) when it is not there. load() refuses a ca.pem
/// that others than its owner may read or write.
MUST_USE int dir_store_init(struct dir_store *ret, const char *dir, struct err *err);

#endif
