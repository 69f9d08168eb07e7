// SPDX-License-Identifier: Apache-2.0
// Pods and ControllerRevisions that may be there while our view lacks them: pods that we made a
// moment ago, those of both that left our watches without having been seen deleted (forced away, or
// still there with the label taken off that our watches find them by), and those that lost the
// label while no controller ran (strays_find.h). A live read tells, before anything is planned from
// that view (workers.c). In memory alone. Thread-safe.
#ifndef SLUICE_CONTROLLER_STRAYS_H
#define SLUICE_CONTROLLER_STRAYS_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "controller/observed.h"

/// So many are remembered; the oldest gives way.
#define STRAYS_MAX 1024

struct strays;

MUST_USE int strays_new(struct strays **ret, struct err *err);
/// NULL is fine.
void strays_free(struct strays *s);

/// Notes the child NAME, UID of the cluster KEY ("namespace/name"). Texts are copied; what is too
/// long to be a child of ours is not noted.
void strays_note(struct strays *s, struct strview key, enum child_kind kind, struct strview name,
                 struct strview uid);

struct stray {
    enum child_kind kind;
    struct strview name, uid;
};

/// What is noted for KEY: array and texts in ARENA. A full ARENA: -1 with E_NOMEM.
MUST_USE int strays_of(struct strays *s, struct strview key, struct arena *arena,
                       struct stray **ret, size_t *ret_n, struct err *err);

/// Forgets the child UID.
void strays_forget(struct strays *s, struct strview uid);

#endif
