// SPDX-License-Identifier: Apache-2.0
// The head of a request: which review it asks for, and what speaks against it before its body is
// read. Any thread.
#ifndef SLUICE_WEBHOOK_HEAD_H
#define SLUICE_WEBHOOK_HEAD_H

#include <microhttpd.h>
#include <stddef.h>

#include "webhook/metrics.h"
#include "webhook/review.h"

/// REJECT_COUNT: nothing speaks against it. KIND is set for a known path, SIZE to Content-Length or
/// SIZE_MAX when it isn't told.
enum reject head_judge(struct MHD_Connection *connection, const char *url, const char *method,
                       enum review_kind *kind, size_t *size);

#endif
