// SPDX-License-Identifier: Apache-2.0
// What every step of the pure chain is given, and small helpers for the texts that they make. Pure.
#ifndef SLUICE_CONTROLLER_RECONCILE_H
#define SLUICE_CONTROLLER_RECONCILE_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "controller/observed.h"
#include "controller/plan.h"

/// No single object that we write passes this (the API server's own limit is 1.5 MiB for etcd).
#define OBJECT_TEXT_MAX ((size_t)(2 << 20))

struct reconcile {
    const struct observed *observed;
    const struct plan_settings *settings;
    struct arena *arena; // of the plan
};

/// What B holds, copied into ARENA; B is freed. A failed B makes ARENA fail, so that one question
/// at the end is enough.
struct strview text_take(struct arena *arena, struct strbuf *b);

/// TEXT in one line, without what a terminal would obey: API servers, webhooks and users put into
/// their words what they like. In ARENA.
struct strview text_line(struct arena *arena, struct strview text);

/// The sticky answer: 0, or -1 with E_NOMEM when ARENA is full.
int arena_check(const struct arena *arena, struct err *err);

#endif
