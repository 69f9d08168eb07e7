# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_flink_law DEPS sluice_flink)
foreach(name IN ITEMS test_flink_defaults test_flink_effective test_flink_revision test_flink_rules)
    sluice_add_test(${name}
        SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.c ${CMAKE_CURRENT_LIST_DIR}/flink_case.c
        DEPS sluice_flink fake_json_patch)
endforeach()
