// SPDX-License-Identifier: Apache-2.0
#include "common/base/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/options_print.h"

int options_main(const struct option_program *p, int argc, char *const *argv, void *out,
                 struct options_result *result, struct arena *arena)
{
    struct err err = {0};
    if (options_parse(p, argc, argv, getenv, out, result, arena, &err) < 0) {
        fprintf(stderr, "%s: %s\nTry '%s --help'.\n", p->name, err.msg, p->name);
        return 2;
    }
    if (result->verdict == OPTIONS_HELP) {
        CLEANUP(strbuf_done) struct strbuf text = STRBUF(1 << 20);
        options_write_help(p, &text);
        fputs(text.ptr != NULL ? text.ptr : "", stdout);
        return 0;
    }
    if (result->verdict == OPTIONS_VERSION) {
        printf("%s %s\n", p->name, SLUICE_VERSION);
        return 0;
    }
    return -1;
}
