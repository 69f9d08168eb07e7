// SPDX-License-Identifier: Apache-2.0
// The CA in a Secret: tls.crt and tls.key are the CA that signs, next.crt and next.key (empty when
// there is none) the one to come, ca.crt is the bundle; annotations sluice.dev/published-at and
// switched-at are times, sluice.dev/rotate and rotate-leaves ask for a change. Made by a
// create (of replicas that race one wins, the others are told E_CONFLICT), changed by a patch that
// carries the resourceVersion. A Secret of that name without content is filled; one with other
// content is refused. Needs `get` and `patch` on that one Secret, and `create`.
#ifndef SLUICE_CERTS_SECRET_STORE_H
#define SLUICE_CERTS_SECRET_STORE_H

#include "certs/store.h"
#include "common/kube/client.h"

struct secret_store {
    struct certs_store store; // what the others need
    struct kube *kube;        // borrowed, used in the thread of the caller
    struct strview ns, name;  // borrowed
};

/// The store of Secret NS/NAME; reads nothing yet.
void secret_store_init(struct secret_store *ret, struct kube *kube, struct strview ns,
                       struct strview name);

#endif
