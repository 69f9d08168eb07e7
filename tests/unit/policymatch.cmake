# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_policy_pattern DEPS sluice_policy)
sluice_add_test(test_policy_pattern_regex DEPS sluice_policy)
sluice_add_test(test_policy_set DEPS sluice_policy)
sluice_add_test(test_policy_defaults DEPS sluice_policy)
sluice_add_test(test_policy_pattern_docs DEPS sluice_policy sluice_shell)
