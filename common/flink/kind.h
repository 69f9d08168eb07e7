// SPDX-License-Identifier: Apache-2.0
// FlinkCluster as a table: what the generic code of common/kind takes. Static data.
#ifndef SLUICE_FLINK_KIND_H
#define SLUICE_FLINK_KIND_H

#include "common/kind/kind.h"

extern const struct kind flink_kind;

#endif
