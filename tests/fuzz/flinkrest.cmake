# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_flink_rest DEPS sluice_flinkrest)
