// SPDX-License-Identifier: Apache-2.0
// Where the CA bundle is published, so that callers trust the leaf: the webhook configurations of
// an API server (certs/webhook_publisher.h).
#ifndef SLUICE_CERTS_PUBLISHER_H
#define SLUICE_CERTS_PUBLISHER_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/strview.h"

struct certs_publisher {
    /// Makes BUNDLE (PEM) what is published, changing nothing where it is already; *RET_CHANGED
    /// tells whether it had to. -1: not everywhere; the next round tries again.
    int (*publish)(void *ctx, struct strview bundle, bool *ret_changed, struct err *err);
    void *ctx;
};

#endif
