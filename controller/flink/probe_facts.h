// SPDX-License-Identifier: Apache-2.0
// How an answer changes what is known of a cluster: the part of the probe (probe.h) that knows the
// facts, but neither rounds nor misses. Pure.
#ifndef SLUICE_CONTROLLER_FLINK_PROBE_FACTS_H
#define SLUICE_CONTROLLER_FLINK_PROBE_FACTS_H

#include "controller/flink/probe.h"

/// Reads BODY, an answer to ENDPOINT, into NEXT, whose new texts then live in SCRATCH or in P. -1
/// and NEXT is as it was: what the decoders say (rest.h).
MUST_USE int probe_read(struct probe *p, enum rest_endpoint endpoint, struct strview body,
                        int64_t now_ms, struct arena *scratch, struct flink_observation *next,
                        struct err *err);

/// ENDPOINT, a part of a job, was answered with 404.
void probe_not_found(struct probe *p, enum rest_endpoint endpoint, struct flink_observation *next);

/// Another job is asked after from now on.
void probe_forget_job(struct probe *p, struct flink_observation *next);

/// Whether the list of TaskManagers agrees with the sums that /overview tells.
bool probe_lists_all(const struct flink_observation *o);

#endif
