// SPDX-License-Identifier: Apache-2.0
// What every fuzz target defines. A finding is an ASSERT() that fails, or a sanitizer's report.
#ifndef SLUICE_FUZZ_FUZZ_H
#define SLUICE_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/// One input, SIZE bytes at DATA without a NUL behind; 0. No state may stay from call to call.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
