// SPDX-License-Identifier: Apache-2.0
#include "common/base/options_print.h"

#include <stdio.h>
#include <string.h>

#include "common/base/options_duration.h"

#define HELP_WIDTH  100
#define HELP_INDENT 8

static const struct option_row BUILT_IN[] = {
    {.name = "config",
     .type = OPTION_STRING,
     .dflt = "",
     .arg = "FILE",
     .help = "Reads options from a file of `name: value` lines."},
    {.name = "help", .type = OPTION_BOOL, .dflt = "", .arg = "", .help = "Prints this help."},
    {.name = "version", .type = OPTION_BOOL, .dflt = "", .arg = "", .help = "Prints the version."},
};

/// How many of BUILT_IN are left out: a program of commands has nothing that --config could set.
static size_t left_out(const struct option_program *p)
{
    return p->commands ? 1 : 0;
}

static const struct option_row *row_at(const struct option_program *p, size_t i)
{
    return i < p->count ? &p->rows[i] : &BUILT_IN[i - p->count + left_out(p)];
}

static size_t row_count(const struct option_program *p)
{
    return p->count + ARRAY_LEN(BUILT_IN) - left_out(p);
}

static bool has_env(const struct option_program *p, size_t i)
{
    return row_at(p, i)->type != OPTION_BOOL || i < p->count; // the table's, and --config
}

void options_write_env_name(const char *name, struct strbuf *out)
{
    strbuf_put_str(out, "SLUICE_");
    for (; *name != '\0'; name++) {
        char c = *name;
        strbuf_put_char(out, c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

/// TEXT broken at blanks, each line INDENT columns in; a line feed in TEXT stays one.
static void put_wrapped(struct strbuf *out, const char *text, size_t indent)
{
    struct strview lines = sv_from(text);
    struct strview line;
    while (lines.len > 0 && sv_split(&lines, '\n', &line)) {
        size_t column = 0;
        struct strview word;
        while (line.len > 0 && sv_split(&line, ' ', &word)) {
            if (column > 0 && column + 1 + word.len > HELP_WIDTH) {
                strbuf_put_char(out, '\n');
                column = 0;
            }
            if (column == 0) {
                strbuf_printf(out, "%*s", (int)indent, "");
                column = indent;
            } else {
                strbuf_put_char(out, ' ');
                column++;
            }
            strbuf_put(out, word);
            column += word.len;
        }
        strbuf_put_char(out, '\n');
    }
}

static void put_number(const struct option_row *r, int64_t v, struct strbuf *out)
{
    if (r->type == OPTION_DURATION) {
        options_write_duration(v, out);
    } else {
        strbuf_put_i64(out, v);
    }
}

/// "One of a, b." or "From 1 to 64." after the help; nothing when every value is fine.
static void put_bounds(const struct option_row *r, struct strbuf *out)
{
    for (size_t i = 0; r->choices != NULL && r->choices[i] != NULL; i++) {
        strbuf_printf(out, "%s%s", i == 0 ? " One of " : ", ", r->choices[i]);
    }
    if (r->choices != NULL) {
        strbuf_put_char(out, '.');
    }
    if (r->min == 0 && r->max == 0) {
        return;
    }
    if (r->type == OPTION_LIST) {
        strbuf_printf(out, " At most %lld.", (long long)r->max);
        return;
    }
    strbuf_put_str(out, r->max == INT64_MAX ? " At least " : " From ");
    put_number(r, r->min, out);
    if (r->max != INT64_MAX) {
        strbuf_put_str(out, " to ");
        put_number(r, r->max, out);
    }
    strbuf_put_char(out, '.');
}

/// "--namespace", "-n, --namespace".
static void put_flag(const struct option_row *r, struct strbuf *out)
{
    if (r->letter != '\0') {
        strbuf_printf(out, "-%c, ", r->letter);
    }
    strbuf_printf(out, "--%s", r->name);
}

static void put_help_row(const struct option_program *p, size_t i, struct strbuf *out)
{
    const struct option_row *r = row_at(p, i);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(8192);
    strbuf_put_str(&text, r->help);
    put_bounds(r, &text);
    if (r->required) {
        strbuf_put_str(&text, " Required.");
    }
    if (r->dflt[0] != '\0' && strcmp(r->dflt, "false") != 0) {
        strbuf_printf(&text, " Default: %s.", r->dflt);
    }
    strbuf_put_str(out, "  ");
    put_flag(r, out);
    strbuf_printf(out, "%s%s\n", r->arg[0] != '\0' ? " " : "", r->arg);
    put_wrapped(out, text.ptr, HELP_INDENT);
}

static void put_usage(const struct option_program *p, struct strbuf *out)
{
    strbuf_printf(out, "%s%s%s%s", p->name, p->commands ? "" : " [OPTION]…",
                  p->operands != NULL ? " " : "", p->operands != NULL ? p->operands : "");
}

static const char *exit_status(const struct option_program *p)
{
    return p->exit_status != NULL ? p->exit_status
                                  : "0: all went well\n2: the options are not right";
}

void options_write_help(const struct option_program *p, struct strbuf *out)
{
    strbuf_put_str(out, "Usage: ");
    put_usage(p, out);
    strbuf_printf(out, "\n%s: %s.\n\n", p->name, p->summary);
    if (p->description != NULL) {
        put_wrapped(out, p->description, 0);
        strbuf_put_char(out, '\n');
    }
    strbuf_put_str(out, "Options:\n");
    for (size_t i = 0; i < row_count(p); i++) {
        put_help_row(p, i, out);
    }
    if (!p->commands) {
        strbuf_put_str(out, "\nAn option is also read from the environment (--some-option as "
                            "SLUICE_SOME_OPTION) and\nfrom the file that --config names "
                            "(some-option: value). The flag wins, then the environment.\n");
    }
    strbuf_put_str(out, "\nExit status:\n");
    put_wrapped(out, exit_status(p), 2);
    if (p->examples != NULL) {
        strbuf_printf(out, "\nExamples:\n");
        put_wrapped(out, p->examples, 2);
    }
}

/// Text for roff: backslashes and hyphens are escaped, a line may not begin as a request.
static void put_roff(struct strbuf *out, const char *text)
{
    bool line_start = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\'')) {
            strbuf_put_str(out, "\\&");
        }
        if (*c == '\\') {
            strbuf_put_str(out, "\\e");
        } else if (*c == '-') {
            strbuf_put_str(out, "\\-");
        } else if (*c == '\n' && c[1] == '\n') {
            strbuf_put_str(out, "\n.PP");
        } else {
            strbuf_put_char(out, *c);
        }
        line_start = *c == '\n';
    }
    strbuf_put_char(out, '\n');
}

