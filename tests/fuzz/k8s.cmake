# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_quantity DEPS sluice_k8s)
sluice_add_fuzzer(fuzz_image DEPS sluice_refs)
sluice_add_fuzzer(fuzz_arn DEPS sluice_refs)
