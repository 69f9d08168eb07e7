// SPDX-License-Identifier: Apache-2.0
// From a decoded policy to the form in which it is evaluated. What can't be compiled is a violation
// at its path, and is read so that it lets in less (set.h).
#include "common/policy/set.h"

#include "common/k8s/timestamp.h"
#include "common/policy/asks.h"
#include "common/policy/denied.h"
#include "common/policy/set_range.h"

struct compiler {
    struct arena *arena;
    struct violations *faults;
};

// Paths as chains of values in the calling block.
#define UNDER(up, name) (&PATH_FIELD_OF((up), SV(name)))
#define SPEC            UNDER(NULL, "spec")

static void deny(struct compiler *c, const char *rule, const struct path *path, struct strview text,
                 const char *why)
{
    violation_deny(c->faults, rule, CAUSE_INVALID, path, violation_quote(c->faults->arena, text),
                   "%s", why);
}

// ---- patterns -----------------------------------------------------------------------------------

/// What the placeholders of a list may be, and what it is held against.
struct pattern_use {
    enum pattern_kind kind;
    unsigned allowed;
};

static const struct pattern_use PLAIN = {PATTERN_TEXT, 0}, TAGS = {PATTERN_TEXT, PATTERN_ALL},
                                IMAGES = {PATTERN_IMAGE, PATTERN_ALL},
                                ROLES = {PATTERN_ROLE, PATTERN_OWNER},
                                PLACES = {PATTERN_URI, PATTERN_OWNER},
                                ACCOUNTS = {PATTERN_TEXT, PATTERN_OWNER};

/// TEXT compiled, or what matches nothing, with a fault at PATH; *RET_BAD (may be NULL) tells.
/// NULL: the arena is full, or TEXT is absent.
static const struct pattern *one_pattern(struct compiler *c, const struct path *path,
                                         struct strview text, struct pattern_use use, bool *ret_bad)
{
    const struct pattern *p = NULL;
    struct err err = {0};
    if (!sv_present(text)) {
        return NULL;
    }
    if (pattern_compile(text, use.kind, use.allowed, c->arena, &p, &err) == 0) {
        return p;
    }
    if (err.code != E_INVALID) {
        c->arena->failed = true;
        return NULL;
    }
    deny(c, "policy.pattern", path, text, err.msg);
    if (ret_bad != NULL) {
        *ret_bad = true;
    }
    return pattern_never(text, c->arena);
}

/// Whether all of LIST, which stands at PATH, could be compiled.
static bool many_patterns(struct compiler *c, const struct path *path, struct field_strings list,
                          struct pattern_use use, struct patterns *ret)
{
    bool bad = false;
    *ret = (struct patterns){.set = list.set};
    const struct pattern **items = ARENA_NEW_N(c->arena, const struct pattern *, list.n + 1);
    if (items == NULL) {
        return true;
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct path at = PATH_INDEX_OF(path, i);
        items[i] = one_pattern(c, &at, list.items[i], use, &bad);
        if (items[i] == NULL) {
            return true; // the arena is full
        }
        ret->weight += pattern_steps(items[i], 0);
    }
    ret->items = items;
    ret->n = list.n;
    return !bad;
}

static void compile_match(struct compiler *c, const struct policy_match *match, struct policy *p)
{
    const struct path *at = UNDER(SPEC, "match");
    if (!many_patterns(c, UNDER(at, "namespaces"), match->namespaces, PLAIN,
                       &p->match.namespaces)) {
        p->match.namespaces = (struct patterns){0}; // every namespace
    }
    many_patterns(c, UNDER(at, "excludeNamespaces"), match->exclude_namespaces, PLAIN,
                  &p->match.exclude);
    size_t denials = c->faults->denials;
    bool fits = label_selector_read(match->namespace_selector.self, UNDER(at, "namespaceSelector"),
                                    "policy.selector", c->faults, c->arena, &p->match.selector);
    p->match.has_selector = fits && c->faults->denials == denials && p->match.selector.count != 0;
}

