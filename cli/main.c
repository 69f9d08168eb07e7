// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "common/base/edit_distance.h"
#include "common/json/view.h"

static const struct {
    const char *name;
    int (*run)(int argc, char *const *argv);
    const char *operands;
    const char *summary;
} COMMANDS[] = {
#define X(name_, operands_, summary_) {#name_, cli_##name_, operands_, summary_},
    CLI_COMMANDS(X)
#undef X
};

static const char *nearest(const char *word)
{
    struct strview w = sv_from(word);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (edit_distance(w, sv_from(COMMANDS[i].name)) <= edit_distance_worth(w.len)) {
            return COMMANDS[i].name;
        }
    }
    return NULL;
}

static void help(FILE *to)
{
    fprintf(
        to,
        "usage: sluice COMMAND [OPTION]… [OPERAND]…\n\n"
        "FlinkClusters in files, by the engine of the webhook and the controller; and how those "
        "of a cluster are.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        // printf counts bytes, and "…" has three.
        int width = strstr(COMMANDS[i].operands, "…") != NULL ? 24 : 22;
        fprintf(to, "  %-8s %-*s  %s\n", COMMANDS[i].name, width, COMMANDS[i].operands,
                COMMANDS[i].summary);
    }
    fprintf(to, "\n`sluice COMMAND --help` tells more; `sluice --version` the version.\n");
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(word, COMMANDS[i].name) == 0) {
            return COMMANDS[i].run(argc - 1, argv + 1);
        }
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0 || strcmp(word, "-h") == 0) {
        help(stdout);
        return CLI_OK;
    }
    if (strcmp(word, "--version") == 0) {
        printf("sluice %s\n", SLUICE_VERSION);
        return CLI_OK;
    }
    if (argc > 1) {
        const char *near = nearest(word);
        fprintf(stderr, "sluice: no command \"%s\"%s%s%s\n\n", word,
                near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                near != NULL ? "\"?" : "");
    }
    help(stderr);
    return CLI_USAGE;
}
