// SPDX-License-Identifier: Apache-2.0
// The command line of a Flink process in its container. Pure.
#ifndef SLUICE_CONTROLLER_POD_ARGS_H
#define SLUICE_CONTROLLER_POD_ARGS_H

#include "common/json/out.h"
#include "controller/desired.h"

/// The arguments of the official image's entry point, written as a JSON array's items. Flink's own
/// come first; user arguments stand after `--`, which keeps `-s x` from being read as a savepoint.
void pod_args_put(const struct desired *d, enum pod_role role, struct arena *arena,
                  struct json_out *o);

#endif
