// SPDX-License-Identifier: Apache-2.0
// A CA and a serving pair in a folder, for servers that read files: what `sluice-certs ensure`
// does.
#ifndef SLUICE_CERTS_FOLDER_H
#define SLUICE_CERTS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"

struct folder_request {
    const char *dir; // made (0700) when missing
    const char *const *names;
    size_t name_count;
    int64_t life_ms; // of the serving certificate
    bool force;      // a new one, even when the old one is good
};

struct folder_outcome {
    bool made_ca;
    const char *why; // why a certificate was made; NULL: none was, the old one is good
    int64_t not_after_ms;
    char fingerprint[65];
};

/// Makes what is missing or due in DIR: ca.pem, ca.crt, tls.key (0600), tls.crt. The key is written
/// before the certificate; who reads in between sees a pair that does not fit and must look again.
MUST_USE int folder_ensure(const struct folder_request *r, int64_t now_ms,
                           struct folder_outcome *ret, struct err *err);

#endif
