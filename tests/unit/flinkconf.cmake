# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_flink_version DEPS sluice_flinkconf)
sluice_add_test(test_flink_amounts DEPS sluice_flinkconf)
sluice_add_test(test_flink_memory DEPS sluice_flinkconf)
sluice_add_test(test_flink_conf DEPS sluice_flinkconf)
sluice_add_test(test_flink_conf_render DEPS sluice_flinkconf)
sluice_add_test(test_flink_options DEPS sluice_flinkconf)
sluice_add_test(test_flink_plugins DEPS sluice_flinkconf)

find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
    add_test(NAME flink_options_table_is_up_to_date
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/common/flink/gen/options_table.py --check
                ${CMAKE_SOURCE_DIR}/common/flink/flink-options.tsv
                ${CMAKE_SOURCE_DIR}/common/flink/options_table.inc)
    set_tests_properties(flink_options_table_is_up_to_date PROPERTIES LABELS unit)
endif()
