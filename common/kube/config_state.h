// SPDX-License-Identifier: Apache-2.0
// What is in a kube_config, for the files of common/kube that make connections from it.
#ifndef SLUICE_KUBE_CONFIG_STATE_H
#define SLUICE_KUBE_CONFIG_STATE_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/kube/config.h"

/// A bound token is re-read this often (kubelet renews it at 80 % of an hour or more).
#define KUBE_TOKEN_REREAD_MS 60000
#define KUBE_MAX_TOKEN       ((size_t)64 << 10)

struct kube_config {
    struct arena arena; // of the texts
    struct strview server, namespace_;
    const char *user_agent;
    const char *manager;          // the field manager when a handle names none
    struct strview ca, cert, key; // PEM, or SV_NONE
    bool insecure, http1, allow_http;
    const char *warning;
    const char *token_file; // NULL: the token is fixed
    pthread_mutex_t lock;   // of what follows
    struct strbuf token;
    int64_t token_read_ms;
};

/// Appends "Authorization: Bearer …" (NUL-terminated), or nothing when there is no token. REREAD:
/// not only after a minute. A file that can't be read leaves the token that we have.
void kube_config_put_authorization(struct kube_config *c, bool reread, struct strbuf *out);

/// What every transfer to this API server has in common.
void kube_config_setup(const struct kube_config *c, CURL *easy);

#endif