static void compile_patterns(struct compiler *c, const struct policy_spec *s, struct policy *p)
{
    const struct path *images = UNDER(SPEC, "images"), *tags = UNDER(images, "tags");
    many_patterns(c, UNDER(images, "allowed"), s->images.allowed, IMAGES, &p->images_allowed);
    many_patterns(c, UNDER(tags, "denied"), s->images.tags.denied, TAGS, &p->tags_denied);
    p->tag_pattern = one_pattern(c, UNDER(tags, "pattern"), s->images.tags.pattern, TAGS, NULL);
    many_patterns(c, UNDER(UNDER(SPEC, "iamRoles"), "allowed"), s->iam_roles.allowed, ROLES,
                  &p->roles_allowed);
    many_patterns(c, UNDER(UNDER(SPEC, "flinkConfiguration"), "denied"),
                  s->flink_configuration.denied, PLAIN, &p->conf_denied);
    p->denied_keys = denied_keys_make(&p->conf_denied, c->arena);
    many_patterns(c, UNDER(UNDER(SPEC, "storage"), "allowed"), s->storage.allowed, PLACES,
                  &p->storage_allowed);
    many_patterns(c, UNDER(UNDER(SPEC, "pods"), "serviceAccounts"), s->pods.service_accounts,
                  ACCOUNTS, &p->service_accounts);
}

// ---- versions, quantities, options --------------------------------------------------------------

static void compile_versions(struct compiler *c, struct field_strings list, struct policy *p)
{
    const struct path *path = UNDER(UNDER(SPEC, "images"), "flinkVersions");
    struct policy_versions *items = ARENA_NEW_N(c->arena, struct policy_versions, list.n + 1);
    if (items == NULL) {
        return;
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct path at = PATH_INDEX_OF(path, i);
        const char *why = policy_range_parse(list.items[i], &items[i]);
        if (why != NULL) {
            deny(c, "policy.range", &at, list.items[i], why);
        }
    }
    p->versions = items;
    p->n_versions = list.n;
}

static void compile_quantities(struct compiler *c, const struct path *path, const struct json *map,
                               struct policy_quantities *ret)
{
    struct policy_quantity *items =
        ARENA_NEW_N(c->arena, struct policy_quantity, json_count(map) + 1);
    if (items == NULL) {
        return;
    }
    json_each(member, map) {
        const struct path at = PATH_KEY_OF(path, json_key(member));
        const char *why = "must not be negative";
        struct policy_quantity q = {.name = json_key(member)};
        if (json_type(member) == JSON_NULL) {
            continue;
        }
        q.text = json_type(member) == JSON_STRING ? json_string(member)
                                                  : violation_show(c->arena, member);
        if (quantity_read(member, &q.value, &why) && quantity_sign(q.value) >= 0) {
            items[ret->n++] = q;
        } else {
            violation_deny(c->faults, "policy.quantity", CAUSE_INVALID, &at,
                           violation_show(c->faults->arena, member), "%s", why);
        }
    }
    ret->items = items;
}

static void compile_resources(struct compiler *c, const struct policy_resources *r,
                              struct policy *p)
{
    const struct path *at = UNDER(SPEC, "resources");
    const struct path *jm = UNDER(at, "jobManager"), *tm = UNDER(at, "taskManager");
    compile_quantities(c, UNDER(jm, "default"), r->job_manager.dflt, &p->jm_default);
    compile_quantities(c, UNDER(jm, "max"), r->job_manager.max, &p->jm_max);
    compile_quantities(c, UNDER(tm, "default"), r->task_manager.dflt, &p->tm_default);
    compile_quantities(c, UNDER(tm, "max"), r->task_manager.max, &p->tm_max);
}

static void compile_conf(struct compiler *c, const struct policy_conf *conf, struct policy *p)
{
    const struct path *at = UNDER(SPEC, "flinkConfiguration");
    flink_conf_read(conf->defaults, UNDER(at, "defaults"), c->arena, c->faults, &p->conf_defaults);
    flink_conf_read(conf->required, UNDER(at, "required"), c->arena, c->faults, &p->conf_required);
}

// ---- exemptions ---------------------------------------------------------------------------------

static struct field_strings read_strings(struct arena *arena, const struct json *list)
{
    struct strview *items = ARENA_NEW_N(arena, struct strview, json_count(list) + 1);
    size_t n = 0;
    json_each(item, list) {
        if (items != NULL && json_type(item) == JSON_STRING) {
            items[n++] = json_string(item);
        }
    }
    return (struct field_strings){.items = items, .n = n, .set = json_type(list) == JSON_ARRAY};
}

