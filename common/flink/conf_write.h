// SPDX-License-Identifier: Apache-2.0
// The two forms of Flink's configuration file. Pure.
#ifndef SLUICE_FLINK_CONF_WRITE_H
#define SLUICE_FLINK_CONF_WRITE_H

#include <stdbool.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// Whether a line of flink-conf.yaml can carry VALUE: not empty, no '#', no line end, no white
/// space at its ends. (Source: GlobalConfiguration.loadYAMLResource of Flink 1.x: no YAML, nothing
/// quotes.)
bool conf_flat_carries(struct strview value);

/// `key: value` and a line end.
void conf_put_flat(struct strbuf *b, struct strview key, struct strview value);

/// `key: "value"` and a line end, YAML 1.2: any value.
void conf_put_yaml(struct strbuf *b, struct strview key, struct strview value);

#endif
