// SPDX-License-Identifier: Apache-2.0
// Why a job failed, in one line, out of a Java stack trace. Pure.
#ifndef SLUICE_CONTROLLER_FLINK_ROOT_CAUSE_H
#define SLUICE_CONTROLLER_FLINK_ROOT_CAUSE_H

#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// Appends the deepest `Caused by:` of TRACE with its message (what is suppressed is no cause), or
/// the first line when there is none. A cause without a message ("java.util.concurrent.
/// TimeoutException") says too little: then the line above it stands before it. At most MAX bytes
/// are appended, cut between characters.
void root_cause_put(struct strbuf *out, struct strview trace, size_t max);

/// Appends TEXT as one line of at most MAX bytes: control characters and white space, runs of them
/// too, become one space; cut between characters, with "…" at the end.
void one_line_put(struct strbuf *out, struct strview text, size_t max);

#endif
