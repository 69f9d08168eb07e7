# SPDX-License-Identifier: Apache-2.0
add_library(ctl_world STATIC ${CMAKE_CURRENT_LIST_DIR}/ctl_world.c
            ${CMAKE_CURRENT_LIST_DIR}/ctl_world_run.c)
target_link_libraries(ctl_world PUBLIC sluice_controller_core PkgConfig::CHECK PRIVATE sluice_flags)

sluice_add_test(test_ctl_plan DEPS ctl_world)
sluice_add_test(test_ctl_pods DEPS ctl_world)
sluice_add_test(test_ctl_places DEPS ctl_world)
sluice_add_test(test_ctl_trouble DEPS sluice_controller_core)
sluice_add_test(test_ctl_accept DEPS ctl_world)
sluice_add_test(test_ctl_ask DEPS ctl_world)
sluice_add_test(test_ctl_children DEPS ctl_world)
sluice_add_test(test_ctl_properties DEPS ctl_world)
sluice_add_test(test_ctl_delete DEPS ctl_world)
sluice_add_test(test_ctl_ha DEPS ctl_world)
sluice_add_test(test_ctl_ha_plan DEPS ctl_world)
sluice_add_test(test_ctl_names DEPS ctl_world)
sluice_add_test(test_ctl_record DEPS ctl_world)
sluice_add_test(test_ctl_status DEPS ctl_world)
sluice_add_test(test_podtemplate_merge DEPS sluice_flink)
sluice_add_test(test_ctl_render DEPS ctl_world)
sluice_add_test(test_ctl_refusals DEPS sluice_controller_shell)
sluice_add_test(test_ctl_strays DEPS sluice_controller_shell)
sluice_add_test(test_ctl_hostile DEPS ctl_world)
sluice_add_test(test_ctl_digest DEPS sluice_controller_core)
sluice_add_test(test_ctl_job DEPS ctl_world)
sluice_add_test(test_ctl_lives DEPS ctl_world)
sluice_add_test(test_ctl_policies
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_ctl_policies.c ${CMAKE_CURRENT_LIST_DIR}/flink_case.c
            ${CMAKE_CURRENT_LIST_DIR}/policy_case.c
    DEPS ctl_world)
sluice_add_test(test_ctl_audit
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_ctl_audit.c ${CMAKE_CURRENT_LIST_DIR}/flink_case.c
            ${CMAKE_CURRENT_LIST_DIR}/policy_case.c
    DEPS sluice_controller_core)
