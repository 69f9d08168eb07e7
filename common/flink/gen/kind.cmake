# SPDX-License-Identifier: Apache-2.0
# What is made from the rows of cluster.def, status.def and schema_rules.def.
sluice_add_generator(sluice-gen-kind SOURCES ${CMAKE_CURRENT_LIST_DIR}/kind_main.c
                     DEPS sluice_flink sluice_kindgen)
sluice_generated(crd FILE manifests/crd/flinkclusters.yaml COMMAND $<TARGET_FILE:sluice-gen-kind> crd)
sluice_generated(reference FILE docs/reference/flinkcluster.md
                 COMMAND $<TARGET_FILE:sluice-gen-kind> reference)
sluice_generated(dictionary FILE tests/fuzz/flinkcluster.dict
                 COMMAND $<TARGET_FILE:sluice-gen-kind> dictionary)
sluice_generated(rules FILE docs/reference/rules.md COMMAND $<TARGET_FILE:sluice-gen-kind> rules)
