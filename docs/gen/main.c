// SPDX-License-Identifier: Apache-2.0
// Prints one page of the documentation: `sluice-gen-docs man|reference PAGE`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/options.h"
#include "cli/cli.h"
#include "common/base/macros.h"
#include "common/base/options_print.h"
#include "common/flink/conf_render.h"
#include "controller/settings.h"
#include "docs/gen/pages.h"
#include "webhook/settings.h"

#define OUTPUT_MAX ((size_t)1 << 20)

/// A man page has the program's name with dashes for spaces; a reference page has all programs with
/// the same book.
static const struct {
    const struct option_program *program;
    const char *book;
    int section;
} PROGRAMS[] = {{&WEBHOOK_PROGRAM, "sluice-webhook", 8},
                {&CONTROLLER_PROGRAM, "sluice-controller", 8},
                {&CERTS_PROGRAM, "sluice-certs", 8},
                {&CERTS_ENSURE_PROGRAM, "sluice-certs", 8},
                {&CERTS_ISSUE_PROGRAM, "sluice-certs", 8},
                {&CERTS_INSPECT_PROGRAM, "sluice-certs", 8},
                {&CERTS_ROTATE_PROGRAM, "sluice-certs", 8},
                {&DOCS_SLUICE, "sluice", 1},
#define X(name, operands, summary) {&CLI_##name, "sluice", 1},
                CLI_COMMANDS(X)
#undef X
};

static void put_note(struct strbuf *out, const char *open, const char *table, const char *close)
{
    strbuf_printf(out, "%s Generated from %s: `ninja generate`.%s\n", open, table, close);
}

static const char *page_name(const struct option_program *p, struct strbuf *out)
{
    strbuf_reset(out);
    for (const char *c = p->name; *c != '\0'; c++) {
        strbuf_put_char(out, *c == ' ' ? '-' : *c);
    }
    return strbuf_ok(out) ? out->ptr : "";
}

static void put_see_also(size_t at, struct strbuf *out)
{
    CLEANUP(strbuf_done) struct strbuf name = STRBUF(64);
    const char *sep = "";
    for (size_t i = 0; i < ARRAY_LEN(PROGRAMS); i++) {
        if (i != at && strcmp(PROGRAMS[i].book, PROGRAMS[at].book) == 0) {
            strbuf_printf(out, "%s%s(%d)", *sep == '\0' ? ".SH SEE ALSO\n" : sep,
                          page_name(PROGRAMS[i].program, &name), PROGRAMS[i].section);
            sep = ", ";
        }
    }
    strbuf_put_str(out, *sep == '\0' ? "" : "\n");
}

static bool put_man(const char *page, struct strbuf *out)
{
    CLEANUP(strbuf_done) struct strbuf name = STRBUF(64);
    for (size_t i = 0; i < ARRAY_LEN(PROGRAMS); i++) {
        if (strcmp(page_name(PROGRAMS[i].program, &name), page) == 0) {
            strbuf_put_str(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n");
            put_note(out, ".\\\"", "the program's table of options", "");
            options_write_man(PROGRAMS[i].program, PROGRAMS[i].section, out);
            put_see_also(i, out);
            return true;
        }
    }
    return false;
}

static bool put_program(const char *page, struct strbuf *out)
{
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(PROGRAMS); i++) {
        if (strcmp(PROGRAMS[i].book, page) == 0) {
            if (!found) {
                put_note(out, "<!-- SPDX-License-Identifier: Apache-2.0\n    ",
                         "the program's own tables", " -->");
                strbuf_printf(out, "# %s\n", page);
            }
            strbuf_put_char(out, '\n');
            options_write_markdown(PROGRAMS[i].program, out);
            found = true;
        }
    }
    if (strcmp(page, WEBHOOK_PROGRAM.name) == 0) {
        docs_webhook_tables(out);
    } else if (strcmp(page, CONTROLLER_PROGRAM.name) == 0) {
        docs_controller_tables(out);
    }
    return found;
}

static bool put_reference(const char *page, struct strbuf *out)
{
    if (strcmp(page, "flink-configuration") == 0) {
        put_note(out, "<!-- SPDX-License-Identifier: Apache-2.0\n    ",
                 "common/flink/conf_keys.def", " -->");
        flink_conf_docs(out);
        return true;
    }
    return put_program(page, out);
}

int main(int argc, char **argv)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(OUTPUT_MAX);
    if (argc == 3 && ((strcmp(argv[1], "man") == 0 && put_man(argv[2], &out)) ||
                      (strcmp(argv[1], "reference") == 0 && put_reference(argv[2], &out)))) {
        if (strbuf_ok(&out) && fwrite(out.ptr, 1, out.len, stdout) == out.len &&
            fflush(stdout) == 0) {
            return EXIT_SUCCESS;
        }
        (void)fputs("sluice-gen-docs: can't write\n", stderr);
        return EXIT_FAILURE;
    }
    (void)fputs("usage: sluice-gen-docs man|reference PAGE\n", stderr);
    return 2;
}
