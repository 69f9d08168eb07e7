# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_flink_conf DEPS sluice_flinkconf)
