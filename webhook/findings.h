// SPDX-License-Identifier: Apache-2.0
// What rules found in a review, for the metrics and the log line. Any thread.
#ifndef SLUICE_WEBHOOK_FINDINGS_H
#define SLUICE_WEBHOOK_FINDINGS_H

#include "common/base/metrics.h"
#include "common/base/strview.h"
#include "webhook/review.h"

/// Every rule by its id, those of the schema as one, what is none of them as another.
extern const struct metric_label FINDING_RULES;
/// "Deny", "Warn", "Audit", by enum severity.
extern const struct metric_label FINDING_ENFORCEMENTS;

/// Its series under these two labels.
struct metric_at finding_at(const struct review_finding *f);

/// Counts those of RES in row ID of M, and those of policies in row BY_POLICY, whose label values
/// are free; not those of a dry run, which changes nothing.
void findings_count(struct metrics *m, unsigned id, unsigned by_policy,
                    const struct review_result *res);

#define FINDINGS_TEXT_MAX 512

/// "parallelism_fits_slots,production/images.allowed": those of RES, put into BUF as far as they
/// find room; the result is BUF's. Empty when there are none.
struct strview findings_text(const struct review_result *res, char buf[FINDINGS_TEXT_MAX]);

#endif
