# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_flink_decode DEPS sluice_flink)
sluice_add_test(test_flink_schema DEPS sluice_flink)
sluice_add_test(test_flink_crd DEPS sluice_flink)
sluice_add_test(test_flink_podtemplate DEPS sluice_flink)

# The pod template's table, where the Kubernetes module that dev/ builds from is at hand.
add_test(NAME podtemplate_table COMMAND ${CMAKE_SOURCE_DIR}/dev/podtemplate-table.sh --check)
set_tests_properties(podtemplate_table PROPERTIES LABELS unit SKIP_RETURN_CODE 77)

# The differential test of the schema, against a real API server.
sluice_add_generator(sluice-schema-verdict SOURCES ${CMAKE_SOURCE_DIR}/tests/cluster/schema_verdict.c
                     DEPS sluice_policy)
add_test(NAME differential COMMAND ${CMAKE_SOURCE_DIR}/tests/cluster/differential.sh
                                   $<TARGET_FILE:sluice-schema-verdict>)
set_tests_properties(differential PROPERTIES LABELS cluster TIMEOUT 600 RUN_SERIAL ON)
