// SPDX-License-Identifier: Apache-2.0
// The instructions of a compiled regular expression; for pattern_regex*.c alone. Constant.
#ifndef SLUICE_POLICY_PATTERN_REGEX_CODE_H
#define SLUICE_POLICY_PATTERN_REGEX_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "common/policy/pattern_glob.h"

enum regex_op {
    REGEX_BYTE,
    REGEX_SET,
    REGEX_BEGIN, // ^
    REGEX_END,   // $
    REGEX_JUMP,  // to x
    REGEX_SPLIT, // to x and to y
    REGEX_MATCH,
};

struct regex_step {
    enum regex_op op;
    unsigned char byte;
    uint16_t x, y;
    const struct byte_set *set;
};

struct regex {
    size_t n;
    struct regex_step steps[];
};

#endif
