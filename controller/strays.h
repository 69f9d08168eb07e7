// SPDX-License-Identifier: Apache-2.0
// Pods that may be there while our view lacks them: those that we made a moment ago, and those that
// left our watches without having been seen deleted (forced away, or still running with the label
// taken off that our watches find them by). A live read tells, before anything is planned from that
// view (workers.c). In memory alone. Thread-safe.
#ifndef SLUICE_CONTROLLER_STRAYS_H
#define SLUICE_CONTROLLER_STRAYS_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"

/// Pods that are remembered; the oldest gives way.
#define STRAYS_MAX 1024

struct strays;

MUST_USE int strays_new(struct strays **ret, struct err *err);
/// NULL is fine.
void strays_free(struct strays *s);

/// Notes the pod NAME, UID of the cluster KEY ("namespace/name"). Texts are copied; what is too
/// long to be a pod of ours is not noted.
void strays_note(struct strays *s, struct strview key, struct strview name, struct strview uid);

struct stray {
    struct strview name, uid;
};

/// The pods that are noted for KEY: array and texts in ARENA. A full ARENA: -1 with E_NOMEM.
MUST_USE int strays_of(struct strays *s, struct strview key, struct arena *arena,
                       struct stray **ret, size_t *ret_n, struct err *err);

/// Forgets the pod UID.
void strays_forget(struct strays *s, struct strview uid);

#endif
