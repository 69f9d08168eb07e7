# SPDX-License-Identifier: Apache-2.0
foreach(name IN ITEMS test_policy_beside test_policy_bypass test_policy_check)
    sluice_add_test(${name}
        SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.c ${CMAKE_CURRENT_LIST_DIR}/flink_case.c
                ${CMAKE_CURRENT_LIST_DIR}/policy_case.c
        DEPS sluice_policy)
endforeach()
sluice_add_test(test_flink_places
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_flink_places.c ${CMAKE_CURRENT_LIST_DIR}/flink_case.c
    DEPS sluice_flink)
