# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_policy_admit DEPS sluice_policy sluice_shell)
sluice_add_test(test_policy_kind DEPS sluice_policy)
sluice_add_test(test_policy_overlap DEPS sluice_policy)
