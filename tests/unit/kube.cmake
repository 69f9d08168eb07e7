# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_yaml DEPS sluice_yaml)
sluice_add_test(test_kube_resource DEPS sluice_kube_core)
sluice_add_test(test_kube_span DEPS sluice_kube_core)
sluice_add_test(test_kube_lines DEPS sluice_kube_core)
sluice_add_test(test_kube_kubeconfig DEPS sluice_kube_core sluice_k8s)
sluice_add_test(test_kube_event_core DEPS sluice_kube_core)
sluice_add_test(test_kube_store DEPS sluice_kube)
sluice_add_test(test_kube_watch_core DEPS sluice_kube_core)
