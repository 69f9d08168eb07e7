// SPDX-License-Identifier: Apache-2.0
// The AdmissionReview v1 codec: request from a parsed body, response to bytes. A response starts as
// a refusal, so that what forgets to decide refuses. Source: k8s.io/api admission/v1 and the API
// server's webhook plugin. Pure.
#ifndef SLUICE_K8S_ADMISSION_H
#define SLUICE_K8S_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"

#define ADMISSION_UID_MAX           256  // bytes
#define ADMISSION_WARNING_MAX       120  // characters of one warning
#define ADMISSION_WARNINGS_MAX      4096 // characters of all: the API server cuts beyond
#define ADMISSION_AUDIT_MAX         8    // annotations
#define ADMISSION_AUDIT_VALUE_BYTES 1024

struct gvk {
    struct strview group, version, kind;
};

struct gvr {
    struct strview group, version, resource;
};

enum admission_operation {
    ADMISSION_CREATE,
    ADMISSION_UPDATE,
    ADMISSION_DELETE,
    ADMISSION_CONNECT,
    ADMISSION_OPERATION_COUNT
};

/// Texts and objects belong to the tree that was read. Absent optional members: SV_NONE, NULL,
/// false.
struct admission_request {
    struct strview uid;
    struct gvk kind;
    struct gvr resource;
    struct strview sub_resource;
    struct gvk request_kind;     // what the user asked for; as `kind` when absent
    struct gvr request_resource; // as `resource` when absent
    struct strview request_sub_resource;
    struct strview name; // may be empty on create: then generateName
    struct strview namespace_;
    enum admission_operation operation;
    struct strview username;
    const struct json *user_groups;         // array, or NULL
    const struct json *object, *old_object; // NULL or an object
    const struct json *options;             // NULL or an object
    bool dry_run;
};

/// Reads a review. -1 with E_INVALID (detail 400) and a text for the user when it is none: wrong
/// apiVersion or kind, no request, no uid, no kind, an unknown operation, a member of a wrong type,
/// no object where the operation has one. RET->uid is set whenever it could be read, so that the
/// caller can answer a refusal under it; when it is absent, only HTTP 400 is left.
MUST_USE int admission_decode(const struct json *review, struct admission_request *ret,
                              struct err *err);

/// "CREATE", …
const char *admission_operation_name(enum admission_operation op);

struct admission_audit {
    const char *key; // [A-Za-z0-9._-], at most 63: the API server puts the webhook's name before it
    struct strview value;
};

/// Zeroed by ADMISSION_RESPONSE but for the uid: refused, with 500 and no reason given.
struct admission_response {
    struct strview uid;
    bool allowed;
    // Of a refusal: the denials of `violations` if there are any, else these.
    int code;
    const char *reason; // metav1.StatusReason or NULL
    struct strview message;
    // Denials become causes, warnings become warnings; may be NULL.
    const struct violations *violations;
    struct strview group, kind, name; // of the object, for the Invalid status
    const struct strview *warnings;   // more of them, after the violations'
    size_t warning_count;
    struct strview patch; // RFC 6902 text; absent or "[]": none. Never sent with a refusal
    struct admission_audit audit[ADMISSION_AUDIT_MAX];
    size_t audit_count;
};

#define ADMISSION_RESPONSE(uid_) ((struct admission_response){.uid = (uid_)})

/// Notes an audit annotation; beyond the limit, or absent, it is dropped.
void admission_audit_add(struct admission_response *r, const char *key, struct strview value);

/// Appends the whole AdmissionReview. An `allowed` response whose violations hold a denial is a
/// programmer's error. Failures are sticky in OUT.
void admission_response_put(struct strbuf *out, const struct admission_response *r);

#endif
