// SPDX-License-Identifier: Apache-2.0
// Cloud identities of pods, by their form: AWS IAM role ARN, GCP service account, Azure client id.
// Parsed into fields, since rules compare fields, never text prefixes. Source: IAM API reference
// (Role, ARN), GCP service account naming, RFC 4122. Pure.
#ifndef SLUICE_REFS_ROLE_H
#define SLUICE_REFS_ROLE_H

#include <stdbool.h>

#include "common/base/strview.h"

#define ROLE_ARN_MAX  2048
#define ROLE_NAME_MAX 64
#define ROLE_PATH_MAX 512

enum role_form {
    ROLE_AWS,   // arn:aws:iam::123456789012:role/path/name
    ROLE_GCP,   // name@project.iam.gserviceaccount.com
    ROLE_AZURE, // 11111111-2222-3333-4444-555555555555
    ROLE_FORM_COUNT
};

/// Texts belong to the input.
struct role {
    enum role_form form;
    struct strview text;
    struct strview partition; // AWS: "aws", "aws-cn", …
    struct strview
        account;         // AWS: 12 digits; GCP: the project ("p", or "p.example.com" of a domain)
    struct strview path; // AWS: with its slashes, "/" at least
    struct strview name; // AWS: role name; GCP: account name; Azure: the id
};

/// False when S is no identity; then *RET_WHY (may be NULL) says what is wrong and what would be
/// right ("a bare role name: …", "the account must be 12 digits"), static.
bool role_parse(struct strview s, struct role *ret, const char **ret_why);

/// The service account annotation that carries it: "eks.amazonaws.com/role-arn", …
const char *role_annotation(enum role_form form);

#endif
