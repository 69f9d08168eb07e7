// SPDX-License-Identifier: Apache-2.0
// Patterns of policies: anchored globs, `regex:` with a linear-time subset, and placeholders.
//
//   *        any run of characters, within a segment where there are segments
//   **       alone between separators: any run of segments, none too. At the end of an image or a
//            role at least one (`registry.io/org/**` is not `registry.io/org`); at the end of a URI
//            none too (`s3://state/**` is the bucket and all in it). Without segments the same as *
//   ?        one character, within a segment
//   [abc] [a-z] [!a-z]   one character of a set; `]` first, or `-` at an end, stands for itself
//   \x       the character itself
//   {name}   what the placeholder stands for in the object that is judged, taken literally
//   regex:…  the whole text must match: ASCII with . [] * + ? {m,n} | () ^ $ \d \w \s and \ before
//            what is no letter; no back-references, no placeholders
//
// Bytes are compared, case counts (but in an Azure id and a URI's scheme). Outside of PATTERN_TEXT
// only what is written literally matches a byte beyond printable ASCII, and in hosts `*`, `?` and
// sets stay within a label, on letters, digits, '-' and '_': look-alikes and tricks match nothing.
//
// Always anchored at both ends; matching takes O(length of pattern × length of text) at most and no
// memory but the stack; a regular expression compiles to at most PATTERN_REGEX_MAX instructions.
// Pure; a compiled pattern is immutable and may be used by many threads at once.
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

#define PATTERN_BIT(id) (1U << PATTERN_##id)
/// Who owns the object: its namespace and its name.
#define PATTERN_OWNER (PATTERN_BIT(NAMESPACE) | PATTERN_BIT(NAME))
#define PATTERN_ALL   (PATTERN_OWNER | PATTERN_BIT(FLINK_VERSION))

#define PATTERN_MAX       2048 // bytes of a pattern
#define PATTERN_REGEX_MAX 512  // instructions of a compiled regular expression

/// What placeholders stand for; one that is absent (SV_NONE) matches nothing.
struct pattern_vars {
    struct strview value[PATTERN_VAR_COUNT];
};

/// What a pattern is held against; it decides about segments, and how the pattern is split.
enum pattern_kind {
    /// No segments: tags, namespaces, names, labels, Flink options, accounts.
    PATTERN_TEXT,
    /// scheme://authority/path. The scheme is taken literally; the authority by labels between
    /// dots, the path by segments between slashes. A slash at the end doesn't count, `scheme:/path`
    /// is `scheme:///path`. A text with an empty, `.` or `..` segment, '%', '?', '#', '\\' or a
    /// control character matches nothing. A regular expression sees `scheme://authority/path`.
    PATTERN_URI,
    /// host[:port]/path[:tag][@digest]: host by labels between dots, the port is part of the host,
    /// path by segments between slashes. Without a host docker.io, and one part of a path on it is
    /// below library/, as for images. `**` in the host's place is every host. Lower case, as hosts
    /// and paths are: an image whose host has an upper-case letter matches no other pattern than
    /// that. A regular expression sees `host/path`, and its `.` is no slash.
    PATTERN_IMAGE,
    /// AWS: an ARN, its partition, account, and path with name (segments between slashes) each
    /// alone. GCP: account and project each alone. Azure: the id. A regular expression sees the
    /// whole text, and its `.` is neither slash nor colon.
    PATTERN_ROLE,
};

struct pattern; // compiled

/// Compiles TEXT. ALLOWED: bits (1U << PATTERN_NAME …) of the placeholders that may stand there.
/// 0, or -1 with E_INVALID and what is wrong and what would be right, in words for a cause;
/// E_NOMEM.
MUST_USE int pattern_compile(struct strview text, enum pattern_kind kind, unsigned allowed,
                             struct arena *arena, const struct pattern **ret, struct err *err);

/// A pattern that matches nothing, in the place of TEXT, which can't be compiled. NULL: the arena
/// is full.
const struct pattern *pattern_never(struct strview text, struct arena *arena);

/// Whether S matches. Of kind TEXT, or URI.
bool pattern_match(const struct pattern *p, struct strview s, const struct pattern_vars *vars);

/// A URI cut as patterns of kind URI see it, for who holds one against many. Texts are borrowed.
struct pattern_uri {
    struct strview text;
    bool fits; // it has no part that two readers could read in two ways; else nothing matches it
    struct strview scheme;
    struct strview authority; // empty when there is none
    struct strview path;      // without the slashes at its ends; empty when there is none
};

void pattern_uri_read(struct strview s, struct pattern_uri *ret);

/// Of kind URI: the same as pattern_match() of the URI's text.
bool pattern_match_uri(const struct pattern *p, const struct pattern_uri *uri,
                       const struct pattern_vars *vars);
/// Of kind IMAGE: REF is normalised. A pattern without a tag leaves the tag free, one without a
/// digest the digest; a pattern's tag is held against image_effective_tag(). (Beside a digest a tag
/// says nothing of what is pulled.)
bool pattern_match_image(const struct pattern *p, const struct image_ref *ref,
                         const struct pattern_vars *vars);
/// Of kind ROLE.
bool pattern_match_role(const struct pattern *p, const struct role *role,
                        const struct pattern_vars *vars);

/// The text it was compiled from.
struct strview pattern_text(const struct pattern *p);

/// What every text begins with that P, of PATTERN_TEXT, matches; empty when that can be anything.
struct strview pattern_beginning(const struct pattern *p);

/// TEXT with its placeholders filled in, for defaults; a brace that opens none stays as it is.
/// SV_NONE when one that it needs is absent, unknown or not allowed (then *RET_MISSING, may be
/// NULL, names it, "name"; otherwise it is SV_NONE), or the arena is full.
struct strview pattern_fill(struct strview text, unsigned allowed, const struct pattern_vars *vars,
                            struct arena *arena, struct strview *ret_missing);

/// What holding P against a text of LEN bytes takes at most, in steps of about ten nanoseconds. A
/// regular expression takes thousands of times what a glob takes.
size_t pattern_steps(const struct pattern *p, size_t len);

/// Many of them, in the order of the list; one that can't be compiled is there as pattern_never().
struct patterns {
    const struct pattern *const *items;
    size_t n;
    size_t weight; // steps of all of them for a short text
    bool set;      // the list stands in the policy, be it empty
};

/// Whether one of them matches, each as above.
bool patterns_match(const struct patterns *list, struct strview s, const struct pattern_vars *vars);
bool patterns_match_uri(const struct patterns *list, const struct pattern_uri *uri,
                        const struct pattern_vars *vars);
bool patterns_match_image(const struct patterns *list, const struct image_ref *ref,
                          const struct pattern_vars *vars);
bool patterns_match_role(const struct patterns *list, const struct role *role,
                         const struct pattern_vars *vars);
/// As pattern_steps(), of all of them.
size_t patterns_steps(const struct patterns *list, size_t len);

#endif
