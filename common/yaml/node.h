// SPDX-License-Identifier: Apache-2.0
// The tree between libyaml's events and JSON; private to common/yaml. It lives in the caller's
// arena.
#ifndef SLUICE_YAML_NODE_H
#define SLUICE_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/yaml/yaml.h"

enum yaml_kind {
    YAML_SCALAR,
    YAML_SEQUENCE,
    YAML_MAPPING,
    YAML_ALIAS,
};

struct yaml_node {
    enum yaml_kind kind;
    unsigned line;           // 1-based
    bool plain;              // a scalar without quotes and without a tag
    bool open;               // being expanded: an alias to it would not end
    struct strview tag;      // long form, or SV_NONE
    struct strview text;     // of a scalar; of a mapping's value its resolved key is in `key_text`
    struct yaml_node *key;   // of a mapping's value
    struct strview key_text; // the key as JSON has it; SV_NONE for a merge key
    struct yaml_node *child; // first of a sequence or mapping
    struct yaml_node *next;
    struct yaml_node *target; // of an alias
};

enum yaml_scalar_kind {
    YAML_NULL,
    YAML_BOOL,
    YAML_INT,   // text is decimal JSON
    YAML_FLOAT, // number
    YAML_STRING,
};

struct yaml_scalar {
    enum yaml_scalar_kind kind;
    bool boolean;
    double number;
    struct strview text;
    char digits[24]; // behind `text` of an integer
};

/// What a scalar node means by goyaml.v2's resolve(). -1 with E_PARSE: the tag and the text
/// disagree.
MUST_USE int yaml_resolve(const struct yaml_node *n, struct yaml_scalar *ret, struct err *err);

/// Whether N is the merge key (<<).
bool yaml_is_merge(const struct yaml_node *n);

/// Appends ROOT as JSON; sets each mapping value's key_text. *NODES counts down to 0 (E_TOO_LARGE).
MUST_USE int yaml_emit(struct yaml_node *root, unsigned max_depth, size_t *nodes,
                       struct arena *arena, struct strbuf *out, struct err *err);

#endif
