// SPDX-License-Identifier: Apache-2.0
// What stands in a cluster about the webhook's certificates: the CAs, the phase of a change, what
// each replica serves, what is published. For people and, as JSON, for scripts; keys are left out.
#ifndef SLUICE_CERTS_OVERVIEW_H
#define SLUICE_CERTS_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/replica_leases.h"
#include "certs/store.h"
#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/kube/client.h"

struct overview_source {
    struct kube *kube;
    struct strview ns, secret, lease;
    struct strview mutating, validating; // empty: there is none
};

/// What is published in a webhook configuration.
struct overview_place {
    const char *kind;
    struct strview name; // empty: there is none
    bool found;
    bool same; // the bundle of the store
    bool ca;   // trusts at least the CA that signs
};

struct overview {
    struct certs_material m;
    enum certs_phase phase;
    char ca[65], next[65];               // SHA-256 of the CAs; "": there is none
    char leader[LEASE_IDENTITY_MAX + 1]; // "": nobody
    bool taken[REPLICA_PLACES];          // by a replica that has not given it back
    bool live[REPLICA_PLACES];           // by the clock on our wall
    struct replica replicas[REPLICA_PLACES];
    struct overview_place places[2];
};

/// Reads it all. -1: the Secret can't be read, or another of them for another reason than that it
/// is not there. *RET is released by overview_done() in both cases.
MUST_USE int overview_read(const struct overview_source *from, int64_t now_ms, struct overview *ret,
                           struct err *err);
void overview_done(struct overview *o);

/// What the CA of a record is: "signs", "next", "old", "unknown" or "none".
const char *overview_issuer(const struct overview *o, const char *issuer);

/// Pure.
void overview_put_text(const struct overview *o, int64_t now_ms, struct strbuf *b);
void overview_put_json(const struct overview *o, struct strbuf *b);

#endif
