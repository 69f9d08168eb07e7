// SPDX-License-Identifier: Apache-2.0
// How options_table.inc lays its rows out: shared by options.c and options_check.c alone.
#ifndef SLUICE_FLINK_OPTION_ROWS_H
#define SLUICE_FLINK_OPTION_ROWS_H

#include <stdint.h>

#include "common/flink/options.h"

struct flink_option {
    uint16_t at; // the key's place in the pool of strings
    uint8_t len;
    uint8_t versions;   // bit per enum flink_release
    uint8_t type;       // enum flink_option_type
    uint8_t later_type; // the type from release LATER_FROM on (0: there is none)
    uint8_t later_from;
    uint8_t value_count; // of an enum
    uint16_t first_value;
};

struct enum_value {
    uint16_t at;
    uint8_t len;
    uint8_t versions;
};

/// The I-th value of an enum; false when VERSION doesn't know it.
bool flink_option_value(const struct flink_option *o, size_t i, struct flink_version version,
                        struct strview *ret);

#endif
