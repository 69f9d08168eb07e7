// SPDX-License-Identifier: Apache-2.0
// What should stand for a record: the shared children as JSON, how many pods of which revision, and
// each pod on demand. Everything is rendered from the record alone, so that two controllers render
// the same. Pure; texts in the plan's arena.
#ifndef SLUICE_CONTROLLER_DESIRED_H
#define SLUICE_CONTROLLER_DESIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/flink/conf_render.h"
#include "common/flink/effective.h"
#include "controller/names.h"
#include "controller/reconcile.h"
#include "controller/record.h"

struct desired_child {
    enum child_kind kind;
    struct strview name;
    struct strview text; // the whole object
};

#define DESIRED_CHILDREN_MAX 6

struct desired {
    const struct record *record;
    struct desired_child items[DESIRED_CHILDREN_MAX]; // in CHILD_* order
    size_t n;
    int64_t pods[POD_ROLE_COUNT]; // how many of the record's revision
    bool ha;                      // storage is known
    bool closed;                  // pods may stay, none is made: see job_limit() in job.h
    struct flink_conf_rendered conf;
    struct flink_effective_resources resources[POD_ROLE_COUNT];
};

/// What one pod is made for.
struct pod_birth {
    struct pod_name name;
    int64_t failures;        // of its index, in a row, before it
    struct strview replaces; // "fraud-tm-…: OOMKilled, exit code 137", or absent
};

/// Renders all but the pods. 0, or -1 with E_NOMEM, or E_TOO_LARGE (the configuration doesn't fit a
/// ConfigMap).
MUST_USE int desired_make(const struct reconcile *rc, const struct record *record,
                          struct desired *ret, struct err *err);

/// Renders one pod as JSON. 0, or -1 with E_NOMEM.
MUST_USE int desired_pod(const struct reconcile *rc, const struct desired *d,
                         const struct pod_birth *birth, struct strview *ret, struct err *err);

#endif
