// SPDX-License-Identifier: Apache-2.0
// The main() of the programs that print a kind's generated files at build time.
#ifndef SLUICE_KIND_GEN_PRINT_H
#define SLUICE_KIND_GEN_PRINT_H

#include <stddef.h>

#include "common/base/strbuf.h"
#include "common/kind/kind.h"

/// A file of one kind alone.
struct gen_output {
    const char *name;
    void (*write)(struct strbuf *out);
};

/// Prints what argv[1] asks for: "crd", "reference", "dictionary", or one of the N in EXTRA.
/// Returns the exit status.
int gen_print(const struct kind *kind, const struct gen_output *extra, size_t n, int argc,
              char **argv);

#endif
