// SPDX-License-Identifier: Apache-2.0
// One pod template over another: the cluster's, then the role's, then what Sluice itself puts in.
// Maps are merged member by member; the lists that Kubernetes itself merges by a key are merged by
// that key (PodSpec's patchMergeKey: containers, volumes, env, … by name, volumeMounts by
// mountPath, ports by containerPort, hostAliases by ip); other lists, and values of which only one
// form may stand (a probe, a volume, an environment variable), are replaced whole. Pure.
#ifndef SLUICE_FLINK_PODTEMPLATE_MERGE_H
#define SLUICE_FLINK_PODTEMPLATE_MERGE_H

#include "common/json/out.h"
#include "common/json/view.h"

/// Writes TOP over BASE as the next value of O. Either may be absent; null reads as absent. Items
/// that only TOP has come before BASE's own.
void podtemplate_merge_put(struct json_out *o, const struct json *base, const struct json *top);

#endif
