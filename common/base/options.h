// SPDX-License-Identifier: Apache-2.0
// A program's options from one table: flag, environment, configuration file, default, in this order
// of precedence; and from the same table the help text, the man page and the reference page.
//     #define DEMO_OPTIONS(O)
//         O(STRING, listen, "listen", ":9443", "ADDR", "Where to listen.")
//         O(INT, workers, "workers", "4", "N", "Worker threads.", .min = 1, .max = 64)
//     struct demo_options { DEMO_OPTIONS(OPTION_MEMBER) };
//     #define ROW(...) OPTION_ROW(struct demo_options, __VA_ARGS__)
//     static const struct option_row rows[] = { DEMO_OPTIONS(ROW) };   (the first #define on one
//     line, or with backslashes)
// Flag --listen VALUE or --listen=VALUE, environment SLUICE_LISTEN, in the file `listen: VALUE`;
// where the row has a letter, -l VALUE, -lVALUE or -l=VALUE, too; letters of booleans may be
// joined. A configuration file (--config FILE or SLUICE_CONFIG) has one `name: value` a line, the
// flat subset of YAML: comments with #, an optional pair of double quotes around the value (without
// escapes), lists with commas; every other form is refused with its line. Every option is checked.
#ifndef SLUICE_BASE_OPTIONS_H
#define SLUICE_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"

enum option_type {
    OPTION_STRING,   // const char *, never NULL ("" when not set)
    OPTION_INT,      // int64_t, between min and max
    OPTION_DURATION, // int64_t in ms, between min and max: 10s, 500ms, 1m30s, 2h
    OPTION_BOOL,     // bool: --flag, --flag=false
    OPTION_LIST,     // struct option_list: separated by commas; the flag may be repeated
};

struct option_list {
    const char **items;
    size_t count;
};

struct option_row {
    const char *name; // as the flag has it, without dashes
    enum option_type type;
    size_t offset;              // of the member
    const char *dflt;           // as text; "" for an empty string or list
    const char *arg;            // what the help calls the value; "" for booleans
    const char *help;           // one or more sentences
    int64_t min, max;           // INT, DURATION (ms); both 0: 0 to INT64_MAX. LIST: max items
    const char *const *choices; // STRING: NULL-ended allowed values; NULL: any
    bool required;              // an empty value is refused
    char letter;                // 'n': -n is the same; 0: none
};

#define OPTION_MEMBER(type_, member, ...) OPTION_C_##type_ member;
#define OPTION_C_STRING                   const char *
#define OPTION_C_INT                      int64_t
#define OPTION_C_DURATION                 int64_t
#define OPTION_C_BOOL                     bool
#define OPTION_C_LIST                     struct option_list
#define OPTION_ROW(struct_, type_, member, name_, dflt_, arg_, ...)                                \
    {.type = OPTION_##type_,                                                                       \
     .offset = offsetof(struct_, member),                                                          \
     .name = name_,                                                                                \
     .dflt = dflt_,                                                                                \
     .arg = arg_,                                                                                  \
     .help = __VA_ARGS__},

struct option_program {
    const char *name;        // "sluice-webhook", or "sluice-certs ensure" for a subcommand
    const char *summary;     // one line, no full stop: the man page's NAME
    const char *operands;    // as in the synopsis, "FILE…"; NULL: none are taken
    const char *description; // paragraphs separated by an empty line
    const char *exit_status; // one `code: meaning` a line; NULL: 0 and 2 alone
    const char *examples;    // literal lines; NULL: none
    const struct option_row *rows;
    size_t count;
    bool commands; // the operands begin with a command that has options of its own: none here
};

enum options_verdict { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

struct options_result {
    enum options_verdict verdict;
    const char **operands; // borrowed from argv
    size_t operand_count;
};

#define OPTIONS_MAX      64    // rows of a program
#define OPTIONS_FILE_MAX 65536 // bytes of a configuration file

/// Fills OUT (the program's struct). Strings live in ARENA or argv. 0, or -1 with a message that
/// names the option, where it came from and what is allowed; an unknown flag's message names the
/// nearest. GETENV_FN is getenv in programs. --help and --version win over faults that follow them.
MUST_USE int options_parse(const struct option_program *p, int argc, char *const *argv,
                           char *(*getenv_fn)(const char *), void *out,
                           struct options_result *result, struct arena *arena, struct err *err);

/// The same for a main(): prints help or version on stdout, or the fault on stderr. Returns -1 to
/// go on, else the exit code: 0 or 2.
MUST_USE int options_main(const struct option_program *p, int argc, char *const *argv, void *out,
                          struct options_result *result, struct arena *arena);

#endif
