# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_yaml DEPS sluice_yaml)
