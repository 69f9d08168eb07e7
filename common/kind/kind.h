// SPDX-License-Identifier: Apache-2.0
// A kind of ours as one table: its names, its rows, and what its CustomResourceDefinition says
// beside them. The decoder, the CRD, the reference page, the fuzz dictionary, `sluice explain` and
// the naming of unknown fields all take it. Static data; read by any thread.
#ifndef SLUICE_KIND_KIND_H
#define SLUICE_KIND_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/k8s/violation.h"
#include "common/kind/field.h"

/// A column of `kubectl get`.
struct kind_column {
    const char *name;
    const char *type; // of OpenAPI: "string", "integer", "date"
    const char *path; // JSONPath from the object
    const char *doc;
    bool wide; // only with `-o wide`
};

enum schema_node {
    SCHEMA_NODE_ROOT,
    SCHEMA_NODE_SPEC,
};

/// A CEL rule of the CRD. Its twin in C is the kind's own affair.
struct schema_rule {
    const char *id;
    enum schema_node node; // on which the rule stands: `self`
    bool transition;       // compares with oldSelf, so it is looked at on updates only
    const char *field;     // ".job": the field it points at, from its node
    enum cause_reason reason;
    const char *cel;
    const char *message;
};

/// The `scale` subresource: three paths.
struct kind_scale {
    const char *selector, *spec_replicas, *status_replicas;
};

struct kind {
    const char *group, *version;
    const char *name;       // "FlinkCluster"
    const char *plural;     // "flinkclusters"
    const char *singular;   // "flinkcluster"
    const char *short_name; // "fc"
    const char *category;   // "all"; NULL: none
    bool namespaced;
    const char *doc; // one sentence
    const struct object_type *spec, *status;
    const char *spec_doc, *status_doc;
    const struct kind_column *columns;
    size_t n_columns;
    const struct schema_rule *(*rules)(size_t *count); // NULL: the schema has none
    const struct kind_scale *scale;                    // NULL: it has no such subresource
    // For generated files.
    const char *sources;       // what CRD and reference page are generated from
    const char *spec_source;   // what the dictionary is generated from
    const char *explain_path;  // what `sluice explain` wants before ".FIELD" of the spec
    const char *about;         // paragraphs of the reference page, in Markdown; NULL: none
    const char *const *sample; // values for the fuzz dictionary, NULL-terminated
};

#endif
