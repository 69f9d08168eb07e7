// SPDX-License-Identifier: Apache-2.0
#include "controller/plan_settings.h"

#include <openssl/evp.h>

static void sha256_hex(struct strview text, char hex[65])
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    ASSERT(EVP_Digest(text.ptr, text.len, digest, &n, EVP_sha256(), NULL) == 1 && n == 32);
    for (unsigned i = 0; i < n; i++) {
        hex[i * 2] = DIGITS[digest[i] >> 4];
        hex[i * 2 + 1] = DIGITS[digest[i] & 15];
    }
    hex[64] = '\0';
}

struct plan_settings plan_settings_make(const char *ha_cluster_role)
{
    return (struct plan_settings){.version = SLUICE_VERSION,
                                  .ha_cluster_role = ha_cluster_role,
                                  .render_format = RENDER_FORMAT,
                                  .revision_history = REVISION_HISTORY,
                                  .deletion_timeout_ms = DELETION_TIMEOUT_MS,
                                  .hash = sha256_hex};
}
