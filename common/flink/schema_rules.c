// SPDX-License-Identifier: Apache-2.0
#include "common/flink/schema_rules.h"

#include "common/flink/decode.h"
#include "common/flink/schema_rules.def"
#include "common/kind/schema_equal.h"

#define GENERATED_SUFFIX                                                                           \
    5 // random characters after generateName (apiserver names.SimpleNameGenerator)

static bool present(const struct json *v)
{
    return v != NULL && json_type(v) != JSON_NULL;
}

/// What the user put there, whatever its type: a badly typed value has its fault already.
static const struct json *raw(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, sv_from(key));
    return present(v) ? v : NULL;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool holds_name(const struct flink_cluster *now, const struct flink_cluster *old)
{
    (void)old;
    struct strview s = sv_present(now->name) ? now->name : now->generate_name;
    if (!sv_present(s)) {
        return true; // refused by Kubernetes itself
    }
    size_t suffix = sv_present(now->name) ? 0 : GENERATED_SUFFIX;
    if (s.len + suffix > FLINK_NAME_MAX || s.ptr[0] < 'a' || s.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.ptr[i])) {
            return false;
        }
    }
    return suffix != 0 || s.ptr[s.len - 1] != '-';
}

/// What a rule of CEL reads must have its type: a stored value that has not (an older CRD let it
/// in), and that stays, makes the rule fail. On a create the type fault is told already, and stops
/// CEL.
static bool typed(const struct json *v, enum json_type type, const struct flink_cluster *old)
{
    return present(v) && (old == NULL || json_type(v) == type);
}

static bool holds_job_kept(const struct flink_cluster *now, const struct flink_cluster *old)
{
    const struct json *was = raw(old->spec.self, "job");
    return present(raw(now->spec.self, "job")) == present(was) &&
           (!present(was) || json_type(was) == JSON_OBJECT);
}

/// The root that defaults will put where NOW has none (flink_defaults_foresee()), or SV_NONE.
static struct strview foreseen_root(const struct flink_cluster *now)
{
    const struct json *storage = raw(now->spec.self, "storage");
    return present(raw(storage, "root")) ? SV_NONE : now->spec.storage.root;
}

static bool holds_storage_kept(const struct flink_cluster *now, const struct flink_cluster *old)
{
    const struct json *was = raw(old->spec.self, "storage");
    if (!present(was) || sv_eq_lit(old->spec.job.state, "Suspended")) {
        return true;
    }
    if (json_type(was) != JSON_OBJECT) {
        return false;
    }
    const struct json *storage = raw(now->spec.self, "storage");
    if (present(storage) && json_type(storage) != JSON_OBJECT) {
        return true; // a type fault, told already
    }
    was = raw(was, "root");
    const struct json *root = raw(storage, "root");
    if (!present(was)) {
        return true;
    }
    struct strview foreseen = foreseen_root(now);
    if (sv_present(foreseen)) {
        return sv_eq(foreseen, json_string(was));
    }
    return json_type(was) == JSON_STRING && present(root) &&
           (json_type(root) != JSON_STRING || json_equal(root, was));
}

static bool is_one_job_manager(const struct json *managers, const struct flink_cluster *old)
{
    const struct json *replicas = raw(managers, "replicas");
    int64_t n;
    if (!present(managers) || (json_type(managers) == JSON_OBJECT && !present(replicas))) {
        return true;
    }
    return json_int(replicas, &n) ? n <= 1 : old == NULL;
}

static bool holds_ha_needs_storage(const struct flink_cluster *now, const struct flink_cluster *old)
{
    const struct json *storage = raw(now->spec.self, "storage");
    if (typed(raw(storage, "root"), JSON_STRING, old) || // nearly always one of the two
        is_one_job_manager(raw(now->spec.self, "jobManager"), old)) {
        return true;
    }
    const struct json *conf = raw(now->spec.self, "flinkConfiguration");
    return sv_present(foreseen_root(now)) ||
           (old == NULL && present(storage) && json_type(storage) != JSON_OBJECT) ||
           typed(raw(conf, "high-availability.storageDir"), JSON_STRING, old) ||
           typed(raw(raw(conf, "high-availability"), "storageDir"), JSON_STRING, old);
}

