// SPDX-License-Identifier: Apache-2.0
// The commands of `sluice`. Each gets its own arguments (argv[0] is the command's name), reads
// files and stdin, writes stdout and stderr, and returns the exit code.
#ifndef SLUICE_CLI_CLI_H
#define SLUICE_CLI_CLI_H

#include "common/base/options.h"

/// X(name, usage of its operands, one line)
#define CLI_COMMANDS(X)                                                                            \
    X(check, "FILE…", "judge FlinkClusters and FlinkPolicies in files, as the webhook would")      \
    X(audit, "[--policy FILE]", "judge the FlinkClusters of a running cluster by policies")        \
    X(test, "DIR|FILE…", "run the tests of policies: object and expected verdict")                 \
    X(review, "mutate|validate [FILE]", "answer an AdmissionReview, as the webhook would")         \
    X(render, "FILE", "show the objects that a FlinkCluster becomes")                              \
    X(explain, "[FIELD|RULE]", "say what a field or a rule is for")                                \
    X(status, "[NAME]", "show how a FlinkCluster is, and what it waits for")

#define X(name, operands, summary)                                                                 \
    int cli_##name(int argc, char *const *argv);                                                   \
    extern const struct option_program CLI_##name;
CLI_COMMANDS(X)
#undef X

enum cli_exit {
    CLI_OK = 0,
    CLI_FAULTS = 1, // what was asked about has faults
    CLI_USAGE = 2,  // wrong options, or something can't be read or asked
};

#endif
