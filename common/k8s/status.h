// SPDX-License-Identifier: Apache-2.0
// metav1.Status: what the API server answers when it refuses (reader), and what we answer when we
// refuse an object (writer, as built-in kinds have it: apimachinery errors.NewInvalid). Pure.
#ifndef SLUICE_K8S_STATUS_H
#define SLUICE_K8S_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/json/out.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"

/// Causes beyond these are not read.
#define STATUS_CAUSES_MAX 256

/// Bytes of the message of an Invalid status that name causes; the rest is counted ("and N more").
#define STATUS_MESSAGE_MAX (8 * 1024)

struct status_cause {
    struct strview reason, message, field;
};

/// Texts belong to the tree that was read, the array to the arena.
struct status {
    bool is_status; // what was read had kind Status
    int code;       // 0: not said
    struct strview reason, message;
    struct strview group, kind, name; // details
    uint32_t retry_after_seconds;     // details; 0: not said
    const struct status_cause *causes;
    size_t cause_count;
};

/// Reads a Status, tolerantly: BODY may be NULL or anything else, and then *RET is empty. -1 only
/// with E_NOMEM.
MUST_USE int status_read(const struct json *body, struct arena *arena, struct status *ret,
                         struct err *err);

/// The error that an answer with HTTP_CODE means; ST may be empty. Fills *ERR (code below, detail =
/// HTTP_CODE, retry_after_ms from the status) and returns -1; 0 for 2xx.
///   400, 405, 406, 413, 415, 422 → E_INVALID   401, 403 → E_DENIED   404 → E_NOT_FOUND
///   409 → E_CONFLICT   410 → E_GONE   429 → E_THROTTLED   408, 504 → E_TIMEOUT   other →
///   E_TRANSPORT
/// Any answer with retryAfterSeconds and 5xx is E_THROTTLED too.
int status_to_err(const struct status *st, int http_code, struct err *err);

/// Writes the `status` object of a refusal, code 422, reason Invalid, with the denials of V as
/// causes. NAME may be empty (generateName).
void status_put_invalid(struct json_out *o, struct strview group, struct strview kind,
                        struct strview name, const struct violations *v);

/// Writes a plain failure: code, reason (metav1.StatusReason, may be NULL), message.
void status_put_failure(struct json_out *o, int code, const char *reason, struct strview message);

#endif
