# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_clock DEPS sluice_shell)
sluice_add_test(test_edit_distance DEPS sluice_base)
sluice_add_test(test_log DEPS sluice_shell sluice_json)
sluice_add_test(test_metrics DEPS sluice_shell)
sluice_add_test(test_options DEPS sluice_shell)
sluice_add_test(test_os_file DEPS sluice_shell)
sluice_add_test(test_signals DEPS sluice_shell)
sluice_add_test(test_health DEPS sluice_health)
