// SPDX-License-Identifier: Apache-2.0
// The webhook's certificates as its options say: where the CA is kept, where its bundle is
// published, which names the leaf carries. Wires certs/ to the server's TLS.
#ifndef SLUICE_WEBHOOK_CERTIFICATES_H
#define SLUICE_WEBHOOK_CERTIFICATES_H

#include <stdbool.h>

#include "certs/serving.h"
#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/metrics.h"
#include "common/kube/client.h"
#include "common/kube/config.h"
#include "webhook/settings.h"
#include "webhook/tls.h"

struct certificates;

struct certificates_options {
    const struct webhook_settings *settings;
    struct tls *tls;            // is given each new pair
    struct kube_config *config; // NULL where certificates_need_cluster() is false
    kube_cancel_fn *cancel;     // gives up requests at the end of the program
    void *cancel_ctx;
};

/// Whether the options ask for an API server: for a CA in a Secret, or for publishing its bundle.
bool certificates_need_cluster(const struct webhook_settings *s);

/// What O points at, and what ARENA is given, lives as long as the result. E_INVALID: options that
/// do not fit together.
MUST_USE int certificates_open(const struct certificates_options *o, struct arena *arena,
                               struct certificates **ret, struct err *err);

/// What is served, for certs_serving_step(), certs_serving_start() and the health port.
struct certs_serving *certificates_serving(struct certificates *c);

/// Sets the metrics of certificates: to be called before each exposition.
void certificates_collect(struct certificates *c, struct metrics *m);

/// NULL is accepted.
void certificates_close(struct certificates *c);

#endif
