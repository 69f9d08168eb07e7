# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_certs_policy DEPS sluice_certs_core)
sluice_add_test(test_certs_names DEPS sluice_certs)
sluice_add_test(test_certs_x509 DEPS sluice_certs)
sluice_add_test(test_certs_store DEPS sluice_certs)
sluice_add_test(test_certs_managed DEPS sluice_certs)
sluice_add_test(test_certs_serving DEPS sluice_certs)
sluice_add_test(test_certs_kube DEPS sluice_certs_kube fake_apiserver)
sluice_add_test(test_certs_replicas DEPS sluice_certs_kube fake_apiserver)
