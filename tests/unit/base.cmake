# SPDX-License-Identifier: Apache-2.0
foreach(test IN ITEMS strview strbuf arena err parse_num path)
    sluice_add_test(test_${test} DEPS sluice_base)
endforeach()
sluice_add_test(test_violation DEPS sluice_k8s)
