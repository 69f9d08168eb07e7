# SPDX-License-Identifier: Apache-2.0
sluice_add_test(test_review DEPS review_case sluice_yaml)
sluice_add_test(test_review_faults DEPS review_case)
sluice_add_test(test_review_policy
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_review_policy.c ${CMAKE_CURRENT_LIST_DIR}/flink_case.c
    DEPS review_case)
sluice_add_test(test_webhook_request DEPS sluice_webhook)
sluice_add_test(test_webhook_second_tries DEPS sluice_webhook)
sluice_add_test(test_webhook_findings DEPS sluice_webhook)
sluice_add_test(test_webhook_steady DEPS sluice_webhook)

# The webhook's own program over real sockets, by Python: label `single`, since they measure time and memory.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(name IN ITEMS doors deadlines certificates shutdown hostile snapshot)
    add_test(NAME webhook_${name}
        COMMAND ${Python3_EXECUTABLE} -B -W ignore::DeprecationWarning
                ${CMAKE_SOURCE_DIR}/tests/webhook/${name}.py $<TARGET_FILE:sluice-webhook>)
    set_tests_properties(webhook_${name} PROPERTIES LABELS "unit;single" TIMEOUT 180)
    if(SLUICE_SANITIZE)
        set_tests_properties(webhook_${name} PROPERTIES ENVIRONMENT "SLUICE_SANITIZED=1")
    else()
        set_tests_properties(webhook_${name} PROPERTIES RUN_SERIAL ON)
    endif()
endforeach()

sluice_add_test(test_webhook_conns DEPS sluice_webhook)

# More than can be served, by a client that calls as API servers do.
sluice_add_generator(flood SOURCES ${CMAKE_SOURCE_DIR}/tests/webhook/flood.c DEPS sluice_shell OpenSSL::SSL)
add_test(NAME webhook_overload
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/webhook/overload.py $<TARGET_FILE:sluice-webhook>
            $<TARGET_FILE:flood>)
set_tests_properties(webhook_overload PROPERTIES LABELS "unit;single" TIMEOUT 300 RUN_SERIAL ON)
if(SLUICE_SANITIZE)
    set_tests_properties(webhook_overload PROPERTIES ENVIRONMENT "SLUICE_SANITIZED=1")
endif()
