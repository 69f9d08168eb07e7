// SPDX-License-Identifier: Apache-2.0
// Keeps a server in certificates: finds or makes the pair to serve, looks again in a thread of its
// own, and hands over each new pair without a restart. Two ways:
//  - mounted: certificate and key files (cert-manager, `sluice-certs ensure`), read again when
//    their folder changes and each 10 s; a bad or torn pair is counted and the old one stays;
//  - managed: a CA from a store (Secret or folder), a leaf of it in memory, renewed at 2/3 of its
//    life, and the CA bundle put into the webhook configurations, repaired when somebody resets it.
// The CA of client certificates is a file in both, and read again as mounted files are.
#ifndef SLUICE_CERTS_SERVING_H
#define SLUICE_CERTS_SERVING_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/pair.h"
#include "certs/policy.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"

struct certs_store;     // certs/store.h: where the CA lives
struct certs_publisher; // certs/publisher.h: where the bundle is published
struct certs_replicas;  // certs/replicas.h: who else serves
struct certs_serving;

/// Called with each new pair, and with the same when the CA of clients changed, from the thread
/// that found it; borrowed: take a reference to keep it. CLIENT_CA is absent when clients are not
/// asked. A return of false (the server could not load it) keeps the old ones and counts an error.
typedef bool certs_on_pair_fn(void *arg, struct certs_pair *pair, struct strview client_ca);

struct certs_serving_options {
    // mounted, when cert_file is not ""; ca_file may be "": nothing to verify against
    const char *cert_file, *key_file, *ca_file;
    const char *client_ca_file; // "" or NULL: clients are not asked for a certificate
    // managed, otherwise; all borrowed until certs_serving_stop()
    struct certs_store *store;
    struct certs_publisher *publisher; // NULL: nowhere
    struct certs_replicas *replicas;   // NULL: there are no others
    bool (*leads)(void *arg);          // whether we may write at this moment; NULL: always
    void *leads_arg;
    const char *const *names; // DNS names and IP addresses of the leaf
    size_t name_count;
    int64_t ca_life_ms, leaf_life_ms, pause_ms; // 0: those of certs/policy.h

    int64_t poll_ms; // 0: 10 s
    certs_on_pair_fn *on_pair;
    void *arg;
};

struct certs_serving_stats {
    int64_t not_after_ms;    // of the pair that is served; 0: none
    int64_t ca_not_after_ms; // of the CA that signs; 0: not known
    enum certs_phase phase;  // of a change of the CA
    uint64_t reads;          // certwatcher_read_certificate_total
    uint64_t read_errors;    // certwatcher_read_certificate_errors_total
    uint64_t publishes;      // bundles written
    uint64_t publish_errors;
};

/// Copies the option struct, not what it points at.
MUST_USE struct certs_serving *certs_serving_new(const struct certs_serving_options *o);

/// One look round: reads or makes what is needed, calls on_pair. 0 also when nothing changed; -1
/// when there is no pair to serve, or something could not be read, made or published (the old pair
/// stays). A program calls it once before its server starts, and again until it has a pair.
MUST_USE int certs_serving_step(struct certs_serving *s, int64_t now_ms, struct err *err);

/// Goes on with steps in a thread: each poll_ms, when something is due, when a file changed (after
/// a failure: from 1 s on, doubling).
MUST_USE int certs_serving_start(struct certs_serving *s, struct err *err);

/// The pair in use with a reference for the caller, or NULL.
struct certs_pair *certs_serving_current(struct certs_serving *s);

/// Ready: a pair is served, it is valid now, and what was published when it could last be read
/// verifies it (mounted: it verifies against ca_file, if there is one). Else a reason in WHY. A
/// health_check_fn's work.
bool certs_serving_ready(struct certs_serving *s, int64_t now_ms, struct strbuf *why);

void certs_serving_stats(struct certs_serving *s, struct certs_serving_stats *ret);

/// Ends the thread and frees it; NULL is accepted.
void certs_serving_stop(struct certs_serving *s);

#endif
