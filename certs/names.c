// SPDX-License-Identifier: Apache-2.0
#include "certs/names.h"

#include "certs/x509.h"

int certs_names_make(const char *service, const char *ns, const char *const *extra,
                     size_t extra_count, struct arena *arena, const char *const **ret,
                     size_t *ret_count, struct err *err)
{
    const char **names = ARENA_NEW_N(arena, const char *, extra_count + 2);
    size_t n = 0;
    if (names != NULL && service[0] != '\0') {
        names[n++] = arena_printf(arena, "%s.%s.svc", service, ns).ptr;
        names[n++] = arena_printf(arena, "%s.%s.svc.cluster.local", service, ns).ptr;
    }
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory for the certificate's names");
    }
    for (size_t i = 0; i < extra_count; i++) {
        names[n++] = extra[i];
    }
    if (n > CERTS_NAMES_MAX) {
        return err_set(err, E_INVALID, "%zu names are more than the %d of a certificate", n,
                       CERTS_NAMES_MAX);
    }
    *ret = names;
    *ret_count = n;
    return n > 0 ? 0 : err_set(err, E_INVALID, "a certificate needs a Service or another name");
}
