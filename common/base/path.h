// SPDX-License-Identifier: Apache-2.0
// The way to a field, as a chain of stack nodes: costs nothing until a fault is written down.
// Rendered as Kubernetes writes field paths (apimachinery field.Path): spec.ports[3].name,
// spec.labels[a/b].
#ifndef SLUICE_BASE_PATH_H
#define SLUICE_BASE_PATH_H

#include "common/base/strbuf.h"
#include "common/base/strview.h"

enum path_kind {
    PATH_FIELD, // .key
    PATH_KEY,   // [key], a key of a map
    PATH_INDEX, // [7]
};

struct path {
    const struct path *up; // NULL: at the root
    enum path_kind kind;
    struct strview key;
    size_t index;
};

/// Nodes on the caller's stack: `const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));`
#define PATH_FIELD_OF(up_, key_) ((struct path){.up = (up_), .kind = PATH_FIELD, .key = (key_)})
#define PATH_KEY_OF(up_, key_)   ((struct path){.up = (up_), .kind = PATH_KEY, .key = (key_)})
#define PATH_INDEX_OF(up_, i_)   ((struct path){.up = (up_), .kind = PATH_INDEX, .index = (i_)})

/// Appends the path's text. Depth is bounded by the JSON depth limit (64).
void path_put(struct strbuf *b, const struct path *p);

#endif
