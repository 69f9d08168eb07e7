// SPDX-License-Identifier: Apache-2.0
#include "common/flink/schema_rules.h"

#include "common/flink/decode.h"
#include "common/flink/schema_equal.h"
#include "common/flink/schema_rules.def"

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

static bool holds_job_kept(const struct flink_cluster *now, const struct flink_cluster *old)
{
    return present(raw(now->spec.self, "job")) == present(raw(old->spec.self, "job"));
}

static bool holds_storage_kept(const struct flink_cluster *now, const struct flink_cluster *old)
{
    const struct json *was = raw(raw(old->spec.self, "storage"), "root");
    if (!present(was) || sv_eq_lit(old->spec.job.state, "Suspended")) {
        return true;
    }
    const struct json *storage = raw(now->spec.self, "storage");
    const struct json *root = raw(storage, "root");
    if ((present(storage) && json_type(storage) != JSON_OBJECT) ||
        (present(root) && json_type(root) != JSON_STRING)) {
        return true; // a type fault, told already
    }
    return present(root) && json_equal(root, was);
}

static bool holds_ha_needs_storage(const struct flink_cluster *now, const struct flink_cluster *old)
{
    (void)old;
    const struct field_int *replicas = &now->spec.job_manager.replicas;
    const struct json *storage = raw(now->spec.self, "storage");
    const struct json *conf = raw(now->spec.self, "flinkConfiguration");
    return !replicas->set || replicas->v <= 1 ||
           (present(storage) && json_type(storage) != JSON_OBJECT) ||
           present(raw(storage, "root")) || present(raw(conf, "high-availability.storageDir")) ||
           present(raw(raw(conf, "high-availability"), "storageDir"));
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
        bool unchanged = on_spec && !rule->transition && old != NULL &&
                         schema_equal_objects(&cluster_spec_type, now->spec.self, old->spec.self);
        struct strview value = SV_NONE;
        if (!on_spec) {
            value = violation_quote(faults->arena,
                                    sv_present(now->name) ? now->name : now->generate_name);
        }
        note(rule, value, unchanged, faults);
    }
}
