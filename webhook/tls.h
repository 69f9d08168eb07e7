// SPDX-License-Identifier: Apache-2.0
// The certificate that new connections are served with, changed at any time without a restart.
// libmicrohttpd's TLS is GnuTLS and has no call to reload; so each session gets the current
// credentials when its connection starts and holds them (a reference) until it is closed. GnuTLS is
// only seen in this file. Every function may be called from any thread.
#ifndef SLUICE_WEBHOOK_TLS_H
#define SLUICE_WEBHOOK_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"

struct tls;             // holds the current credentials
struct tls_credentials; // one pair, counted by reference

/// NULL: out of memory. tls_free() accepts NULL; no session may be pinned any more.
MUST_USE struct tls *tls_new(void);
void tls_free(struct tls *t);

/// Of the clients with a certificate of CLIENT_CA only those pass whose common name, DNS name or
/// URI is one of NAMES (borrowed); COUNT 0: all. Before the first session.
void tls_allow_names(struct tls *t, const char *const *names, size_t count);

/// X(ID, label): why a client was refused in a handshake. A client that has a certificate of
/// another CA than those that it is told may show none (Go does so).
#define TLS_REFUSALS(X)                                                                            \
    X(NONE, "none")                                                                                \
    X(UNTRUSTED, "untrusted")                                                                      \
    X(NAME, "name")

enum tls_refusal {
#define X(id, label) TLS_##id,
    TLS_REFUSALS(X)
#undef X
        TLS_REFUSAL_COUNT
};

/// How many were refused so far for that reason.
uint64_t tls_refused(const struct tls *t, enum tls_refusal why);

/// Serves CERT (leaf first, then what leads to the CA) and KEY, both PEM, from the next connection
/// on. CLIENT_CA (PEM; absent: clients are not asked) makes a client certificate from it a must.
/// E_INVALID: the pair doesn't parse or doesn't belong together; the old one stays.
MUST_USE int tls_set(struct tls *t, struct strview cert, struct strview key,
                     struct strview client_ca, struct err *err);

/// Gives SESSION (a gnutls_session_t) the current credentials; the result is released with
/// tls_unpin() after the session's end. NULL when there are none yet.
struct tls_credentials *tls_pin(struct tls *t, void *session);
void tls_unpin(struct tls_credentials *c);

/// Lives in the caller's record of a connection, which outlives the session.
struct tls_watch {
    void (*handshake_done)(struct tls_watch *w);
    struct tls *tls; // set by tls_watch_handshake()
};

/// Has W called when SESSION's handshake is over. Once for each session, right after tls_pin().
void tls_watch_handshake(struct tls *t, void *session, struct tls_watch *w);

#endif
