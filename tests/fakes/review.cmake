# SPDX-License-Identifier: Apache-2.0
add_library(review_case STATIC review_case.c review_world.c)
target_link_libraries(review_case PUBLIC sluice_review sluice_policy fake_json_patch sluice_base PRIVATE sluice_flags)
