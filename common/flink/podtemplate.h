// SPDX-License-Identifier: Apache-2.0
// Is a pod template one that Kubernetes would take? Types of fields and their names, against a
// table made from the OpenAPI of one Kubernetes version (podtemplate_table.inc). The CRD can't
// tell: with the whole of PodTemplateSpec in it, it would no longer fit an annotation of `kubectl
// apply`. Pure.
#ifndef SLUICE_FLINK_PODTEMPLATE_H
#define SLUICE_FLINK_PODTEMPLATE_H

#include "common/json/view.h"
#include "common/k8s/violation.h"

/// Judges TEMPLATE (a PodTemplateSpec at PATH) under the rule id RULE: a value of a wrong type is a
/// denial, since the API server would refuse each pod; a field that isn't in the table is a warning
/// with the nearest name, since a newer Kubernetes may know it. `null` reads as absent, but in a
/// list. What is required isn't judged: a template is merged with others first.
void podtemplate_check(const struct json *template, const struct path *path, const char *rule,
                       struct violations *out);

#endif
