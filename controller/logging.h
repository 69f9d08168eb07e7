// SPDX-License-Identifier: Apache-2.0
// The logging files that a cluster gets when its owner gives none: mounting a folder over the
// image's configuration hides the image's own. Constant.
#ifndef SLUICE_CONTROLLER_LOGGING_H
#define SLUICE_CONTROLLER_LOGGING_H

#include <stddef.h>

struct logging_file {
    const char *name;
    const char *text;
};

/// What Flink's distribution ships for the console, without the rolling file.
const struct logging_file *logging_defaults(size_t *n);

#endif
