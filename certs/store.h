// SPDX-License-Identifier: Apache-2.0
// Where the CA lives: a Secret (certs/secret_store.h), or a folder (certs/dir_store.h). Replicas
// share it without talking to each other: who saves second learns of the conflict and reads again.
#ifndef SLUICE_CERTS_STORE_H
#define SLUICE_CERTS_STORE_H

#include "certs/x509.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"

/// What is kept. All empty: nothing yet.
struct certs_material {
    struct strbuf cert;   // the CA that signs, PEM
    struct strbuf key;    // its key, PEM
    struct strbuf bundle; // every CA that is trusted, the one that signs included, PEM
    char version[80];     // what the store calls this state; "": it does not exist
};

#define CERTS_MATERIAL                                                                             \
    ((struct certs_material){.cert = STRBUF(CERTS_PEM_MAX),                                        \
                             .key = STRBUF(CERTS_PEM_MAX),                                         \
                             .bundle = STRBUF(CERTS_PEM_MAX)})

/// Wipes the key and frees all.
void certs_material_done(struct certs_material *m);

struct certs_store {
    /// Reads what is there into RET, which is CERTS_MATERIAL. Nothing there yet is no error. -1: it
    /// cannot be read now, or (E_INVALID) it is something else, which nobody may overwrite.
    int (*load)(void *ctx, struct certs_material *ret, struct err *err);

    /// Keeps M where the state with M's version still is; else E_CONFLICT, and nothing is changed.
    int (*save)(void *ctx, const struct certs_material *m, struct err *err);

    void *ctx;
};

/// Checks what a store found: key and CA belong together, may sign, and the bundle has the CA.
MUST_USE int certs_material_check(const struct certs_material *m, struct err *err);

#endif
