# SPDX-License-Identifier: Apache-2.0
# A committed file that a program of ours prints: `ninja generate` writes it anew, a test compares.
# sluice_generated(NAME FILE path-in-the-source-tree COMMAND …)
add_custom_target(generate)
function(sluice_generated name)
    cmake_parse_arguments(A "" "FILE" "COMMAND" ${ARGN})
    add_custom_target(generate-${name}
        COMMAND ${A_COMMAND} > ${CMAKE_SOURCE_DIR}/${A_FILE} VERBATIM)
    add_dependencies(generate generate-${name})
    if(SLUICE_TESTS)
        add_test(NAME generated_${name}
            COMMAND sh -c "\"$@\" | diff -u \"$0\" - || { echo \"stale: run ninja generate\"; exit 1; }"
                    ${CMAKE_SOURCE_DIR}/${A_FILE} ${A_COMMAND})
        set_tests_properties(generated_${name} PROPERTIES LABELS unit)
    endif()
endfunction()
