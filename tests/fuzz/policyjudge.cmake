# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_policy_check DEPS sluice_policy)
