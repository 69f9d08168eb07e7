# SPDX-License-Identifier: Apache-2.0
# Warnings, hardening and sanitizers, each probed once, gathered in the interface target `sluice_flags`.
include(CheckCCompilerFlag)
add_library(sluice_flags INTERFACE)

function(sluice_probe_flags)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "HAVE${flag}" var)
        # A -Wno- flag or an unknown warning is only an error together with -Werror.
        set(CMAKE_REQUIRED_FLAGS "-Werror")
        check_c_compiler_flag("${flag}" ${var})
        if(${var})
            target_compile_options(sluice_flags INTERFACE "${flag}")
        endif()
    endforeach()
endfunction()

sluice_probe_flags(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-variable-declarations -Wold-style-definition
    -Wundef -Wvla -Wformat=2 -Wformat-signedness -Wformat-truncation=2 -Wswitch-enum
    -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion -Wduplicated-cond
    -Wduplicated-branches -Wlogical-op -Wjump-misses-init -Walloc-zero -Warray-bounds=2
    -Wwrite-strings -Wpointer-arith -Wunused-macros -Wbidi-chars=any)
# Rows of the tables name the members they set; the others are zero, which is what they mean.
sluice_probe_flags(-Wno-missing-field-initializers)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    sluice_probe_flags(-Wno-initializer-overrides -Wno-gnu-zero-variadic-macro-arguments)
else()
    sluice_probe_flags(-Wno-override-init)
endif()
if(SLUICE_WERROR)
    target_compile_options(sluice_flags INTERFACE -Werror)
endif()

target_compile_definitions(sluice_flags INTERFACE _GNU_SOURCE SLUICE_VERSION="${PROJECT_VERSION}")
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/gen)
sluice_probe_flags("-ffile-prefix-map=${CMAKE_SOURCE_DIR}=." -fno-strict-overflow
                   -fno-delete-null-pointer-checks)

if(SLUICE_HARDEN)
    sluice_probe_flags(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong
                       -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    target_link_options(sluice_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
                                               -Wl,--as-needed)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT SLUICE_LTO LANGUAGES C OUTPUT SLUICE_LTO_WHY)
    if(SLUICE_LTO)
        set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    endif()
endif()

if(SLUICE_SANITIZE)
    target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all -g)
    target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
    target_compile_definitions(sluice_flags INTERFACE SLUICE_SANITIZED)
endif()
if(SLUICE_FUZZ)
    target_compile_options(sluice_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