static void put_man_row(const struct option_program *p, size_t i, struct strbuf *out)
{
    const struct option_row *r = row_at(p, i);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(8192);
    put_flag(r, &text);
    const char *quote = r->letter != '\0' ? "\"" : "";
    strbuf_printf(out, ".TP\n.BR %s", quote);
    put_roff(out, text.ptr);
    strbuf_truncate(out, out->len - 1);
    strbuf_put_str(out, quote);
    strbuf_printf(out, r->arg[0] != '\0' ? " \" \" \\fI%s\\fR\n" : "%s\n", r->arg);
    strbuf_reset(&text);
    strbuf_put_str(&text, r->help);
    put_bounds(r, &text);
    if (r->dflt[0] != '\0') {
        strbuf_printf(&text, " Default: %s.", r->dflt);
    }
    if (has_env(p, i)) {
        strbuf_put_str(&text, " Environment: ");
        options_write_env_name(r->name, &text);
        strbuf_put_char(&text, '.');
    }
    put_roff(out, text.ptr);
}

/// The lines of TEXT as they stand.
static void put_man_lines(struct strbuf *out, const char *heading, const char *text)
{
    strbuf_printf(out, ".SH %s\n.nf\n", heading);
    put_roff(out, text);
    strbuf_put_str(out, ".fi\n");
}

void options_write_man(const struct option_program *p, int section, struct strbuf *out)
{
    CLEANUP(strbuf_done) struct strbuf usage = STRBUF(1024);
    strbuf_put_str(out, ".TH \"");
    for (const char *c = p->name; *c != '\0'; c++) {
        strbuf_put_char(out, *c == ' ' ? '-' : *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c);
    }
    strbuf_printf(out, "\" %d \"\" \"Sluice %s\" \"Sluice\"\n.SH NAME\n", section, SLUICE_VERSION);
    put_roff(out, p->name);
    strbuf_truncate(out, out->len - 1);
    strbuf_put_str(out, " \\- ");
    put_roff(out, p->summary);
    strbuf_put_str(out, ".SH SYNOPSIS\n");
    put_usage(p, &usage);
    put_roff(out, usage.ptr);
    if (p->description != NULL) {
        strbuf_put_str(out, ".SH DESCRIPTION\n");
        put_roff(out, p->description);
    }
    strbuf_put_str(out, ".SH OPTIONS\n");
    if (!p->commands) {
        strbuf_put_str(out, "A flag wins over the environment, the environment over the file "
                            "that\n.B \\-\\-config\nnames, and that over the default.\n");
    }
    for (size_t i = 0; i < row_count(p); i++) {
        put_man_row(p, i, out);
    }
    put_man_lines(out, "EXIT STATUS", exit_status(p));
    if (p->examples != NULL) {
        put_man_lines(out, "EXAMPLES", p->examples);
    }
}

/// A cell of a table: a bar would end it.
static void put_cell(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            strbuf_put_char(out, '\\');
        }
        strbuf_put_char(out, *text == '\n' ? ' ' : *text);
    }
}

void options_write_markdown(const struct option_program *p, struct strbuf *out)
{
    strbuf_printf(out, "## %s\n\n%s.\n\n    ", p->name, p->summary);
    put_usage(p, out);
    strbuf_put_str(out, "\n\n");
    if (p->description != NULL) {
        strbuf_printf(out, "%s\n\n", p->description);
    }
    strbuf_put_str(out, "| option | environment | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < row_count(p); i++) {
        const struct option_row *r = row_at(p, i);
        CLEANUP(strbuf_done) struct strbuf text = STRBUF(8192);
        strbuf_put_str(out, "| `");
        put_flag(r, out);
        strbuf_printf(out, "%s%s` | ", r->arg[0] != '\0' ? " " : "", r->arg);
        if (has_env(p, i)) {
            strbuf_put_char(out, '`');
            options_write_env_name(r->name, out);
            strbuf_put_char(out, '`');
        }
        strbuf_printf(out, r->dflt[0] != '\0' ? " | `%s` | " : " | %s | ", r->dflt);
        strbuf_put_str(&text, r->help);
        put_bounds(r, &text);
        strbuf_put_str(&text, r->required ? " Required." : "");
        put_cell(out, text.ptr);
        strbuf_put_str(out, " |\n");
    }
    strbuf_printf(out, "\nExit status:\n\n");
    struct strview rest = sv_from(exit_status(p));
    struct strview line;
    while (rest.len > 0 && sv_split(&rest, '\n', &line)) {
        strbuf_printf(out, "- %.*s\n", SV_ARG(line));
    }
    if (p->examples != NULL) {
        strbuf_put_str(out, "\nExamples:\n\n");
        put_wrapped(out, p->examples, 4);
    }
}
