// SPDX-License-Identifier: Apache-2.0
// What sluice-certs does with a cluster. Shell: prints, and returns the exit code.
#ifndef SLUICE_CERTS_MAIN_CLUSTER_H
#define SLUICE_CERTS_MAIN_CLUSTER_H

#include "certs/options.h"
#include "common/base/arena.h"

int inspect_cluster(const struct certs_inspect_options *o, struct arena *arena);
int rotate_cluster(const struct certs_rotate_options *o, struct arena *arena);

#endif
