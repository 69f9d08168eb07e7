// SPDX-License-Identifier: Apache-2.0
// Prints what is generated from the kind's rows: `sluice-gen-kind crd|reference|dictionary|rules`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/macros.h"
#include "common/flink/crd.h"
#include "common/flink/reference.h"
#include "common/flink/rules_docs.h"

#define OUTPUT_MAX ((size_t)4 << 20)

static const struct {
    const char *name;
    void (*write)(struct strbuf *out);
} OUTPUTS[] = {
    {"crd", flink_crd_write},
    {"reference", flink_reference_write},
    {"dictionary", flink_dictionary_write},
    {"rules", flink_rules_docs},
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
    (void)fputs("usage: sluice-gen-kind crd|reference|dictionary|rules\n", stderr);
    return 2;
}
