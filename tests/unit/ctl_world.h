// SPDX-License-Identifier: Apache-2.0
// A tiny API server and kubelet in memory, on which plans are carried out: what the controller's
// pure half promises is checked on it after every single write. For tests only.
#ifndef SLUICE_UNIT_CTL_WORLD_H
#define SLUICE_UNIT_CTL_WORLD_H

#include <stdbool.h>

#include "controller/names.h"
#include "controller/plan.h"

#define WORLD_OBJECTS_MAX 512
#define WORLD_UID         "0f0e0d0c-0000-4000-8000-000000000001"

enum world_phase {
    WORLD_PENDING,
    WORLD_RUNNING,
    WORLD_FAILED,
};

struct world_object {
    enum child_kind kind;
    struct strview name, uid;
    struct strview body; // as last written
    int64_t created_ms;
    bool foreign; // another owner's: not shown to the controller
    bool hidden;  // lost its labels: not shown, but there
    // pods
    enum world_phase phase;
    bool ready;
    int64_t deleted_ms; // 0: not deleted
    int64_t started_ms, ended_ms;
    const char *why;  // of the end
    const char *told; // its status as JSON, with ' for ", instead of all that; NULL: none
};

#define WORLD_HA_MAX 16

struct world {
    struct arena arena; // everything; grows until the end of the test
    struct strview spec;
    struct strview annotations; // JSON object
    struct strview status;      // JSON object or absent
    int64_t generation;
    unsigned render_format; // of the Sluice that plans
    int64_t now_ms;
    bool deleting;
    int64_t deleted_ms;             // 0: the world's first day
    struct strview finalizers;      // JSON array or absent
    bool gone;                      // deleted, and no finalizer is left
    struct ha_map ha[WORLD_HA_MAX]; // Flink's HA ConfigMaps
    size_t n_ha;
    struct world_object objects[WORLD_OBJECTS_MAX];
    size_t n;
    size_t uids;
    const struct refused_child *refused;
    size_t n_refused;
    struct strview leader;                 // who leads; absent: nobody was elected
    const struct flink_observation *flink; // what Flink tells; NULL: it was not asked
    const struct plan_policies *policies;  // NULL: none are asked
    // What the last plan did.
    struct actions plan;
    size_t writes; // of all plans
};

extern const struct plan_settings WORLD_SETTINGS;

/// A cluster payments/fraud with SPEC (JSON text, with ' for ").
void world_init(struct world *w, const char *spec);
void world_done(struct world *w);

/// SPEC is changed; the generation goes up.
void world_edit(struct world *w, const char *spec);

/// What is to be seen now.
void world_observe(struct world *w, struct observed *ret);

/// Makes the plan of what is to be seen now; the test fails when it can't.
const struct actions *world_plan(struct world *w);

/// TEXT's tree; the test fails when it has none.
const struct json *world_parse(struct world *w, struct strview text);

struct world_object *world_lookup(struct world *w, enum child_kind kind, struct strview name);
struct world_object *world_find(struct world *w, enum child_kind kind, const char *name);
/// The I-th pod of ROLE that is live, by name; NULL: none.
struct world_object *world_pod(struct world *w, enum pod_role role, size_t i);
size_t world_count(const struct world *w, enum child_kind kind);
size_t world_live(const struct world *w, enum pod_role role);
void world_remove(struct world *w, struct world_object *o);
void world_fail(struct world *w, struct world_object *pod, const char *why);

/// Flink makes the HA ConfigMap of RUN (of JOB_ID when it is given), as REST at HOST:8081 leads.
struct ha_map *world_ha(struct world *w, struct strview run, struct strview job_id,
                        const char *host);
/// The run of the newest record.
struct strview world_run(struct world *w);

/// The tree of what an object looks like now.
const struct json *world_object_json(struct world *w, const struct world_object *o);
const struct json *world_status(struct world *w);
/// Status ("True"), reason or message of a condition; empty when there is none.
struct strview world_condition(struct world *w, const char *type, const char *member);
/// The phase.
struct strview world_phase(struct world *w);
/// How many actions of VERB the last plan had.
size_t world_actions(const struct world *w, enum action_verb verb);
/// Whether the last plan emitted an event of REASON.
bool world_event(const struct world *w, const char *reason);

#endif
