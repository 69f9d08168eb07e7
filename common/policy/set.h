// SPDX-License-Identifier: Apache-2.0
// Policies in the form in which they are evaluated: decoded, patterns compiled, sorted; made once
// for each change of the policies. Pure; a set is immutable once made and may be read by many
// threads at once.
#ifndef SLUICE_POLICY_SET_H
#define SLUICE_POLICY_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/flink/conf.h"
#include "common/flink/version.h"
#include "common/k8s/labels.h"
#include "common/k8s/quantity.h"
#include "common/policy/pattern.h"
#include "common/policy/policy.h"

/// X(id, "as written"): ENFORCE_ALLOW stands in `pods` alone.
#define POLICY_ENFORCEMENT_LIST(X)                                                                 \
    X(DENY, "Deny")                                                                                \
    X(WARN, "Warn")                                                                                \
    X(AUDIT, "Audit")                                                                              \
    X(ALLOW, "Allow")

enum enforcement {
#define X(id, text) ENFORCE_##id,
    POLICY_ENFORCEMENT_LIST(X)
#undef X
        ENFORCE_COUNT
};

/// A policy with at most this many in a set; further ones are refused by their own admission.
#define POLICY_SET_MAX 1000

struct policy_versions { // inclusive; "2.x" has no upper minor; none is in it when from > to
    struct flink_version from, to;
};

struct policy_quantity {
    struct strview name; // "cpu", "memory"
    struct strview text; // as written
    struct quantity value;
};

struct policy_quantities {
    const struct policy_quantity *items;
    size_t n;
};

struct policy_exemption {
    const struct pattern *ns, *name;
    struct field_strings rules; // not set: all
    int64_t until_ms;           // INT64_MAX: for ever
    struct strview reason;
};

struct denied_keys;

/// A rule that a policy asks.
struct policy_ask {
    uint8_t rule;  // its row in rules.def
    bool of_sizes; // it looks at sizes alone: asked on `scale`, too
    enum enforcement enforcement;
    struct strview operand; // what it reads of the policy, as text; absent: too long
};

/// One policy, compiled. Texts and trees are those of `decoded`'s JSON.
struct policy {
    struct strview name;
    int64_t priority;
    int64_t generation; // metadata.generation, 0 when it has none
    struct policy_spec spec;
    struct {
        struct patterns namespaces, exclude;
        bool has_selector;
        struct label_selector selector;
    } match;
    struct {
        enum enforcement images, roles, parallelism, job_manager, task_manager, resources, conf,
            storage, pods, job; // each block's own, else the policy's
        enum enforcement host_path, privileged, host_network, host_pid, host_ipc;
    } enforce;
    struct patterns images_allowed, tags_denied;
    const struct pattern *tag_pattern; // NULL: none
    const struct policy_versions *versions;
    size_t n_versions;
    struct patterns roles_allowed;
    struct policy_quantities jm_max, tm_max, jm_default, tm_default;
    struct flink_conf conf_defaults, conf_required; // flat, by canonical key
    struct patterns conf_denied;
    const struct denied_keys *denied_keys; // what they mean (denied.h); NULL: none
    struct patterns storage_allowed;
    struct patterns service_accounts;
    const struct policy_exemption *exempt;
    size_t n_exempt;
    const struct policy_ask *asks; // in the order of rules.def
    size_t n_asks;
};

struct policy_set {
    const struct policy *const *items; // by priority, highest first, then by name
    size_t n;
    // 256 rows of `words`, by the byte that a namespace begins with: a bit for each policy that may
    // be for such a one.
    const uint64_t *may;
    size_t words;
    // For each of items[i]'s asks, a number: equal ones ask the same of an object.
    const uint32_t *const *numbers;
    bool needs_labels; // a policy selects namespaces by label
    bool needs_roles;  // a policy asks for unique roles
    bool needs_totals; // a policy has a namespaceTotal
};

/// Compiles one decoded policy into ARENA. What can't be compiled becomes violations of FAULTS, at
/// its exact path, of the rules "policy.pattern", "policy.range", "policy.selector", "policy.time",
/// "policy.quantity" (and conf.h's own for flinkConfiguration). Admission refuses such a policy;
/// one that is stored all the same is read so that it lets in less: a bad entry of a list of what
/// is allowed admits nothing, a bad `match.namespaces` or selector is for every namespace, a bad
/// exclusion excludes nothing, a bad exemption exempts nothing, an unknown enforcement is Deny.
/// Only where the stricter reading would refuse everything (a bad entry of a `denied` list, a bad
/// quantity) it is left out. NULL: the arena is full.
const struct policy *policy_compile(const struct flink_policy *p, struct arena *arena,
                                    struct violations *faults);

/// Sorts POLICIES (N; borrowed, and they must outlive the set) into a set. -1: the arena is full.
MUST_USE int policy_set_make(const struct policy *const *policies, size_t n, struct arena *arena,
                             struct policy_set *ret, struct err *err);

/// Whether P is for that namespace. LABELS: of the namespace; NULL: not known, then a policy with a
/// selector matches (stricter).
bool policy_matches(const struct policy *p, struct strview ns, const struct labels *labels);

/// The next policy of SET, from *AT (0 at first) on, that is for the namespace NS, as
/// policy_matches() says; NULL: there is none. Those of other namespaces cost next to nothing.
const struct policy *policy_set_next(const struct policy_set *set, struct strview ns,
                                     const struct labels *labels, size_t *at);

/// Whether P lets cluster NS/NAME off RULE ("images.tags.denied") at NOW_MS (Unix time). An
/// exemption from `images.tags` is one from `images.tags.denied`, not from `images.tagsx`; it has
/// ended at its `until`. Absent NAME (generateName): only an exemption for every name (`*`) counts.
bool policy_exempts(const struct policy *p, struct strview ns, struct strview name,
                    const char *rule, int64_t now_ms);

/// "Deny", as the field has it.
const char *enforcement_name(enum enforcement e);

/// The text under which a role is compared and indexed: Azure's in lower case, others as they are.
/// S when it is no role at all (a fault of another rule). Borrowed from S or ARENA.
struct strview policy_role_key(struct strview s, struct arena *arena);

#endif
