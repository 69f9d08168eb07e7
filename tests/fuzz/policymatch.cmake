# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_pattern DEPS sluice_policy)
