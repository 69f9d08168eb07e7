// SPDX-License-Identifier: Apache-2.0
// Puts the CA bundle into a MutatingWebhookConfiguration and a ValidatingWebhookConfiguration: a
// JSON patch of clientConfig.caBundle alone, each preceded by a test of its webhook's name, so
// nothing else is touched and a list that was changed meanwhile is left for the next round. Where
// the bundle is there already nothing is written; a reset by Helm or GitOps is repaired by the next
// round. Needs `get` and `patch` on those two objects.
#ifndef SLUICE_CERTS_WEBHOOK_PUBLISHER_H
#define SLUICE_CERTS_WEBHOOK_PUBLISHER_H

#include "certs/publisher.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "common/kube/client.h"

struct webhook_publisher {
    struct certs_publisher publisher;    // what the others need
    struct kube *kube;                   // borrowed, used in the thread of the caller
    struct strview mutating, validating; // names; empty: there is none
};

/// Reads nothing yet.
void webhook_publisher_init(struct webhook_publisher *ret, struct kube *kube,
                            struct strview mutating, struct strview validating);

/// The patch that puts BUNDLE (base64) into every webhook of CONFIGURATION that has another one:
/// how many, with the text appended to OUT ("[]" for none). Pure.
size_t webhook_publisher_patch(const struct json *configuration, struct strview bundle,
                               struct strbuf *out);

/// Takes from *RET what a webhook of CONFIGURATION lacks, as certs_publisher's look() has it. Pure.
void webhook_publisher_compare(const struct json *configuration, struct strview bundle,
                               struct strview leaf, struct strview ca, struct arena *arena,
                               struct certs_published *ret);

#endif
