// SPDX-License-Identifier: Apache-2.0
// Which pods to make and which to delete. At no moment are more pods wanted than the record says,
// and never a second JobManager where there is no HA. Pure.
#ifndef SLUICE_CONTROLLER_PLAN_PODS_H
#define SLUICE_CONTROLLER_PLAN_PODS_H

#include "controller/census.h"
#include "controller/desired.h"
#include "controller/pods.h"
#include "controller/steps.h"

/// Adds the steps that bring PODS to the places of CENSUS (pods_count()). 0, or -1 with E_NOMEM.
MUST_USE int plan_pods(struct steps *s, const struct desired *d, const struct pod_list *pods,
                       const struct pod_census *census, struct err *err);

#endif
