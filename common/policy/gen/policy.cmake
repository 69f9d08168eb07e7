# SPDX-License-Identifier: Apache-2.0
# What is made from the rows of policy.def, status.def and rules.def.
sluice_add_generator(sluice-gen-policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/policy_main.c
                     DEPS sluice_policy sluice_kindgen)
sluice_generated(policy-crd FILE manifests/crd/flinkpolicies.yaml
                 COMMAND $<TARGET_FILE:sluice-gen-policy> crd)
sluice_generated(policy-reference FILE docs/reference/flinkpolicy.md
                 COMMAND $<TARGET_FILE:sluice-gen-policy> reference)
sluice_generated(policy-dictionary FILE tests/fuzz/flinkpolicy.dict
                 COMMAND $<TARGET_FILE:sluice-gen-policy> dictionary)
sluice_generated(policy-rules FILE docs/reference/policy-rules.md
                 COMMAND $<TARGET_FILE:sluice-gen-policy> rules)
