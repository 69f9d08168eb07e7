// SPDX-License-Identifier: Apache-2.0
// The status of a FlinkPolicy after an audit, and whether it is worth a write. Pure.
#ifndef SLUICE_CONTROLLER_AUDIT_STATUS_H
#define SLUICE_CONTROLLER_AUDIT_STATUS_H

#include "controller/audit.h"

/// C(reason, meaning): of the condition Ready.
#define AUDIT_REASONS(C)                                                                           \
    C("InForce", "Every part of the policy is in force.")                                          \
    C("PartsUnusable",                                                                             \
      "Something in it can't be used, and is left out so that less is let in; the message names "  \
      "it. The rest is in force.")

struct audit_told {
    const struct audit_policy *found;
    size_t faults;              // how much of the policy can't be used
    struct strview faults_text; // and what
    int64_t now_ms;             // Unix time of the audit's end
};

/// {"status": …} as a merge patch of LIVE (the object as read), texts in ARENA; *RET_CHANGED tells
/// whether anything but lastAudit is other than in LIVE. -1: E_NOMEM.
MUST_USE int audit_status(const struct audit_told *told, const struct json *live,
                          struct arena *arena, struct strview *ret, bool *ret_changed,
                          struct err *err);

/// When LIVE was audited last, Unix milliseconds; 0: never.
int64_t audit_status_time(const struct json *live);

#endif
