// SPDX-License-Identifier: Apache-2.0
// What Sluice itself puts into a pod, as a partial pod that is merged over the user's templates.
// What a template may decide (probes, security context, …) is left out where it does. Pure.
#ifndef SLUICE_CONTROLLER_POD_TEXT_H
#define SLUICE_CONTROLLER_POD_TEXT_H

#include "controller/desired.h"

#define MAIN_CONTAINER "flink-main-container"

/// The pod of BIRTH without its templates; TEMPLATE is the merged one (NULL: none).
struct strview pod_text(const struct reconcile *rc, const struct desired *d,
                        const struct pod_birth *birth, const struct json *template);

#endif
