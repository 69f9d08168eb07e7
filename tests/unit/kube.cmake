# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_yaml DEPS sluice_yaml)
sluice_add_test(test_kube_resource DEPS sluice_kube_core)
sluice_add_test(test_kube_span DEPS sluice_kube_core)
sluice_add_test(test_kube_page DEPS sluice_kube_core)
sluice_add_test(test_kube_lines DEPS sluice_kube_core)
sluice_add_test(test_kube_kubeconfig DEPS sluice_kube_core sluice_k8s)
sluice_add_test(test_kube_event_core DEPS sluice_kube_core)
sluice_add_test(test_kube_store DEPS sluice_kube)
sluice_add_test(test_kube_watch_core DEPS sluice_kube_core)
sluice_add_test(test_kube_client DEPS fake_apiserver)
sluice_add_test(test_kube_watcher DEPS fake_apiserver)
sluice_add_test(test_kube_credential DEPS sluice_kube_connect)
sluice_add_test(test_kube_lease DEPS fake_apiserver)
sluice_add_test(test_kube_events DEPS fake_apiserver)
sluice_add_test(test_kube_config DEPS sluice_kube)

sluice_add_generator(sluice-kube-client-test SOURCES ${CMAKE_SOURCE_DIR}/tests/cluster/kube_client.c
                     DEPS sluice_kube PkgConfig::CHECK)
add_test(NAME kube_client COMMAND ${CMAKE_SOURCE_DIR}/tests/cluster/kube_client.sh
                                  $<TARGET_FILE:sluice-kube-client-test>)
set_tests_properties(kube_client PROPERTIES LABELS cluster TIMEOUT 300 RUN_SERIAL ON)

# What the controller is held against when there are many clusters (tests/cluster/keeper_scale_test.py).
sluice_add_generator(plain-client SOURCES ${CMAKE_SOURCE_DIR}/tests/cluster/plain_client.c DEPS sluice_kube)
