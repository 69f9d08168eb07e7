// SPDX-License-Identifier: Apache-2.0
// The plan's settings of this build: what the controller and `sluice render` must have in common.
// Any thread.
#ifndef SLUICE_CONTROLLER_PLAN_SETTINGS_H
#define SLUICE_CONTROLLER_PLAN_SETTINGS_H

#include "controller/plan.h"

/// The newest way to render a revision; goes up when the same revision would give other pods. A run
/// keeps the format that it was started in.
///   2  terminationMessagePolicy of the main container; jobstore.expiration-time
#define RENDER_FORMAT    2
#define REVISION_HISTORY 10
/// What --deletion-timeout says when it is not given.
#define DELETION_TIMEOUT_MS 300000

/// HA_CLUSTER_ROLE is borrowed; the hash is OpenSSL's SHA-256.
struct plan_settings plan_settings_make(const char *ha_cluster_role);

#endif
