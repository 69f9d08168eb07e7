// SPDX-License-Identifier: Apache-2.0
// What the files that use OpenSSL share: its objects with their CLEANUP functions, PEM in and out,
// and its errors in our words. Not for others.
#ifndef SLUICE_CERTS_X509_TYPES_H
#define SLUICE_CERTS_X509_TYPES_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

#define X509_CLEANUP(name, type, free_fn)                                                          \
    static inline void name(type **p)                                                              \
    {                                                                                              \
        free_fn(*p);                                                                               \
    }
X509_CLEANUP(x509_free_cert, X509, X509_free)
X509_CLEANUP(x509_free_key, EVP_PKEY, EVP_PKEY_free)
X509_CLEANUP(x509_free_bio, BIO, BIO_free_all)
#undef X509_CLEANUP

/// Sets E_INVALID "WHAT: OpenSSL's reason" and empties OpenSSL's error queue; returns -1.
int x509_fail(struct err *err, const char *what);

/// The first certificate of the text, or the private key; NULL with *ERR set. An encrypted key is
/// refused.
X509 *x509_cert_from_pem(struct strview pem, const char *what, struct err *err);
EVP_PKEY *x509_key_from_pem(struct strview pem, const char *what, struct err *err);

/// A reader of the text; NULL: too large, or no memory.
BIO *x509_reader(struct strview pem);

/// Next certificate of a reader, or NULL at its end (and then *BAD tells whether it ended by a
/// fault).
X509 *x509_next_cert(BIO *reader, bool *bad);

#endif
