// SPDX-License-Identifier: Apache-2.0
#include "webhook/head.h"

#include <string.h>
#include <strings.h>

#include "common/base/parse_num.h"
#include "webhook/server.h"

static bool is_json(struct MHD_Connection *connection)
{
    static const char TYPE[] = "application/json";
    const char *type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (type == NULL || strncasecmp(type, TYPE, sizeof(TYPE) - 1) != 0) {
        return false;
    }
    char next = type[sizeof(TYPE) - 1];
    return next == '\0' || next == ';' || next == ' ';
}

static enum MHD_Result count_lengths(void *cls, enum MHD_ValueKind kind, const char *key,
                                     const char *value)
{
    (void)kind;
    (void)value;
    unsigned *n = cls;
    *n += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    return MHD_YES;
}

enum reject head_judge(struct MHD_Connection *connection, const char *url, const char *method,
                       enum review_kind *kind, size_t *size)
{
    if (strcmp(url, SERVER_PATH_MUTATE) == 0) {
        *kind = REVIEW_MUTATE;
    } else if (strcmp(url, SERVER_PATH_VALIDATE) == 0) {
        *kind = REVIEW_VALIDATE;
    } else {
        return REJECT_PATH;
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
        return REJECT_METHOD;
    }
    if (!is_json(connection)) {
        return REJECT_MEDIA_TYPE;
    }
    unsigned lengths = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_lengths, &lengths);
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t n;
    // With both, what stands behind the shorter body would pass for a next request (RFC 9112, 6.1).
    if (lengths > 1 ||
        (lengths == 1 && MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL)) {
        return REJECT_HEADERS;
    }
    *size = length != NULL && parse_u64(sv_from(length), &n) ? (size_t)n : SIZE_MAX;
    return REJECT_COUNT;
}
