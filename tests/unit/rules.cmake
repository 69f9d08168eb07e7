# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_flink_law DEPS sluice_flink)