/// Whether the exemption at PATH can be read; only then it counts.
static bool read_exemption(struct compiler *c, const struct path *path, const struct json *o,
                           struct policy_exemption *ret)
{
    bool bad = false;
    struct strview until = json_get_string(o, SV("until"));
    *ret = (struct policy_exemption){
        .ns = one_pattern(c, UNDER(path, "namespace"), json_get_string(o, SV("namespace")), PLAIN,
                          &bad),
        .name = one_pattern(c, UNDER(path, "name"), json_get_string(o, SV("name")), PLAIN, &bad),
        .rules = read_strings(c->arena, json_get_lit(o, "rules")),
        .until_ms = INT64_MAX,
        .reason = json_get_string(o, SV("reason"))};
    if (sv_present(until) && !timestamp_parse(until, &ret->until_ms)) {
        deny(c, "policy.time", UNDER(path, "until"), until,
             "must be an RFC 3339 time: 2027-01-01T00:00:00Z");
        bad = true;
    }
    return !bad && ret->ns != NULL && ret->name != NULL;
}

static void compile_exemptions(struct compiler *c, const struct json *list, struct policy *p)
{
    const struct path *path = UNDER(SPEC, "exempt");
    struct policy_exemption *items =
        ARENA_NEW_N(c->arena, struct policy_exemption, json_count(list) + 1);
    size_t i = 0;
    if (items == NULL) {
        return;
    }
    json_each(item, list) {
        const struct path at = PATH_INDEX_OF(path, i++);
        p->n_exempt += read_exemption(c, &at, item, &items[p->n_exempt]) ? 1 : 0;
    }
    p->exempt = items;
}

// ---- enforcement --------------------------------------------------------------------------------

/// FALLBACK when TEXT is absent; Deny when it is nothing that is known.
static enum enforcement enforcement_of(struct strview text, enum enforcement fallback)
{
    for (unsigned e = 0; e < ENFORCE_COUNT && sv_present(text); e++) {
        if (sv_eq_lit(text, enforcement_name((enum enforcement)e))) {
            return (enum enforcement)e;
        }
    }
    return sv_present(text) ? ENFORCE_DENY : fallback;
}

static void compile_enforcement(const struct policy_spec *s, struct policy *p)
{
    enum enforcement own = enforcement_of(s->enforcement, ENFORCE_DENY);
    p->enforce.images = enforcement_of(s->images.enforcement, own);
    p->enforce.roles = enforcement_of(s->iam_roles.enforcement, own);
    p->enforce.parallelism = enforcement_of(s->parallelism.enforcement, own);
    p->enforce.job_manager = enforcement_of(s->job_manager.enforcement, own);
    p->enforce.task_manager = enforcement_of(s->task_manager.enforcement, own);
    p->enforce.resources = enforcement_of(s->resources.enforcement, own);
    p->enforce.conf = enforcement_of(s->flink_configuration.enforcement, own);
    p->enforce.storage = enforcement_of(s->storage.enforcement, own);
    p->enforce.pods = enforcement_of(s->pods.enforcement, own);
    p->enforce.job = enforcement_of(s->job.enforcement, own);
    p->enforce.host_path = enforcement_of(s->pods.host_path, ENFORCE_ALLOW);
    p->enforce.privileged = enforcement_of(s->pods.privileged, ENFORCE_ALLOW);
    p->enforce.host_network = enforcement_of(s->pods.host_network, ENFORCE_ALLOW);
    p->enforce.host_pid = enforcement_of(s->pods.host_pid, ENFORCE_ALLOW);
    p->enforce.host_ipc = enforcement_of(s->pods.host_ipc, ENFORCE_ALLOW);
}

const struct policy *policy_compile(const struct flink_policy *from, struct arena *arena,
                                    struct violations *faults)
{
    struct compiler c = {.arena = arena, .faults = faults};
    struct policy *p = ARENA_NEW(arena, struct policy);
    if (p == NULL) {
        return NULL;
    }
    p->name = from->name;
    p->spec = from->spec;
    p->priority = from->spec.priority.set ? from->spec.priority.v : 0;
    if (!json_int(json_get_lit(from->metadata, "generation"), &p->generation)) {
        p->generation = 0;
    }
    compile_enforcement(&p->spec, p);
    compile_match(&c, &p->spec.match, p);
    compile_patterns(&c, &p->spec, p);
    compile_versions(&c, p->spec.images.flink_versions, p);
    compile_resources(&c, &p->spec.resources, p);
    compile_conf(&c, &p->spec.flink_configuration, p);
    compile_exemptions(&c, p->spec.exempt, p);
    policy_asks_read(p, arena);
    return arena_ok(arena) ? p : NULL;
}
