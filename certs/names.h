// SPDX-License-Identifier: Apache-2.0
// The names that a webhook's certificate needs. Pure.
#ifndef SLUICE_CERTS_NAMES_H
#define SLUICE_CERTS_NAMES_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"

/// SERVICE.NS.svc (what the API server asks for), SERVICE.NS.svc.cluster.local, then EXTRA; without
/// a SERVICE ("") only EXTRA. *RET is in ARENA and borrows EXTRA's strings. E_INVALID: none at
/// all, or more than CERTS_NAMES_MAX.
MUST_USE int certs_names_make(const char *service, const char *ns, const char *const *extra,
                              size_t extra_count, struct arena *arena, const char *const **ret,
                              size_t *ret_count, struct err *err);

#endif
