# SPDX-License-Identifier: Apache-2.0
foreach(test IN ITEMS text keyset strict strict_limits scan_uid view equal out)
    sluice_add_test(test_json_${test} DEPS sluice_json)
endforeach()
sluice_add_test(test_json_tree DEPS sluice_json sluice_shell)
sluice_add_test(test_json_shortcuts DEPS sluice_json sluice_shell)
# The scan without vectors: what other machines run must say the same.
foreach(test IN ITEMS text strict strict_limits)
    sluice_add_test(test_json_${test}_scalar SOURCES test_json_${test}.c DEPS sluice_json_scalar)
    target_compile_definitions(test_json_${test}_scalar PRIVATE SLUICE_SCALAR)
endforeach()
sluice_add_test(test_json_patch DEPS sluice_json fake_json_patch)
sluice_add_test(test_json_patch_apply DEPS sluice_json fake_json_patch)
sluice_add_test(test_fake_json_patch DEPS fake_json_patch)
