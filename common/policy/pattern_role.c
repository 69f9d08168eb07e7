// SPDX-License-Identifier: Apache-2.0
// Patterns of cloud identities: field against field.
#include "common/policy/pattern_split.h"

#define GCP_SUFFIX     ".iam.gserviceaccount.com"
#define ROLE_LEAD      "role/"
#define ACCOUNT_DIGITS 12

enum arn_field {
    ARN,
    ARN_PARTITION,
    ARN_SERVICE,
    ARN_REGION,
    ARN_ACCOUNT,
    ARN_RESOURCE,
    ARN_FIELDS
};

static const struct glob_form WORD = {.wild = &GLOB_HOST};

static int six_fields(const struct pattern_job *job)
{
    return err_set(job->err, E_INVALID,
                   "an ARN has six fields, and a pattern has patterns in them: "
                   "arn:aws:iam::<account>:role/<path>");
}

static bool is_account(struct strview s)
{
    bool open = false;
    for (size_t i = 0; i < s.len; i++) {
        if (strchr("*?[]{}!-\\", s.ptr[i]) != NULL) {
            open = true;
        } else if (!open && (s.ptr[i] < '0' || s.ptr[i] > '9')) {
            return false;
        }
    }
    return s.len != 0 && (open || s.len == ACCOUNT_DIGITS);
}

static int check_arn(const struct pattern_job *job, const struct strview field[ARN_FIELDS])
{
    if (!sv_eq(field[ARN_SERVICE], SV("iam")) || field[ARN_REGION].len != 0) {
        return err_set(job->err, E_INVALID,
                       "the service must be iam and the region empty, without wildcards: "
                       "arn:aws:iam::<account>:role/<path>");
    }
    if (!is_account(field[ARN_ACCOUNT])) {
        return err_set(job->err, E_INVALID, "the account must be 12 digits, or a pattern of them");
    }
    if (field[ARN_PARTITION].len == 0 || !sv_starts(field[ARN_RESOURCE], SV(ROLE_LEAD)) ||
        field[ARN_RESOURCE].len == sizeof(ROLE_LEAD) - 1) {
        return err_set(job->err, E_INVALID,
                       "the resource must be role/<path>: * for a role without path, ** for any; "
                       "pods assume no sessions, users or groups");
    }
    return 0;
}

static int compile_aws(const struct pattern_job *job, struct pattern *p)
{
    struct strview rest = job->text, field[ARN_FIELDS];
    for (unsigned i = 0; i < ARN_RESOURCE; i++) {
        if (!sv_split(&rest, ':', &field[i]) || !sv_present(rest)) {
            return six_fields(job);
        }
    }
    field[ARN_RESOURCE] = rest;
    p->form = ROLE_AWS;
    if (check_arn(job, field) != 0) {
        return -1;
    }
    rest = sv_from_pos(rest, sizeof(ROLE_LEAD) - 1);
    return pattern_part(job, field[ARN_PARTITION], WORD, &p->partition) != 0 ||
                   pattern_part(job, field[ARN_ACCOUNT], WORD, &p->host) != 0 ||
                   pattern_part(job, rest, GLOB_FORM_PATH, &p->path) != 0
               ? -1
               : 0;
}

static int compile_gcp(const struct pattern_job *job, size_t at, struct pattern *p)
{
    struct strview host = sv_from_pos(job->text, at + 1);
    p->form = ROLE_GCP;
    if (at == 0 || !sv_ends(host, SV(GCP_SUFFIX))) {
        return err_set(job->err, E_INVALID,
                       "a GCP service account is <name>@<project>" GCP_SUFFIX
                       ", with patterns in the name and the project");
    }
    return pattern_part(job, sv_sub(job->text, 0, at), WORD, &p->path) != 0 ||
                   pattern_part(job, host, GLOB_FORM_HOST, &p->host) != 0
               ? -1
               : 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Digits of an id, with wildcards among them; a wildcard alone does not tell the cloud.
static int compile_azure(const struct pattern_job *job, struct pattern *p)
{
    const struct glob_form form = {.wild = &GLOB_HOST, .fold = true};
    struct glob_tokens tokens;
    if (glob_lex(job->text, job->allowed, true, false, job->scratch, &tokens, job->err) != 0) {
        return -1;
    }
    size_t digits = 0;
    for (size_t i = 0; i < tokens.n; i++) {
        bool literal = tokens.items[i].op == GLOB_LIT;
        if (literal && tokens.items[i].byte != '-' && !is_hex((char)tokens.items[i].byte)) {
            digits = 0;
            break;
        }
        digits += literal ? 1 : 0;
    }
    if (digits == 0) {
        return err_set(job->err, E_INVALID,
                       "must be a pattern of an AWS role (arn:aws:iam::<account>:role/<path>), a "
                       "GCP service account (<name>@<project>" GCP_SUFFIX ") or an Azure id");
    }
    p->form = ROLE_AZURE;
    return globs_compile(tokens, form, job->arena, &p->path, job->err);
}

int pattern_compile_role(const struct pattern_job *job, struct pattern *p)
{
    if (sv_starts(job->text, SV("arn:"))) {
        return compile_aws(job, p);
    }
    size_t at = sv_find_char(job->text, '@');
    return at != SIZE_MAX ? compile_gcp(job, at, p) : compile_azure(job, p);
}

bool pattern_match_role(const struct pattern *p, const struct role *role,
                        const struct pattern_vars *vars)
{
    if (p->never || p->kind != PATTERN_ROLE) {
        return false;
    }
    if (p->regex != NULL) {
        return regex_match(p->regex, &role->text, 1);
    }
    if (p->form != role->form) {
        return false;
    }
    switch (role->form) {
    case ROLE_AWS: {
        // In the text the name stands right behind the path, which begins with a slash.
        size_t len = role->path.len - 1 + role->name.len;
        return globs_match(p->host, role->account, vars) &&
               globs_match(p->partition, role->partition, vars) &&
               globs_match(p->path, sv_make(role->path.ptr + 1, len), vars);
    }
    case ROLE_GCP:
        return globs_match(p->path, role->name, vars) &&
               globs_match(p->host, sv_from_pos(role->text, role->name.len + 1), vars);
    case ROLE_AZURE:
        return globs_match(p->path, role->name, vars);
    case ROLE_FORM_COUNT:
        break;
    }
    return false;
}
