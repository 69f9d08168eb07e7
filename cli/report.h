// SPDX-License-Identifier: Apache-2.0
// Findings about objects in files, in the form that is asked for: for people, for programs, as
// annotations of GitHub Actions, as SARIF 2.1.0 (OASIS) for code scanning.
#ifndef SLUICE_CLI_REPORT_H
#define SLUICE_CLI_REPORT_H

#include <stdbool.h>

#include "cli/input.h"
#include "common/base/strbuf.h"
#include "common/json/out.h"
#include "common/k8s/violation.h"

/// X(id, "as --output has it")
#define REPORT_FORMATS(X)                                                                          \
    X(TEXT, "text")                                                                                \
    X(JSON, "json")                                                                                \
    X(GITHUB, "github")                                                                            \
    X(SARIF, "sarif")

enum report_format {
#define X(id, name) REPORT_##id,
    REPORT_FORMATS(X)
#undef X
        REPORT_FORMAT_COUNT
};

/// "error", "warning", "note".
const char *report_severity_word(enum severity severity);

/// The names, for an options table.
extern const char *const REPORT_FORMAT_NAMES[];

struct report {
    enum report_format format;
    bool quiet; // text: say nothing of objects without findings
    const char *program;
    struct strbuf text; // JSON and SARIF: written at the end
    struct json_out out;
    size_t checked, faulty, faults, warnings, notes;
};

/// FORMAT is one of the names. report_end() frees.
void report_begin(struct report *r, const char *program, const char *format, bool quiet);

/// What was found of one object.
void report_object(struct report *r, const struct input_object *o, const struct violations *v);

/// UNREADABLE: how many files could not be read. -1: the report is too large (told on stderr).
MUST_USE int report_end(struct report *r, size_t unreadable);

#endif
