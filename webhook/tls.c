// SPDX-License-Identifier: Apache-2.0
#include "webhook/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct tls_credentials {
    gnutls_certificate_credentials_t x509;
    bool ask_client;
    atomic_uint refs;
};

struct tls {
    pthread_mutex_t lock; // guards current
    struct tls_credentials *current;
    const char *const *names; // of clients; none: any
    size_t name_count;
    _Atomic uint64_t refused[TLS_REFUSAL_COUNT];
};

struct tls *tls_new(void)
{
    struct tls *t = calloc(1, sizeof(*t));
    if (t != NULL) {
        pthread_mutex_init(&t->lock, NULL);
    }
    return t;
}

void tls_free(struct tls *t)
{
    if (t != NULL) {
        tls_unpin(t->current);
        pthread_mutex_destroy(&t->lock);
        free(t);
    }
}

void tls_unpin(struct tls_credentials *c)
{
    if (c != NULL && atomic_fetch_sub(&c->refs, 1) == 1) {
        gnutls_certificate_free_credentials(c->x509);
        free(c);
    }
}

static gnutls_datum_t datum(struct strview s)
{
    // GnuTLS takes inputs as pointers to non-const and doesn't write to them.
    union {
        const char *in;
        unsigned char *out;
    } bytes = {.in = s.ptr};
    return (gnutls_datum_t){.data = bytes.out, .size = (unsigned)s.len};
}

static int load(struct tls_credentials *c, struct strview cert, struct strview key,
                struct strview client_ca, struct err *err)
{
    if (gnutls_certificate_allocate_credentials(&c->x509) != GNUTLS_E_SUCCESS) {
        c->x509 = NULL;
        return err_set(err, E_NOMEM, "no memory for TLS credentials");
    }
    gnutls_datum_t cert_pem = datum(cert);
    gnutls_datum_t key_pem = datum(key);
    int rc = gnutls_certificate_set_x509_key_mem(c->x509, &cert_pem, &key_pem, GNUTLS_X509_FMT_PEM);
    if (rc < 0) {
        return err_set(err, E_INVALID, "serving certificate and key: %s", gnutls_strerror(rc));
    }
    if (sv_present(client_ca)) {
        gnutls_datum_t ca_pem = datum(client_ca);
        rc = gnutls_certificate_set_x509_trust_mem(c->x509, &ca_pem, GNUTLS_X509_FMT_PEM);
        if (rc <= 0) {
            return err_set(err, E_INVALID, "client CA: %s",
                           rc < 0 ? gnutls_strerror(rc) : "no certificate in it");
        }
        c->ask_client = true;
    }
    return 0;
}

int tls_set(struct tls *t, struct strview cert, struct strview key, struct strview client_ca,
            struct err *err)
{
    struct tls_credentials *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL) {
        return err_set(err, E_NOMEM, "no memory for TLS credentials");
    }
    if (load(fresh, cert, key, client_ca, err) != 0) {
        if (fresh->x509 != NULL) {
            gnutls_certificate_free_credentials(fresh->x509);
        }
        free(fresh);
        return -1;
    }
    atomic_store(&fresh->refs, 1);
    pthread_mutex_lock(&t->lock);
    struct tls_credentials *old = t->current;
    t->current = fresh;
    pthread_mutex_unlock(&t->lock);
    tls_unpin(old);
    return 0;
}

void tls_allow_names(struct tls *t, const char *const *names, size_t count)
{
    t->names = names;
    t->name_count = count;
}

uint64_t tls_refused(const struct tls *t, enum tls_refusal why)
{
    return atomic_load(&t->refused[why]);
}

// ---- clients ------------------------------------------------------------------------------------

static bool is_allowed(const struct tls *t, struct strview name)
{
    for (size_t i = 0; i < t->name_count; i++) {
        if (sv_eq_lit(name, t->names[i])) {
            return true;
        }
    }
    return false;
}

/// Names longer than this are nobody's here.
#define NAME_MAX_BYTES 512

static bool has_allowed_name(const struct tls *t, gnutls_x509_crt_t cert)
{
    char name[NAME_MAX_BYTES];
    size_t len = sizeof(name);
    if (gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) ==
            GNUTLS_E_SUCCESS &&
        is_allowed(t, sv_make(name, len))) {
        return true;
    }
    for (unsigned i = 0;; i++) {
        len = sizeof(name);
        int type = gnutls_x509_crt_get_subject_alt_name(cert, i, name, &len, NULL);
        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            return false;
        }
        if ((type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_URI) &&
            is_allowed(t, sv_make(name, len))) {
            return true;
        }
    }
}

static bool is_client_allowed(const struct tls *t, gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t cert = NULL;
    bool yes = t->name_count == 0;
    if (!yes && chain != NULL && count > 0 && gnutls_x509_crt_init(&cert) == GNUTLS_E_SUCCESS) {
        yes = gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
              has_allowed_name(t, cert);
        gnutls_x509_crt_deinit(cert);
    }
    return yes;
}

/// Called in the handshake when the client's certificate has come; not 0 ends it by an alert. A
/// resumed session would bring none and pass: sessions are not resumed here (no tickets, no cache).
static int on_client_certificate(gnutls_session_t session)
{
    const struct tls_watch *w = gnutls_db_get_ptr(session);
    unsigned status = 0;
    if (w == NULL || gnutls_certificate_verify_peers2(session, &status) != GNUTLS_E_SUCCESS ||
        status != 0) {
        if (w != NULL) {
            atomic_fetch_add(&w->tls->refused[TLS_UNTRUSTED], 1);
        }
        return GNUTLS_E_CERTIFICATE_ERROR;
    }
    if (!is_client_allowed(w->tls, session)) {
        atomic_fetch_add(&w->tls->refused[TLS_NAME], 1);
        return GNUTLS_E_CERTIFICATE_ERROR;
    }
    return 0;
}

// ---- sessions -----------------------------------------------------------------------------------

struct tls_credentials *tls_pin(struct tls *t, void *session)
{
    pthread_mutex_lock(&t->lock);
    struct tls_credentials *c = t->current;
    if (c != NULL) {
        atomic_fetch_add(&c->refs, 1);
    }
    pthread_mutex_unlock(&t->lock);
    if (c == NULL) {
        return NULL;
    }
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->x509);
    if (c->ask_client) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_function(session, on_client_certificate);
    }
    return c;
}

/// Whether MSG, a Certificate of the handshake, is an empty list: its length alone (RFC 5246),
/// or that behind the context, which is empty in a handshake (RFC 8446, 4.4.2).
static bool is_empty_list(const gnutls_datum_t *msg)
{
    for (unsigned i = 0; i < msg->size; i++) {
        if (msg->data[i] != 0) {
            return false;
        }
    }
    return msg->size == 3 || msg->size == 4;
}

static int on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                      const gnutls_datum_t *msg)
{
    (void)when;
    struct tls_watch *w = gnutls_db_get_ptr(session);
    if (w == NULL || incoming == 0) {
        return 0;
    }
    if (type == GNUTLS_HANDSHAKE_FINISHED) {
        // The client's is the last message that a server waits for.
        w->handshake_done(w);
    } else if (type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT && is_empty_list(msg)) {
        // Only who was asked sends one. GnuTLS ends the handshake without asking us.
        atomic_fetch_add(&w->tls->refused[TLS_NONE], 1);
    }
    return 0;
}

void tls_watch_handshake(struct tls *t, void *session, struct tls_watch *w)
{
    w->tls = t;
    // libmicrohttpd keeps no session database, so its pointer is free to carry ours.
    gnutls_db_set_ptr(session, w);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, on_message);
}
