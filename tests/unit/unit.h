// SPDX-License-Identifier: Apache-2.0
// The main() of a unit test: `UNIT_MAIN(setup, teardown, test_a, test_b)`; setup and teardown (may
// be NULL) run around each test.
#ifndef SLUICE_UNIT_UNIT_H
#define SLUICE_UNIT_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "common/base/macros.h"

static inline int unit_run(const TTest *const *tests, size_t n, void (*setup)(void),
                           void (*teardown)(void))
{
    Suite *suite = suite_create("unit");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < n; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(setup, teardown, ...)                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return unit_run(tests, ARRAY_LEN(tests), setup, teardown);                                 \
    }

#endif
