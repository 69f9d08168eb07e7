// SPDX-License-Identifier: Apache-2.0
#include "webhook/metrics.h"

#include "certs/policy.h"
#include "common/k8s/admission.h"
#include "webhook/findings.h"
#include "webhook/review.h"
#include "webhook/tls.h"

static const char *const WEBHOOKS[] = {
#define X(id, name) [REVIEW_##id] = name,
    REVIEW_KINDS(X)
#undef X
};
static const char *const VERDICTS[] = {
#define X(id, name) [REVIEW_##id] = name,
    REVIEW_VERDICTS(X)
#undef X
};
static const char *const REJECT_LABELS[] = {
#define X(id, label, status, text) [REJECT_##id] = label,
    REJECTS(X)
#undef X
};
static const char *const END_LABELS[] = {
#define X(id, label) [CONN_END_##id] = label,
    CONN_ENDS(X)
#undef X
};
static const char *const PHASES[] = {
#define X(id, name) [CERTS_##id] = name,
    CERTS_PHASES(X)
#undef X
};
static const char *const REFUSALS[] = {
#define X(id, label) [TLS_##id] = label,
    TLS_REFUSALS(X)
#undef X
};
static const char *const LEASES[] = {"sluice-webhook"};
static const char *const RESOURCES[] = {
#define X(id, label) [SNAPSHOT_RESOURCE_##id] = label,
    SNAPSHOT_RESOURCES(X)
#undef X
};
static const char *const OPERATIONS[ADMISSION_OPERATION_COUNT] = {
    [ADMISSION_CREATE] = "CREATE",
    [ADMISSION_UPDATE] = "UPDATE",
    [ADMISSION_DELETE] = "DELETE",
    [ADMISSION_CONNECT] = "CONNECT",
};

static const struct metric_label LABEL_WEBHOOK = {"webhook", WEBHOOKS, ARRAY_LEN(WEBHOOKS)};
static const struct metric_label LABEL_VERDICT = {"verdict", VERDICTS, ARRAY_LEN(VERDICTS)};
static const struct metric_label LABEL_OPERATION = {"operation", OPERATIONS, ARRAY_LEN(OPERATIONS)};
static const struct metric_label LABEL_END = {"reason", END_LABELS, ARRAY_LEN(END_LABELS)};
static const struct metric_label LABEL_REJECT = {"reason", REJECT_LABELS, ARRAY_LEN(REJECT_LABELS)};
static const struct metric_label LABEL_PHASE = {"phase", PHASES, ARRAY_LEN(PHASES)};
static const struct metric_label LABEL_REFUSAL = {"reason", REFUSALS, ARRAY_LEN(REFUSALS)};
static const struct metric_label LABEL_LEASE = {"name", LEASES, ARRAY_LEN(LEASES)};
static const struct metric_label LABEL_POLICY = {.name = "policy"}; // as they come
static const struct metric_label LABEL_RULE = {.name = "rule"};
static const struct metric_label LABEL_ENFORCEMENT = {.name = "enforcement"};
static const struct metric_label LABEL_RESOURCE = {"resource", RESOURCES, ARRAY_LEN(RESOURCES)};

const struct metric_row WEBHOOK_METRICS[M_COUNT] = {
#define METRIC METRIC_ROW
#include "webhook/metrics.def"
#undef METRIC
};
