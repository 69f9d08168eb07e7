// SPDX-License-Identifier: Apache-2.0
// Fields that are set but that only a later release acts on: said in the status, never passed over
// in silence. From the rows of cluster.def that have `.since`. Pure.
#ifndef SLUICE_CONTROLLER_WAITS_H
#define SLUICE_CONTROLLER_WAITS_H

#include "common/base/strbuf.h"
#include "common/json/view.h"

#define WAITS_SHOWN_MAX 20

/// Appends "spec.ingress (ingress), spec.job.drain (savepoints)": the first WAITS_SHOWN_MAX of
/// SPEC's. Returns how many there are.
size_t waits_put(struct strbuf *b, const struct json *spec);

#endif
