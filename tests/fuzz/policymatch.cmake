# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_pattern DEPS sluice_policy)
sluice_add_fuzzer(fuzz_policy_set DEPS sluice_policy)
