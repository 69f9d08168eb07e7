// SPDX-License-Identifier: Apache-2.0
// Where the CA lives: a Secret (certs/secret_store.h), or a folder (certs/dir_store.h). Replicas
// share it without talking to each other: who saves second learns of the conflict and reads again.
// What a change of the CA has come to (certs/policy.h) is kept beside it.
#ifndef SLUICE_CERTS_STORE_H
#define SLUICE_CERTS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/policy.h"
#include "certs/x509.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"

/// What is kept. All empty: nothing yet.
struct certs_material {
    struct strbuf cert;      // the CA that signs, PEM
    struct strbuf key;       // its key, PEM
    struct strbuf next_cert; // the CA that is to sign next, PEM; empty: none
    struct strbuf next_key;
    struct strbuf bundle;   // every CA that is trusted, those two included, the newest first, PEM
    int64_t published_ms;   // when this bundle was seen published; 0: not yet
    int64_t switched_ms;    // when the CA began to sign; 0: not told
    bool rotate;            // somebody asks for a new CA
    char leaves_wanted[40]; // what somebody who asks for new leaves changes
    char version[80];       // what the store calls this state; "": it does not exist
};

#define CERTS_MATERIAL                                                                             \
    ((struct certs_material){.cert = STRBUF(CERTS_PEM_MAX),                                        \
                             .key = STRBUF(CERTS_PEM_MAX),                                         \
                             .next_cert = STRBUF(CERTS_PEM_MAX),                                   \
                             .next_key = STRBUF(CERTS_PEM_MAX),                                    \
                             .bundle = STRBUF(CERTS_PEM_MAX)})

/// Wipes the keys and frees all; it is CERTS_MATERIAL again.
void certs_material_done(struct certs_material *m);

/// Sets leaves_wanted to TEXT, cut.
void certs_material_want_leaves(struct certs_material *m, struct strview text);

/// The phase of a change that it is in.
enum certs_phase certs_material_phase(const struct certs_material *m);

struct certs_store {
    /// Reads what is there into RET, which is CERTS_MATERIAL. Nothing there yet is no error. -1: it
    /// cannot be read now, or (E_INVALID) it is something else, which nobody may overwrite.
    int (*load)(void *ctx, struct certs_material *ret, struct err *err);

    /// Keeps M where the state with M's version still is; else E_CONFLICT, and nothing is changed.
    int (*save)(void *ctx, const struct certs_material *m, struct err *err);

    void *ctx;
};

/// Checks what a store found: keys and CAs belong together, may sign, and the bundle has them.
MUST_USE int certs_material_check(const struct certs_material *m, struct err *err);

#endif
