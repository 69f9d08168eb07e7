# SPDX-License-Identifier: Apache-2.0
add_library(fake_json_patch STATIC ${CMAKE_CURRENT_LIST_DIR}/json_tree.c
                                   ${CMAKE_CURRENT_LIST_DIR}/json_patch_apply.c)
target_link_libraries(fake_json_patch PUBLIC sluice_base PRIVATE sluice_flags)
