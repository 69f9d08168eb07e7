// SPDX-License-Identifier: Apache-2.0
// Kubernetes objects out of files: YAML streams, JSON, Lists, folders, stdin.
#ifndef SLUICE_CLI_INPUT_H
#define SLUICE_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "common/yaml/yaml.h"

#define INPUT_FILE_MAX ((size_t)16 << 20)

/// One object and where it stands.
struct input_object {
    const char *file; // as given, "-" for stdin; of an object of no file what names it
    const struct json *object;
    const struct yaml_document *document; // for the lines; NULL: it is of no file
    struct strview prefix; // path of the object in its document: "items[3]" in a List, else ""
};

/// Called for each object in order; false ends it.
typedef bool input_fn(void *arg, const struct input_object *o, struct arena *arena);

/// Called for each file or document that can't be read.
typedef void input_fail_fn(void *arg, const char *file, const struct err *err);

struct input_handler {
    input_fn *object;
    input_fail_fn *fail;
    void *arg;
};

/// Reads PATH: a file, "-" for stdin, or a folder (all *.yaml, *.yml, *.json beneath it, in order
/// of their names; links to folders are not followed). At most 64 folders deep.
void input_read(const char *path, const struct input_handler *h);

/// The line of PATH in O's file.
unsigned input_line(const struct input_object *o, struct strview path);

/// Reads a whole file or stdin ("-") into OUT.
MUST_USE int input_slurp(const char *path, size_t max, struct strbuf *out, struct err *err);

/// Whether OBJECT is of our kind NAME ("FlinkCluster"); *RET_FOREIGN tells that only its apiVersion
/// is another.
bool input_is_kind(const struct json *object, const char *name, bool *ret_foreign);

#endif