static bool is_mistyped(const struct json *v, enum json_type type)
{
    return present(v) && json_type(v) != type;
}

/// Whether what the rule above reads keeps CEL from an answer: then there is no ratchet.
static bool breaks_ha_needs_storage(const struct json *spec)
{
    const struct json *managers = raw(spec, "jobManager");
    const struct json *storage = raw(spec, "storage");
    const struct json *conf = raw(spec, "flinkConfiguration");
    const struct json *nested = raw(conf, "high-availability");
    return is_mistyped(managers, JSON_OBJECT) ||
           is_mistyped(raw(managers, "replicas"), JSON_NUMBER) ||
           is_mistyped(storage, JSON_OBJECT) || is_mistyped(raw(storage, "root"), JSON_STRING) ||
           is_mistyped(conf, JSON_OBJECT) || is_mistyped(nested, JSON_OBJECT) ||
           is_mistyped(raw(conf, "high-availability.storageDir"), JSON_STRING) ||
           is_mistyped(raw(nested, "storageDir"), JSON_STRING);
}

static const struct schema_rule RULES[] = {
#define X(id_, node_, transition_, field_, reason_, cel_, message_)                                \
    {.id = "schema." #id_,                                                                         \
     .node = SCHEMA_NODE_##node_,                                                                  \
     .transition = (transition_),                                                                  \
     .field = (field_),                                                                            \
     .reason = CAUSE_##reason_,                                                                    \
     .cel = (cel_),                                                                                \
     .message = (message_)},
    SCHEMA_RULES(X)
#undef X
};

/// OLD is not NULL for a transition rule.
static bool (*const HOLDS[])(const struct flink_cluster *now, const struct flink_cluster *old) = {
#define X(id_, node_, transition_, field_, reason_, cel_, message_) holds_##id_,
    SCHEMA_RULES(X)
#undef X
};

const struct schema_rule *schema_rules(size_t *count)
{
    *count = ARRAY_LEN(RULES);
    return RULES;
}

/// The path of the rule's field: ".metadata.name" at the root, ".job" in the spec.
static void note(const struct schema_rule *rule, struct strview value, bool warn,
                 struct violations *faults)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path *up = rule->node == SCHEMA_NODE_SPEC ? &spec : NULL;
    const struct path path = PATH_FIELD_OF(up, sv_from(rule->field + 1));
    if (warn) {
        violation_warn(faults, rule->id, &path, "%s; kept because it is unchanged", rule->message);
    } else {
        violation_deny(faults, rule->id, rule->reason, &path, value, "%s", rule->message);
    }
}

void flink_schema_rules(const struct flink_cluster *now, const struct flink_cluster *old,
                        struct violations *faults)
{
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        const struct schema_rule *rule = &RULES[i];
        bool on_spec = rule->node == SCHEMA_NODE_SPEC;
        if (on_spec && now->spec.self == NULL) {
            continue;
        }
        if (rule->transition && (old == NULL || old->spec.self == NULL)) {
            continue;
        }
        if (HOLDS[i](now, old)) {
            continue;
        }
        // The only rule that has a ratchet: it stands on the spec and looks at that alone.
        bool unchanged = on_spec && !rule->transition && old != NULL &&
                         !breaks_ha_needs_storage(now->spec.self) &&
                         schema_equal_objects(&cluster_spec_type, now->spec.self, old->spec.self);
        struct strview value = SV_NONE;
        if (!on_spec) {
            value = violation_quote(faults->arena,
                                    sv_present(now->name) ? now->name : now->generate_name);
        }
        note(rule, value, unchanged, faults);
    }
}
