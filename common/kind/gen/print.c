// SPDX-License-Identifier: Apache-2.0
#include "common/kind/gen/print.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/macros.h"
#include "common/kind/crd.h"
#include "common/kind/reference.h"

#define OUTPUT_MAX ((size_t)4 << 20)

static const struct {
    const char *name;
    void (*write)(const struct kind *kind, struct strbuf *out);
} OUTPUTS[] = {
    {"crd", kind_crd_write},
    {"reference", kind_reference_write},
    {"dictionary", kind_dictionary_write},
};

static bool write_named(const struct kind *kind, const struct gen_output *extra, size_t n,
                        const char *name, struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(OUTPUTS); i++) {
        if (strcmp(name, OUTPUTS[i].name) == 0) {
            OUTPUTS[i].write(kind, out);
            return true;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, extra[i].name) == 0) {
            extra[i].write(out);
            return true;
        }
    }
    return false;
}

int gen_print(const struct kind *kind, const struct gen_output *extra, size_t n, int argc,
              char **argv)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(OUTPUT_MAX);
    if (argc != 2 || !write_named(kind, extra, n, argv[1], &out)) {
        (void)fputs("usage: crd|reference|dictionary", stderr);
        for (size_t i = 0; i < n; i++) {
            (void)fprintf(stderr, "|%s", extra[i].name);
        }
        (void)fputs("\n", stderr);
        return 2;
    }
    if (strbuf_ok(&out) && fwrite(out.ptr, 1, out.len, stdout) == out.len && fflush(stdout) == 0) {
        return EXIT_SUCCESS;
    }
    (void)fputs("can't write\n", stderr);
    return EXIT_FAILURE;
}
