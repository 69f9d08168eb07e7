// SPDX-License-Identifier: Apache-2.0
// The cases of one FlinkPolicyTest: read, run by the webhook's engine, held against what they
// expect.
#ifndef SLUICE_CLI_TEST_CASE_H
#define SLUICE_CLI_TEST_CASE_H

#include "cli/input.h"
#include "common/k8s/violation.h"

#define TEST_KIND "FlinkPolicyTest"

struct test_case_result {
    const char *file;
    unsigned line;
    struct strview name;
    bool passed;
    struct strview why;             // not passed: what was expected, and what came
    const struct violations *found; // all of it
};

/// Borrowed for the call.
typedef void test_case_fn(void *arg, const struct test_case_result *r);

/// Runs every case of O. -1 with what is wrong with the test itself: an unknown member, a file that
/// can't be read, a case without `expect`; cases before it were told.
MUST_USE int test_run(const struct input_object *o, test_case_fn *tell, void *arg,
                      struct arena *arena, struct err *err);

#endif
