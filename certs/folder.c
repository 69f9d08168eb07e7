// SPDX-License-Identifier: Apache-2.0
#include "certs/folder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "certs/dir_store.h"
#include "certs/managed.h"
#include "certs/mounted.h"
#include "common/base/os_file.h"

static int path_in(const char *dir, const char *name, char *ret, struct err *err)
{
    int n = snprintf(ret, PATH_MAX, "%s/%s", dir, name);
    return n > 0 && n < PATH_MAX ? 0 : err_set(err, E_INVALID, "the path is too long: %.100s", dir);
}

int folder_ensure(const struct folder_request *r, int64_t now_ms, struct folder_outcome *ret,
                  struct err *err)
{
    char cert[PATH_MAX];
    char key[PATH_MAX];
    struct dir_store store;
    struct certs_pair *old = NULL;
    struct managed_outcome made;
    bool read;
    *ret = (struct folder_outcome){0};
    if (path_in(r->dir, "tls.crt", cert, err) < 0 || path_in(r->dir, "tls.key", key, err) < 0 ||
        dir_store_init(&store, r->dir, err) < 0) {
        return -1;
    }
    // A pair that is not there or does not fit is made anew.
    if (!r->force && mounted_read(cert, key, "", NULL, now_ms, &old, &read, NULL) < 0) {
        old = NULL;
    }
    const struct managed_options o = {.store = &store.store,
                                      .leads = true,
                                      .names = r->names,
                                      .name_count = r->name_count,
                                      .leaf_life_ms = r->life_ms};
    int rc = managed_step(&o, old, now_ms, &made, err);
    struct certs_pair *pair = made.pair != NULL ? made.pair : old;
    if (rc == 0 && made.pair != NULL) {
        ret->why = r->force ? "it was asked for" : made.why;
        rc = os_file_write_atomic(key, pair->key_pem, 0600, err) < 0 ||
                     os_file_write_atomic(cert, pair->cert_pem, 0644, err) < 0
                 ? -1
                 : 0;
    }
    if (rc == 0 && pair != NULL) { // a step that went well leaves one
        ret->made_ca = (made.steps & (1U << CERTS_MAKE_CA | 1U << CERTS_ANNOUNCE)) != 0;
        ret->not_after_ms = pair->not_after_ms;
        memcpy(ret->fingerprint, pair->fingerprint, sizeof(ret->fingerprint));
    }
    if (pair != old) {
        certs_pair_unref(old);
    }
    certs_pair_unref(pair);
    return rc;
}
