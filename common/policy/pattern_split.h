// SPDX-License-Identifier: Apache-2.0
// Patterns whose subject has parts: each part is compiled alone and held against its own part of
// the subject. For pattern*.c alone. Pure.
#ifndef SLUICE_POLICY_PATTERN_SPLIT_H
#define SLUICE_POLICY_PATTERN_SPLIT_H

#include "common/policy/pattern_glob.h"
#include "common/policy/pattern_regex.h"

/// Parts that a form doesn't have are NULL.
struct pattern {
    enum pattern_kind kind;
    struct strview text;
    bool never;
    bool any_host;                 // IMAGE: `**` stands for it
    enum role_form form;           // ROLE
    struct strview scheme;         // URI
    const struct globs *partition; // AWS
    const struct globs *host;      // IMAGE; URI's authority; AWS account; what GCP has behind the @
    const struct globs *path;      // all of TEXT and an Azure id; AWS path and name; GCP name
    const struct globs *tag, *digest;
    const struct regex *regex; // then no part is there
};

/// What a compilation needs.
struct pattern_job {
    struct strview text;
    unsigned allowed;
    struct arena *scratch; // for tokens
    struct arena *arena;
    struct err *err;
};

/// TEXT, a part of the job's own, as globs.
MUST_USE int pattern_part(const struct pattern_job *job, struct strview text, struct glob_form form,
                          const struct globs **ret);

MUST_USE int pattern_compile_image(const struct pattern_job *job, struct pattern *p);
MUST_USE int pattern_compile_role(const struct pattern_job *job, struct pattern *p);
MUST_USE int pattern_compile_uri(const struct pattern_job *job, struct pattern *p);

/// Host labels between dots; segments between slashes.
#define GLOB_FORM_HOST ((struct glob_form){.wild = &GLOB_HOST, .sep = '.'})
#define GLOB_FORM_PATH ((struct glob_form){.wild = &GLOB_SEGMENT, .sep = '/', .tail_one = true})

#endif
