# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_watch DEPS sluice_kube_core)
sluice_add_fuzzer(fuzz_yaml DEPS sluice_yaml)
