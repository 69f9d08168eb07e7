// SPDX-License-Identifier: Apache-2.0
// Patterns of policies: anchored globs, `regex:` with a linear-time subset, and placeholders.
//
//   *        any run of characters, within a segment where there are segments
//   **       any run of segments, none too
//   ?        one character, within a segment
//   [abc] [a-z] [!a-z]   one character of a set
//   \x       the character itself
//   {name}   what the placeholder stands for in the object that is judged, taken literally
//   regex:…  the whole text must match: . [] * + ? {m,n} | () ^ $ \d \w; no back-references
//
// Always anchored at both ends; matching takes O(length of pattern × length of text) at most. Pure;
// a compiled pattern is immutable and may be used by many threads at once.
#ifndef SLUICE_POLICY_PATTERN_H
#define SLUICE_POLICY_PATTERN_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/refs/image.h"
#include "common/refs/role.h"

/// X(id, "as written between braces")
#define PATTERN_VARS(X)                                                                            \
    X(NAMESPACE, "namespace")                                                                      \
    X(NAME, "name")                                                                                \
    X(FLINK_VERSION, "flinkVersion")

enum pattern_var {
#define X(id, text) PATTERN_##id,
    PATTERN_VARS(X)
#undef X
        PATTERN_VAR_COUNT
};

/// What placeholders stand for; one that is absent (SV_NONE) matches nothing.
struct pattern_vars {
    struct strview value[PATTERN_VAR_COUNT];
};

/// What a pattern is held against; it decides about segments, and how the pattern is split.
enum pattern_kind {
    PATTERN_TEXT,  // no segments: tags, namespaces, names, labels, Flink options, accounts
    PATTERN_URI,   // scheme://authority/path: segments between slashes, the scheme taken literally
    PATTERN_IMAGE, // host[:port]/path[:tag]: host against host, segments of the path between slashes
    PATTERN_ROLE,  // as ROLE's forms: AWS by partition, account and path/name, others as one text
};

struct pattern; // compiled

/// Compiles TEXT. ALLOWED: bits (1U << PATTERN_NAME …) of the placeholders that may stand there.
/// 0, or -1 with E_INVALID and what is wrong and what would be right, in words for a cause; E_NOMEM.
MUST_USE int pattern_compile(struct strview text, enum pattern_kind kind, unsigned allowed,
                             struct arena *arena, const struct pattern **ret, struct err *err);

/// Whether S matches. Of kind TEXT, or URI.
bool pattern_match(const struct pattern *p, struct strview s, const struct pattern_vars *vars);
/// Of kind IMAGE: REF is normalised. A pattern without a tag leaves the tag free.
bool pattern_match_image(const struct pattern *p, const struct image_ref *ref,
                         const struct pattern_vars *vars);
/// Of kind ROLE.
bool pattern_match_role(const struct pattern *p, const struct role *role,
                        const struct pattern_vars *vars);

/// The text it was compiled from.
struct strview pattern_text(const struct pattern *p);

/// TEXT with its placeholders filled in, for defaults; SV_NONE when one that it needs is absent or
/// not allowed (then *RET_MISSING, may be NULL, names it), or the arena is full.
struct strview pattern_fill(struct strview text, unsigned allowed, const struct pattern_vars *vars,
                            struct arena *arena, struct strview *ret_missing);

/// Many of them, compiled in the order of the list.
struct patterns {
    const struct pattern *const *items;
    size_t n;
    bool set; // the list stands in the policy, be it empty
};

#endif
