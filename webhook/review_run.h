// SPDX-License-Identifier: Apache-2.0
// One review under way, and what its rooms say to each other. For the review_*.c alone. Pure.
#ifndef SLUICE_WEBHOOK_REVIEW_RUN_H
#define SLUICE_WEBHOOK_REVIEW_RUN_H

#include "common/flink/cluster.h"
#include "common/flink/defaults.h"
#include "common/json/patch.h"
#include "common/k8s/admission.h"
#include "common/k8s/violation.h"
#include "webhook/review.h"

/// Bytes of a patch at most.
#define REVIEW_PATCH_MAX ((size_t)512 << 10)

struct review {
    struct arena *arena;
    struct strbuf *out;
    struct review_result *result;
    enum review_kind kind;
    const struct review_context *context;
    struct admission_request request;
    struct admission_response response;
    struct violations violations;
    struct json_patch patch;
};

// ---- answers (review.c) ------------------------------------------------------------------------

void review_allow(struct review *r);
void review_refuse(struct review *r, enum review_verdict verdict, int code, const char *reason,
                   struct strview message);

/// By what r->violations hold: refused with all of them, or allowed with warnings and notes.
void review_answer_violations(struct review *r);

/// WHAT ("namespace \"x\"") is not known yet, and the verdict depends on it: 429, or near the
/// deadline a refusal that says so.
void review_answer_unknown(struct review *r, struct strview what);
void review_answer_unknown_namespace(struct review *r);

// ---- rooms -------------------------------------------------------------------------------------

/// A FlinkCluster (review_cluster.c).
void review_cluster(struct review *r);
/// A Scale of a FlinkCluster (review_scale.c).
void review_scale(struct review *r);
/// A FlinkPolicy (review_policy.c).
void review_policy(struct review *r);

/// The audit annotations, and the result's findings and counts (review_audit.c).
void review_note_audit(struct review *r);
void review_count_findings(struct review *r);

// ---- policies (review_policies.c) --------------------------------------------------------------

/// What the policies give to NOW, a create or an update of OLD. False: it rests on a namespace that
/// is not known.
bool review_presets(struct review *r, const struct flink_cluster *now,
                    const struct flink_cluster *old, const struct flink_presets **ret);

/// The faults of a create whose presets need what is not there yet, such as the name under
/// generateName.
void review_presets_missing(struct review *r, const struct flink_cluster *now,
                            const struct flink_presets *presets);

struct review_judged {
    const struct flink_cluster *now;
    const struct flink_cluster *old;         // NULL on a create
    const struct flink_effective *effective; // of NOW, or NULL
    bool before_defaults;
    bool scale;
};

/// Judges by the policies: findings into r->violations. False: a finding rests on a namespace that
/// is not known.
bool review_judge(struct review *r, const struct review_judged *it);

#endif
