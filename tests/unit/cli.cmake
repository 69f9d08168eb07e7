# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_cli_input DEPS sluice_cli)
sluice_add_test(test_cli_status DEPS sluice_status_view sluice_shell)
