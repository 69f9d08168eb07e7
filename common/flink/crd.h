// SPDX-License-Identifier: Apache-2.0
// The CustomResourceDefinition of a FlinkCluster, written from the rows of cluster.def and
// status.def and from schema_rules.def. Pure.
#ifndef SLUICE_FLINK_CRD_H
#define SLUICE_FLINK_CRD_H

#include "common/base/strbuf.h"

/// Appends the whole manifest as YAML. The same text at each call; overflow shows in strbuf_ok().
void flink_crd_write(struct strbuf *out);

#endif
