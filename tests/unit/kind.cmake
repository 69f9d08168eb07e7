# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_flink_decode DEPS sluice_flink)
sluice_add_test(test_flink_schema DEPS sluice_flink)
sluice_add_test(test_flink_crd DEPS sluice_flink)
