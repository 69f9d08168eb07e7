// SPDX-License-Identifier: Apache-2.0
// The grammars of names in Kubernetes, with the words the API server uses for what breaks them.
// Source: k8s.io/apimachinery pkg/util/validation and pkg/api/validate/content. Pure.
#ifndef SLUICE_K8S_NAMES_H
#define SLUICE_K8S_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/strview.h"

#define DNS1123_LABEL_MAX     63
#define DNS1123_SUBDOMAIN_MAX 253
#define DNS1035_LABEL_MAX     63
#define LABEL_VALUE_MAX       63
#define LABEL_NAME_MAX        63 // the part of a key after the slash
#define PORT_NAME_MAX         15
#define CONFIG_MAP_KEY_MAX    253

enum name_kind {
    NAME_DNS1123_LABEL,     // namespaces, containers, volumes
    NAME_DNS1123_SUBDOMAIN, // most objects' names
    NAME_DNS1035_LABEL,     // Services, FlinkClusters
    NAME_LABEL_KEY,         // "qualified name": label keys, finalizers, condition types
    NAME_ANNOTATION_KEY,    // as a label key, case aside in the prefix too
    NAME_LABEL_VALUE,       // may be empty
    NAME_ENV_VAR,           // what a pod takes since 1.34: printable ASCII but '='
    NAME_ENV_VAR_STRICT,    // what every shell takes as well
    NAME_PORT,              // IANA service name, lower case
    NAME_CONFIG_MAP_KEY,    // also a Secret's
    NAME_KIND_COUNT
};

/// The most faults one name can have at once.
#define NAME_FAULTS_MAX 5

/// What is wrong with S, each as the API server would say it ("must be no more than 63
/// characters"), in its order: returns how many were put into FAULTS, 0 for a good name. Texts are
/// static.
size_t name_faults(enum name_kind kind, struct strview s, const char *faults[NAME_FAULTS_MAX]);

/// The first fault's text, or NULL for a good name.
const char *name_fault(enum name_kind kind, struct strview s);

static inline bool name_ok(enum name_kind kind, struct strview s)
{
    return name_fault(kind, s) == NULL;
}

#endif
