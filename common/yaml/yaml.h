// SPDX-License-Identifier: Apache-2.0
// YAML as Kubernetes reads it, turned into JSON text: what sigs.k8s.io/yaml (goyaml.v2) makes of
// it. YAML 1.1 scalars: yes/no/on/off are booleans, 0o17 and 017 and 0x1F and 1_000 integers, .5
// and 1e3 floats (1.20 is the number 1.2), ~ null; timestamps stay strings; quoted scalars are
// strings. Anchors, aliases and merge keys (<<) are resolved; duplicate keys are an error; keys
// that are no strings become strings, as there. A stream may hold several documents; empty ones are
// left out. JSON is YAML, too. No I/O; the only library is libyaml.
#ifndef SLUICE_YAML_YAML_H
#define SLUICE_YAML_YAML_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"

struct yaml_limits {
    size_t max_bytes;     // of the stream
    size_t max_nodes;     // values and keys after aliases are expanded, of the whole stream
    size_t max_json;      // bytes of the JSON of one document
    size_t max_documents; // empty ones not counted
    unsigned max_depth;
};

/// 16 MiB, 500,000 nodes, 16 MiB of JSON, 10,000 documents, depth 64.
extern const struct yaml_limits YAML_LIMITS_DEFAULT;

struct yaml_node; // where each field stands

struct yaml_document {
    struct strview json; // one JSON value that json_parse() accepts
    unsigned line;       // 1-based, of its first content
    const struct yaml_node *root;
};

/// The documents of TEXT in order, in ARENA. 0 (and *RET_COUNT may be 0), or -1: E_PARSE (message
/// says "line L: …"), E_TOO_LARGE (a limit), E_NOMEM. TEXT need not outlive the call. LIMITS may be
/// NULL. On E_PARSE the documents before the faulty one are given as well.
MUST_USE int yaml_to_json(struct strview text, const struct yaml_limits *limits,
                          struct arena *arena, struct yaml_document **ret, size_t *ret_count,
                          struct err *err);

/// The 1-based line of the field that PATH names, as common/base/path.h renders it (`.key` and
/// `[key]` are taken as the same, since only a schema tells them apart); of its nearest parent that
/// exists when it doesn't. An alias gives the line of the alias.
unsigned yaml_line(const struct yaml_document *doc, struct strview path);

#endif
