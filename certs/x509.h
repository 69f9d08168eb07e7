// SPDX-License-Identifier: Apache-2.0
// Makes and reads certificates with OpenSSL 3: P-256, SHA-256, random serials. PEM in and out,
// every input may be garbage. Thread-safe, no state.
#ifndef SLUICE_CERTS_X509_H
#define SLUICE_CERTS_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

#define CERTS_PEM_MAX   262144 // bytes of any PEM text
#define CERTS_CHAIN_MAX 16     // certificates that are read of one text
#define CERTS_NAMES_MAX 64     // names of a leaf

struct x509_info {
    int64_t not_before_ms;
    int64_t not_after_ms;
    bool is_ca;
    char fingerprint[65]; // SHA-256 of the DER, lower-case hexadecimal
    char serial[48];      // hexadecimal
    char subject[128];    // RFC 2253, cut
    char issuer[128];
    char names[512]; // DNS names and addresses, separated by ", ", cut
};

/// A self-signed CA (path length 0) that is valid for LIFE from certs_backdate(LIFE) before NOW on.
/// Appends PEM.
MUST_USE int x509_make_ca(int64_t now_ms, int64_t life_ms, struct strbuf *cert, struct strbuf *key,
                          struct err *err);

/// A server certificate for NAMES (DNS names, *.wildcards, IP addresses; at least one), signed by
/// the CA, valid for LIFE from certs_backdate(LIFE) before NOW on, but not beyond the CA. Appends
/// PEM. E_INVALID: a name or the CA is not right.
MUST_USE int x509_issue_leaf(struct strview ca_cert, struct strview ca_key,
                             const char *const *names, size_t name_count, int64_t now_ms,
                             int64_t life_ms, struct strbuf *cert, struct strbuf *key,
                             struct err *err);

/// Reads the certificates of a PEM text: at most MAX into INFO, the number in *RET. Blocks that are
/// no certificates are passed over. E_INVALID: there is none, or one can't be read; E_TOO_LARGE.
MUST_USE int x509_read(struct strview pem, struct x509_info *info, size_t max, size_t *ret,
                       struct err *err);

/// Appends the certificates of a PEM text, written anew: nothing else that stood there comes along.
/// KEEP says which (by their place, for the first CERTS_CHAIN_MAX); NULL: all. Errors as
/// x509_read().
MUST_USE int x509_rewrite(struct strview pem, const bool *keep, struct strbuf *out,
                          struct err *err);

/// Whether KEY belongs to the first certificate of CERT. 0, or -1 with E_INVALID.
MUST_USE int x509_check_key(struct strview cert, struct strview key, struct err *err);

/// Whether the first certificate of CERT (the others help to find the way) leads to one of BUNDLE,
/// as a TLS server, whatever the time is. 0, or -1 with E_INVALID and OpenSSL's reason.
MUST_USE int x509_verify(struct strview cert, struct strview bundle, struct err *err);

/// Whether each of NAMES stands in the first certificate of CERT, written as it is here.
bool x509_covers(struct strview cert, const char *const *names, size_t name_count);

/// Whether LEAF's first certificate is signed by CA's first.
bool x509_signed_by(struct strview leaf, struct strview ca);

/// Whether CERT's first certificate is one of BUNDLE. False also when one of them can't be read.
bool x509_holds(struct strview bundle, struct strview cert);

/// The fingerprint of the certificate of BUNDLE that issued LEAF's first, or "" (0 to 64 characters
/// and a NUL into RET).
void x509_issuer(struct strview leaf, struct strview bundle, char ret[65]);

/// Whether S may stand in a certificate: an IP address, or a DNS name of labels, the first may be
/// "*".
bool x509_name_valid(const char *s);

#endif
