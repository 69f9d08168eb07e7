// SPDX-License-Identifier: Apache-2.0
// How many objects break which rule of which policy, for the end of a report.
#ifndef SLUICE_CLI_TALLY_H
#define SLUICE_CLI_TALLY_H

#include "common/base/err.h"
#include "common/k8s/violation.h"

/// Rules of policies that are told apart at most; findings of further ones are in no sum.
#define TALLY_MAX 1024

struct tally_row {
    const char *rule; // static
    struct strview policy;
    enum severity severity;
    size_t objects;
};

struct tally {
    struct arena arena;
    struct tally_row *rows;
    size_t n, more;
};

/// An empty one.
#define TALLY ((struct tally){.arena = ARENA((size_t)1 << 20)})

/// Counts what was found of one object, a rule once. E_NOMEM.
MUST_USE int tally_add(struct tally *t, const struct violations *v, struct err *err);

/// Prints it on stdout, the worst first; nothing when it is empty.
void tally_print(struct tally *t);
void tally_done(struct tally *t);

#endif
