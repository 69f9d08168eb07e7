# SPDX-License-Identifier: Apache-2.0
# The controller as it is, with a function of it taken over by the linker: sluice_add_wrapped_controller(NAME FUNCTION…)
# reads NAME.c beside this file.
get_target_property(controller_libraries sluice-controller LINK_LIBRARIES)
function(sluice_add_wrapped_controller name)
    string(REPLACE "-" "_" source ${name})
    add_executable(sluice-${name} ${CMAKE_SOURCE_DIR}/controller/main.c ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${source}.c)
    target_link_libraries(sluice-${name} PRIVATE ${controller_libraries})
    foreach(function IN LISTS ARGN)
        target_link_options(sluice-${name} PRIVATE -Wl,--wrap=${function})
    endforeach()
    set_target_properties(sluice-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests
                                                    INTERPROCEDURAL_OPTIMIZATION OFF)
endfunction()

sluice_add_wrapped_controller(controller-crash kube_call)
sluice_add_wrapped_controller(controller-next plan_settings_make pod_text rest_service_text)
