// SPDX-License-Identifier: Apache-2.0
// What Flink's own high-availability ConfigMaps tell (Flink 1.17 to 2.3): which run has metadata,
// who leads, whether a checkpoint was completed. Flink makes them, not Sluice:
// `<id>-cluster-config-map` and one `<id>-<job id>-config-map` for each job, where <id> is
// kubernetes.cluster-id, so
// `<cluster>-<run>`. They are known by their names: of their labels only `type` is the same in all
// versions. Of the leader's lease nothing is parsed: its duration is written in two ways, and its
// count of transitions is no count of takeovers. Pure; texts borrowed or in the arena.
#ifndef SLUICE_CONTROLLER_HA_H
#define SLUICE_CONTROLLER_HA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strview.h"
#include "common/json/view.h"

struct reconcile;

/// The label by which Flink's HA ConfigMaps are watched; native clusters of others have it too.
#define HA_SELECTOR "type=flink-native-kubernetes"

/// What matters of one of them; a renewal of the leader's lease changes nothing here.
struct ha_map {
    struct strview name, uid;
    struct strview cluster, run; // by its name
    struct strview job_id;       // absent: the cluster's own ConfigMap
    struct strview owner_uid;    // of its controller; absent: none
    int64_t created_ms;          // 0: not told
    bool deleting;
    struct strview host; // where the leader's REST server listens; absent: no leader is told
    int64_t port;
    bool checkpoint; // a completed checkpoint's pointer stands in it
};

/// Reads the ConfigMap OBJECT; false when its name is not of that form. Never fails on what the
/// data hold: what can't be read is absent. *RET borrows from OBJECT.
bool ha_map_read(const struct json *object, struct ha_map *ret);

/// Whether A and B tell the same; but a next checkpoint is no news.
bool ha_map_equal(const struct ha_map *a, const struct ha_map *b);

struct ha_view {
    const struct ha_map *maps; // of this FlinkCluster's name, of any run, by name; maybe another's
    size_t n;
    const struct ha_map *cluster; // of the current run; NULL: not there
    const struct ha_map *job;     // of the current run's job; NULL: not there, or a session cluster
    // Who leads: by `cluster`, whose address is one of our pods'; while that is missing (no HA, or
    // nobody was elected yet) the JobManager of the current run that alone has not ended. All
    // absent: nobody, or nobody knows.
    bool told; // by `cluster`
    struct strview leader, leader_uid;
    struct strview leader_ip; // absent: the pod has none yet
    int64_t leader_port;      // of REST
};

/// The view of the N MAPS (of this FlinkCluster's name) and RC's pods and records. `settings` of RC
/// is not looked at. A full arena shows in arena_ok().
void ha_view_read(const struct reconcile *rc, const struct ha_map *maps, size_t n,
                  struct ha_view *ret);

#endif
