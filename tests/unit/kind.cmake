# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_flink_decode DEPS sluice_flink)
sluice_add_test(test_flink_schema DEPS sluice_flink)
sluice_add_test(test_flink_crd DEPS sluice_flink)
sluice_add_generator(sluice-schema-verdict SOURCES ${CMAKE_SOURCE_DIR}/tests/cluster/schema_verdict.c
                     DEPS sluice_flink)
add_test(NAME differential COMMAND ${CMAKE_SOURCE_DIR}/tests/cluster/differential.sh
                                   $<TARGET_FILE:sluice-schema-verdict>)
set_tests_properties(differential PROPERTIES LABELS cluster TIMEOUT 180 RUN_SERIAL ON)
