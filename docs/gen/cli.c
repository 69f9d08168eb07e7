// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"
#include "docs/gen/pages.h"

const struct option_program DOCS_SLUICE = {
    .name = "sluice",
    .summary = "FlinkClusters and FlinkPolicies in files, by the engine of the webhook and the "
               "controller; "
               "and how those of a cluster are",
    .operands = "COMMAND [OPTION]… [OPERAND]…",
    .commands = true,
    .description =
#define X(name, operands, summary) "sluice " #name " " operands ": " summary ".\n\n"
        CLI_COMMANDS(X)
#undef X
            "Each command has its own --help and its own page, such as sluice-check(1).",
    .exit_status =
        "0: no faults\n1: what was asked about has faults\n2: wrong options, or something "
        "can't be read",
};
