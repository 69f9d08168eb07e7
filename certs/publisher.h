// SPDX-License-Identifier: Apache-2.0
// Where the CA bundle is published, so that callers trust the leaf: the webhook configurations of
// an API server (certs/webhook_publisher.h).
#ifndef SLUICE_CERTS_PUBLISHER_H
#define SLUICE_CERTS_PUBLISHER_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/strview.h"

/// What every place of publication has in common.
struct certs_published {
    bool same; // has the bundle, byte for byte
    bool leaf; // has it, or another that verifies the leaf
    bool ca;   // has it, or another that holds the CA
};

struct certs_publisher {
    /// Compares what is published with BUNDLE (PEM). LEAF and CA (PEM) may be empty: false then,
    /// where another is published. -1: not everywhere could it be read.
    int (*look)(void *ctx, struct strview bundle, struct strview leaf, struct strview ca,
                struct certs_published *ret, struct err *err);

    /// Makes BUNDLE (PEM) what is published, changing nothing where it is already; *RET_CHANGED
    /// tells whether it had to. -1: not everywhere; the next round tries again.
    int (*publish)(void *ctx, struct strview bundle, bool *ret_changed, struct err *err);
    void *ctx;
};

#endif
