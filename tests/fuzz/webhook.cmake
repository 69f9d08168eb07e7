# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_review DEPS review_case)
