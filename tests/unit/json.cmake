# SPDX-License-Identifier: Apache-2.0
foreach(test IN ITEMS text keyset strict strict_limits scan_uid view equal out)
    sluice_add_test(test_json_${test} DEPS sluice_json)
endforeach()
sluice_add_test(test_json_tree DEPS sluice_json sluice_shell)
sluice_add_test(test_json_patch DEPS sluice_json fake_json_patch)
sluice_add_test(test_fake_json_patch DEPS fake_json_patch)
