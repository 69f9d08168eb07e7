// SPDX-License-Identifier: Apache-2.0
// What the three filled-in fields should be, as arithmetic on values: no JSON, no patch. The
// parallelism law is in flink/law.h; here is which values count as given, and when they follow.
// Pure.
#ifndef SLUICE_FLINK_DEFAULTS_SOLVE_H
#define SLUICE_FLINK_DEFAULTS_SOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/defaults_note.h"

/// One object's fields; absent or 0: left out. `slots` has its default already.
struct defaults_fields {
    struct strview image, version;
    int64_t parallelism, replicas, slots;
};

struct defaults_problem {
    struct defaults_fields now, old; // OLD only on an update
    bool update;
    struct flink_note carried;  // by NOW
    struct flink_note old_note; // by OLD
    unsigned users;             // fields that NOW's users own, as flink_users_fields() tells
    int64_t fallback;           // P when neither P nor R is given, ≥ 1
    struct strview fallback_by; // whose preset that is; absent: nobody's
    bool reactive;              // parallelism is refused, replicas are required
    struct arena *arena;
};

/// As the object should be; a field that can't be worked out stays as it is in NOW.
struct defaults_solution {
    struct strview version;
    int64_t parallelism, replicas;
    struct flink_note note;
};

void defaults_solve(const struct defaults_problem *p, struct defaults_solution *ret);

#endif
