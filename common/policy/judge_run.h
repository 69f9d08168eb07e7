// SPDX-License-Identifier: Apache-2.0
// What a policy's rule sees and how it speaks. For check.c and the judge_*.c alone. Pure.
#ifndef SLUICE_POLICY_JUDGE_RUN_H
#define SLUICE_POLICY_JUDGE_RUN_H

#include "common/base/macros.h"
#include "common/flink/effective.h"
#include "common/flink/places.h"
#include "common/policy/asks.h"
#include "common/policy/check.h"
#include "common/policy/ways.h"

/// One image of the object. Those that are no image references have the fault of a built-in rule,
/// and are left out.
struct judge_image {
    const struct place *place; // NULL: it is spec.image
    struct strview text;
    struct image_ref ref;
};

/// CPU and memory, requests and limits.
#define JUDGE_AMOUNTS 4

/// The entries of flinkConfiguration under some keys.
#define JUDGE_ENTRIES_MAX 16
struct judge_entries {
    bool found;
    size_t n;
    const struct flink_conf_entry *items[JUDGE_ENTRIES_MAX];
};

/// Room for what is worked out of an object of which it was not given. It is large, and seldom
/// used: nobody clears it.
struct judge_room {
    struct flink_effective effective;
    struct flink_effective_resources resources[2]; // by enum flink_role
};

/// What rules ask about one object, worked out when the first asks, once for all policies.
struct judge_facts {
    const struct flink_cluster *c;
    struct strview ns;
    struct arena *arena;
    bool has_vars, has_images, has_ways, has_resources;
    struct pattern_vars vars;
    const struct flink_effective *effective;
    struct judge_room *room;
    const struct judge_image *images;
    size_t n_images;
    const struct way *ways;
    size_t n_ways;
    const struct place *const *shares; // what says something of resources
    size_t n_shares;
    bool has_shares;
    struct judge_entries stores;   // where state lives
    struct pattern_uri *uris;      // of judge_storage.c, each read when it is asked for
    struct judge_entries code;     // what else brings code
    bool has_endpoints, endpoints; // whether one is set
    bool has_jar_scheme;
    struct strview jar_scheme;                 // of job.jarURI; absent when it has none
    size_t work;                               // steps so far, of all policies
    struct quantity amounts[2][JUDGE_AMOUNTS]; // what a pod takes: by role, of judge_resources.c
    bool has_amounts[2][JUDGE_AMOUNTS];
    uint32_t sound[POLICY_RULES]; // number of the last ask of a rule that found nothing
};

struct judge_run {
    const struct policy_input *in;
    struct judge_facts *now;
    struct judge_facts *old;     // NULL: on a create, and while OLD itself is judged
    const struct policy *policy; // NULL: a rule of Sluice itself
    const char *rule;
    enum enforcement enforcement; // of the rule in this policy
    bool nearer;                  // what is found is no worse than before: never refused
    bool enough;                  // nothing more is to be said by the rule
    bool exempt;                  // its findings are only told to in->exempted
    size_t said;                  // how many findings of the rule there are
    struct arena *arena;
    struct violations *out;
};

#define POLICY_RULE(name, id, block, flags, summary, why) void judge_##name(struct judge_run *r);
#include "common/policy/rules.def"
#undef POLICY_RULE

/// The built-in rule of the accounts that Sluice makes.
void judge_foreign_account(struct judge_run *r);

// ---- facts: worked out when the first rule asks ----

const struct pattern_vars *judge_read_vars(struct judge_facts *f);
static inline const struct pattern_vars *judge_vars(struct judge_facts *f)
{
    return f->has_vars ? &f->vars : judge_read_vars(f);
}
const struct flink_effective *judge_read_effective(struct judge_facts *f);
static inline const struct flink_effective *judge_effective(struct judge_facts *f)
{
    return f->effective != NULL ? f->effective : judge_read_effective(f);
}
const struct judge_image *judge_images(struct judge_facts *f, size_t *n);
const struct way *judge_ways(struct judge_facts *f, size_t *n);
/// Finds in *ENTRIES, which is F's, those under the N canonical KEYS, always the same.
const struct judge_entries *judge_entries(struct judge_facts *f, struct judge_entries *entries,
                                          const struct strview *keys, size_t n);
const struct flink_effective_resources *judge_resources(struct judge_facts *f,
                                                        enum flink_role role);

// ---- speaking ----

/// A value as a message shows it, and whole for the ratchet.
struct shown {
    struct strview text, whole;
};

struct shown judge_text(const struct judge_run *r, struct strview s);
struct shown judge_number(const struct judge_run *r, int64_t n);
#define JUDGE_NOTHING ((struct shown){SV_NONE, SV_NONE})

/// Findings of one rule of one policy that are told apart. One more stands for all the others, and
/// no ratchet excuses that.
#define JUDGE_FINDINGS_MAX 64

/// Steps (see pattern_steps()) that the rules of all policies may take over one object: what no
/// real object comes near. Then one finding stands for all that was not looked at, and no ratchet
/// excuses that.
#define JUDGE_WORK_MAX 10000000

/// Counts STEPS that the rule is about to take. False, with the finding said and r->enough set,
/// when there are too many.
bool judge_works(struct judge_run *r, size_t steps);

/// Notes a finding of the running rule, unless the policy exempts the object. Loops over what a
/// user may write many of end when r->enough is set.
PRINTF(5, 6)
void judge_say(struct judge_run *r, enum cause_reason reason, const struct path *path,
               struct shown value, const char *fmt, ...);

/// "a, b, c and 3 more", with placeholders filled in, for messages.
struct strview judge_patterns(const struct judge_run *r, const struct patterns *list);
struct strview judge_strings(const struct judge_run *r, const struct strview *list, size_t n);

/// Whether A and B are the same value of the Flink option IT, as VERSION reads it.
bool judge_same_option(const struct flink_conf_entry *it, struct strview a, struct strview b,
                       struct flink_version version);

/// Whether the user put something at that member, of whatever type.
bool judge_stands(const struct json *object, const char *key);

// Paths as chains of values in the calling block.
#define UNDER(up, name) (&PATH_FIELD_OF((up), SV(name)))
#define SPEC            UNDER(NULL, "spec")

#endif
