// SPDX-License-Identifier: Apache-2.0
// Asks the JobManagers of all clusters, in one thread over one libcurl multi handle, and publishes
// what they told as immutable observations. Nobody waits for it: readers take the last one.
//
// Bounds: PROBER_MAX_TARGETS clusters; `requests` at the same time, of which at most half go to
// processes that don't answer, so that dead ones keep no healthy one waiting; PROBER_RATE requests
// a second in all; an answer of at most REST_MAX_BODY, connected within PROBER_CONNECT_MS and whole
// within `timeout_ms`; PROBER_CONNECTIONS kept open. No redirect is followed, no proxy obeyed, no
// name resolved, no cookie kept, nothing but GET sent, and no address asked that can't be a pod's
// (loopback, link-local, multicast, unspecified).
//
// What it costs (2 cores that were busy otherwise): 30 to 60 µs of CPU a request. 2,000 clusters
// that were all new were all known after 10 s at 1,400 requests a second, 5 % of one core; settled,
// asked each 10 s, they are 600 requests a second, 3 % of one core, and 16 MiB for the whole
// process.
//
// TLS (security.ssl.rest.enabled): with a CA file, the chain and the name of the certificate are
// checked; without one, the connection is encrypted and nothing is checked: what is read is then as
// good as over plain HTTP. Flink keeps its keys in Java keystores with a password, in the image or
// a Secret that the controller may not read: their CA must be given as PEM. A client certificate
// (security.ssl.rest.authentication-enabled) is given as PEM files, and is shown to every cluster
// that asks for one. All three may change: they are read anew within a minute. Flink has no
// password or token for its REST API.
//
// Shell; logs nothing. Thread-safe but for start and stop.
#ifndef SLUICE_CONTROLLER_FLINK_PROBER_H
#define SLUICE_CONTROLLER_FLINK_PROBER_H

#include "common/base/err.h"
#include "common/base/strview.h"
#include "controller/flink/probe.h"
#include "controller/flink/shared.h"

#define PROBER_MAX_TARGETS  20000
#define PROBER_KEY_MAX      512
#define PROBER_UID_MAX      128
#define PROBER_RATE         1000
#define PROBER_SUSPECT_RATE 200
#define PROBER_CONNECT_MS   2000
#define PROBER_CONNECTIONS  512

/// The observation of the cluster KEY changed in something that matters
/// (flink_observation_differs). In the prober's thread, no lock held.
typedef void prober_changed_fn(void *ctx, struct strview key);

/// A request ended. In the prober's thread.
typedef void prober_observe_fn(void *ctx, enum rest_endpoint endpoint, enum probe_result result,
                               int64_t took_ns);

struct prober_settings {
    struct probe_settings probe;
    int64_t timeout_ms;               // of a whole answer
    unsigned requests;                // at the same time, 2 to 256
    const char *ca_file;              // PEM; NULL or "": certificates are not checked
    const char *cert_file, *key_file; // PEM; NULL or "": none
    bool allow_loopback;              // for tests
    prober_changed_fn *changed;       // may be NULL
    void *changed_ctx;
    prober_observe_fn *observe; // may be NULL
    void *observe_ctx;
};

struct prober_stats {
    size_t targets;
    size_t in_contact[FLINK_CONTACT_LOST + 1]; // by enum flink_contact
};

struct prober;

/// kube_global_init() was called before. Starts the thread. E_NOMEM, E_IO.
MUST_USE int prober_start(const struct prober_settings *settings, struct prober **ret,
                          struct err *err);

/// Ends the thread and frees; what was got stays valid until it is given back. NULL is fine.
void prober_stop(struct prober *p);

/// Asks the cluster KEY ("namespace/name") of that UID from now on, or asks another target for it;
/// one of another UID that had the key is forgotten. Cheap when nothing changed. E_INVALID: an
/// address that isn't asked, or a text that is too long: then nobody is asked for it; E_TOO_LARGE:
/// PROBER_MAX_TARGETS; E_NOMEM.
MUST_USE int prober_set(struct prober *p, struct strview key, struct strview uid,
                        const struct probe_target *target, struct err *err);

/// Forgets the cluster.
void prober_remove(struct prober *p, struct strview key);

/// What is known of the cluster KEY of that UID, to be given back with flink_observation_unref();
/// NULL: it was never set, or just now.
const struct flink_observation *prober_get(struct prober *p, struct strview key,
                                           struct strview uid);

void prober_read_stats(struct prober *p, struct prober_stats *ret);

#endif
