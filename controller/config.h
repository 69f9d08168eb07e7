// SPDX-License-Identifier: Apache-2.0
// The ConfigMap of a revision: Flink's configuration and the logging files. Immutable: another
// revision or run has another one. Pure.
#ifndef SLUICE_CONTROLLER_CONFIG_H
#define SLUICE_CONTROLLER_CONFIG_H

#include "controller/desired.h"

/// `<cluster>-<revision>`.
struct strview config_map_name(const struct reconcile *rc, struct strview revision);

/// `<root>/<namespace>/<name>/<uid>/<run>/ha`, or SV_NONE without a root.
struct strview config_ha_dir(const struct reconcile *rc, const struct record *r);

/// The folders in storage where Flink keeps the cluster's state, separated by commas; SV_NONE: none
/// is known.
struct strview config_storage_text(const struct reconcile *rc, const struct record *r);

/// Renders D's configuration into d->conf, and the ConfigMap into *RET. 0, or -1 with E_NOMEM,
/// E_TOO_LARGE.
MUST_USE int config_render(const struct reconcile *rc, struct desired *d, struct strview *ret,
                           struct err *err);

#endif
