// SPDX-License-Identifier: Apache-2.0
// A serving certificate with its key: immutable, shared by reference count, so that a connection
// keeps the pair that it began with while a newer one is served. Thread-safe.
#ifndef SLUICE_CERTS_PAIR_H
#define SLUICE_CERTS_PAIR_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"

struct certs_pair {
    struct strview cert_pem; // the leaf, then what else stands in the file; NUL-terminated
    struct strview key_pem;  // NUL-terminated; wiped when the last reference goes
    struct strview ca_pem;   // the bundle that it verifies against; empty when nobody told
    int64_t not_before_ms;
    int64_t not_after_ms;
    char fingerprint[65]; // SHA-256 of the leaf's DER, hexadecimal
};

/// A pair with one reference, after these checks: both parse, the key belongs to the leaf, and the
/// leaf verifies against CA_PEM when that is not empty. E_INVALID tells which check failed. Copies
/// its arguments. Validity in time is not checked: an expired pair is better than none.
MUST_USE int certs_pair_new(struct strview cert_pem, struct strview key_pem, struct strview ca_pem,
                            struct certs_pair **ret, struct err *err);

struct certs_pair *certs_pair_ref(struct certs_pair *p);

/// NULL is accepted.
void certs_pair_unref(struct certs_pair *p);

#endif
