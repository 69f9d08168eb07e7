# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_base64 DEPS sluice_base)
foreach(test IN ITEMS admission labels lease meta names quantity status timestamp)
    sluice_add_test(test_k8s_${test} DEPS sluice_k8s)
endforeach()
foreach(test IN ITEMS image role)
    sluice_add_test(test_refs_${test} DEPS sluice_refs)
endforeach()
