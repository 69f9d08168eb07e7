# SPDX-License-Identifier: Apache-2.0
add_library(fake_apiserver STATIC ${CMAKE_CURRENT_LIST_DIR}/apiserver_stub.c)
target_link_libraries(fake_apiserver PUBLIC sluice_kube PkgConfig::MHD PRIVATE sluice_flags)
