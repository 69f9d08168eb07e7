# SPDX-License-Identifier: Apache-2.0
add_library(fake_flink STATIC ${CMAKE_CURRENT_LIST_DIR}/flink_stub.c)
target_link_libraries(fake_flink PUBLIC sluice_shell Threads::Threads PRIVATE sluice_flags)
