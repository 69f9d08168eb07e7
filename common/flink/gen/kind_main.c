// SPDX-License-Identifier: Apache-2.0
// Prints what is generated from the kind's rows: `sluice-gen-kind crd|reference|dictionary`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/macros.h"
#include "common/flink/crd.h"
#include "common/flink/reference.h"

#define OUTPUT_MAX ((size_t)4 << 20)

static const struct {
    const char *name;
    void (*write)(struct strbuf *out);
} OUTPUTS[] = {
    {"crd", flink_crd_write},
    {"reference", flink_reference_write},
    {"dictionary", flink_dictionary_write},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_LEN(OUTPUTS); i++) {
        if (argc == 2 && strcmp(argv[1], OUTPUTS[i].name) == 0) {
            CLEANUP(strbuf_done) struct strbuf out = STRBUF(OUTPUT_MAX);
            OUTPUTS[i].write(&out);
            if (strbuf_ok(&out) && fwrite(out.ptr, 1, out.len, stdout) == out.len &&
                fflush(stdout) == 0) {
                return EXIT_SUCCESS;
            }
            (void)fputs("sluice-gen-kind: can't write\n", stderr);
            return EXIT_FAILURE;
        }
    }
    (void)fputs("usage: sluice-gen-kind crd|reference|dictionary\n", stderr);
    return 2;
}
