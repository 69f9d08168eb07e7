# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_map DEPS sluice_base)
sluice_add_test(test_ctl_queue DEPS sluice_controller_shell)
sluice_add_test(test_yaml_put DEPS sluice_yaml)
sluice_add_test(test_ctl_act DEPS sluice_controller_shell fake_apiserver)
sluice_add_test(test_ctl_act_live DEPS sluice_controller_shell fake_apiserver)
