// SPDX-License-Identifier: Apache-2.0
// Children that lost the label by which our watches find them while no controller ran. One list for
// each kind and scope, of what has our other label and lacks this one: mostly there is none.
#ifndef SLUICE_CONTROLLER_STRAYS_FIND_H
#define SLUICE_CONTROLLER_STRAYS_FIND_H

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/kube/client.h"
#include "controller/strays.h"

/// Notes them in S; of the N NAMESPACES alone, or of all when N is 0. Blocks for as long as the
/// handle's deadlines allow. 0, or -1: nobody knows whether there are others. May be called again.
MUST_USE int strays_find(struct strays *s, struct kube *kube, const char *const *namespaces,
                         size_t n, struct err *err);

#endif
