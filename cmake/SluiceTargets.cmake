# SPDX-License-Identifier: Apache-2.0
# The only ways to add a target, so that the layers hold: a pure library is refused every library that
# touches the world.
set(SLUICE_WORLD PkgConfig::MHD PkgConfig::GNUTLS PkgConfig::CURL PkgConfig::YAML Threads::Threads
                 OpenSSL::SSL OpenSSL::Crypto)

# sluice_add_library(NAME [PURE] SOURCES … [DEPS …])   makes the target sluice_NAME
function(sluice_add_library name)
    cmake_parse_arguments(A "PURE" "" "SOURCES;DEPS" ${ARGN})
    add_library(sluice_${name} STATIC ${A_SOURCES})
    target_link_libraries(sluice_${name} PUBLIC ${A_DEPS} PRIVATE sluice_flags)
    set_target_properties(sluice_${name} PROPERTIES SLUICE_PURE "${A_PURE}")
    if(A_PURE)
        foreach(dep IN LISTS A_DEPS)
            if(dep IN_LIST SLUICE_WORLD)
                message(FATAL_ERROR "sluice_${name} is pure and may not link ${dep}")
            elseif(TARGET ${dep})
                get_target_property(pure ${dep} SLUICE_PURE)
                if(dep MATCHES "^sluice_" AND NOT pure)
                    message(FATAL_ERROR "sluice_${name} is pure and may not link ${dep}, which is not")
                endif()
            endif()
        endforeach()
    endif()
endfunction()

# sluice_add_program(NAME SOURCES … [DEPS …])   makes build/bin/NAME
function(sluice_add_program name)
    cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE ${A_DEPS} sluice_flags)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# sluice_add_generator(NAME SOURCES … [DEPS …])   a tool that runs at build time, not installed
function(sluice_add_generator name)
    cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE ${A_DEPS} sluice_flags)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)
endfunction()

# sluice_add_test(NAME [SOURCES …] [DEPS …] [LABEL unit] [TIMEOUT s])   tests/unit/NAME.c, run by CTest
function(sluice_add_test name)
    cmake_parse_arguments(A "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
    if(NOT A_LABEL)
        set(A_LABEL unit)
    endif()
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 120)
    endif()
    if(NOT A_SOURCES)
        set(A_SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/${name}.c)
    endif()
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE ${A_DEPS} PkgConfig::CHECK sluice_flags)
    target_compile_definitions(${name} PRIVATE SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                               SLUICE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${A_LABEL} TIMEOUT ${A_TIMEOUT})
    if(SLUICE_SANITIZE MATCHES "thread")
        set_tests_properties(${name} PROPERTIES ENVIRONMENT "CK_FORK=no;CK_TIMEOUT_MULTIPLIER=10")
    elseif(SLUICE_SANITIZE)
        set_tests_properties(${name} PROPERTIES ENVIRONMENT "CK_TIMEOUT_MULTIPLIER=10")
    endif()
endfunction()
