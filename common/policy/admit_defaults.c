// SPDX-License-Identifier: Apache-2.0
// Would the policy's own rules let in what it gives? With placeholders that depends on the object:
// then a sample is judged, and only what no object could pass is refused.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/policy/admit_run.h"
#include "common/policy/overlap.h"

#define FAULT_TEXT_MAX 512
#define OVERLAP_STEPS  ((size_t)4 << 20)

/// A default under judgement.
struct given {
    const struct path *path;
    struct strview text;  // as written
    struct strview value; // with a sample's placeholders filled in
    enum enforcement enforcement;
    bool sure;   // every object gets the same
    bool number; // shown without quotes
};

static bool has_placeholder(struct strview s)
{
    return sv_find_char(s, '{') != SIZE_MAX;
}

static bool list_has_placeholder(const struct patterns *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (has_placeholder(pattern_text(list->items[i]))) {
            return true;
        }
    }
    return false;
}

/// A fault of G: refused when SURE, and when the rule that it breaks refuses.
PRINTF(4, 5)
static void fault(struct admit_run *r, const struct given *g, bool sure, const char *fmt, ...)
{
    char why[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    if (sure && g->enforcement == ENFORCE_DENY) {
        struct strview shown = g->number ? g->text : violation_quote(r->arena, g->text);
        admit_deny(r, g->path, shown, "%s", why);
    } else if (g->sure) {
        admit_warn(r, g->path, "%s", why);
    } else {
        admit_warn(r, g->path, "as %.*s: %s", SV_ARG(violation_quote(r->arena, g->value)), why);
    }
}

static bool is_literal(struct strview s)
{
    static const char WILD[] = "*?[\\{";
    for (size_t i = 0; i < s.len; i++) {
        if (strchr(WILD, s.ptr[i]) != NULL) {
            return false;
        }
    }
    return !sv_starts(s, SV("regex:"));
}

/// An object that the policy could be for.
static struct pattern_vars sample(struct admit_run *r)
{
    struct strview ns = SV("sample");
    struct flink_version version = flink_version_newest();
    struct field_strings names = r->p->spec.match.namespaces;
    for (size_t i = 0; i < names.n; i++) {
        if (is_literal(names.items[i])) {
            ns = names.items[i];
            break;
        }
    }
    for (unsigned i = 0; i < FLINK_RELEASE_COUNT && r->p->n_versions != 0; i++) {
        struct flink_version known = flink_version_of((enum flink_release)i);
        for (size_t k = 0; k < r->p->n_versions; k++) {
            const struct policy_versions *range = &r->p->versions[k];
            if (flink_version_cmp(range->from, known) <= 0 &&
                flink_version_cmp(known, range->to) <= 0) {
                version = known;
            }
        }
    }
    return (struct pattern_vars){
        .value = {[PATTERN_NAMESPACE] = ns,
                  [PATTERN_NAME] = SV("sample"),
                  [PATTERN_FLINK_VERSION] = flink_version_text(r->arena, version)}};
}

/// Fills in G's placeholders; false: it has none to fill, or a fault that is told.
static bool fill(struct admit_run *r, struct given *g, unsigned allowed,
                 const struct pattern_vars *vars)
{
    if (!sv_present(g->text)) {
        return false;
    }
    struct strview missing = SV_NONE;
    g->sure = !has_placeholder(g->text);
    g->value = pattern_fill(g->text, allowed, vars, r->arena, &missing);
    if (!sv_present(g->value) && sv_present(missing)) {
        admit_deny(r, g->path, violation_quote(r->arena, g->text),
                   "{%.*s} does not stand for anything here", SV_ARG(missing));
    }
    return sv_present(g->value);
}

/// Whether no object at all could pass: neither side depends on it, or both never meet.
static bool is_never(const struct given *g, const struct patterns *list, enum pattern_kind kind)
{
    struct overlap_budget budget = {OVERLAP_STEPS};
    if (g->sure && !list_has_placeholder(list)) {
        return true;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (overlap_patterns(pattern_text(list->items[i]), g->text, kind, &budget)) {
            return false;
        }
    }
    return true;
}

// ---- images -------------------------------------------------------------------------------------

/// TAG, which stands in G's value, against the tags' rules.
static void try_tag(struct admit_run *r, const struct given *g, struct strview tag,
                    const struct pattern_vars *vars)
{
    if (patterns_match(&r->p->tags_denied, tag, vars)) {
        fault(r, g, g->sure && !list_has_placeholder(&r->p->tags_denied),
              "the tag \"%.*s\" is one that images.tags.denied refuses", SV_ARG(tag));
    }
    const struct pattern *pattern = r->p->tag_pattern;
    if (pattern != NULL && !pattern_match(pattern, tag, vars)) {
        fault(r, g, g->sure && !has_placeholder(pattern_text(pattern)),
              "the tag \"%.*s\" does not match images.tags.pattern", SV_ARG(tag));
    }
    struct flink_version v;
    bool within = r->p->n_versions == 0 || !flink_version_from_tag(tag, &v, NULL);
    for (size_t i = 0; i < r->p->n_versions && !within; i++) {
        within = flink_version_cmp(r->p->versions[i].from, v) <= 0 &&
                 flink_version_cmp(v, r->p->versions[i].to) <= 0;
    }
    if (!within) {
        fault(r, g, g->sure, "images.flinkVersions does not allow the Flink of tag \"%.*s\"",
              SV_ARG(tag));
    }
}

static void try_image(struct admit_run *r, const struct given *g, const struct image_ref *ref,
                      const struct pattern_vars *vars)
{
    const struct policy_images *images = &r->p->spec.images;
    if (r->p->images_allowed.set && r->p->images_allowed.n != 0 &&
        !patterns_match_image(&r->p->images_allowed, ref, vars)) {
        fault(r, g, is_never(g, &r->p->images_allowed, PATTERN_IMAGE),
              "images.allowed does not allow it");
    }
    if (images->digest.required.v && !sv_present(ref->digest)) {
        fault(r, g, g->sure, "images.digest.required wants a digest, and it has none");
    }
    if (images->tags.required.v && !sv_present(ref->tag)) {
        fault(r, g, g->sure, "images.tags.required wants a tag, and it has none");
        return;
    }
    struct strview tag = image_effective_tag(ref);
    if (sv_present(tag)) {
        try_tag(r, g, tag, vars);
    }
}

static void try_images(struct admit_run *r, const struct pattern_vars *vars)
{
    const struct policy_images *images = &r->p->spec.images;
    const struct path *path = UNDER(SPEC, "images");
    struct given image = {
        .path = UNDER(path, "default"), .text = images->dflt, .enforcement = r->p->enforce.images};
    struct given tag = {.path = UNDER(path, "defaultTag"),
                        .text = images->default_tag,
                        .enforcement = r->p->enforce.images};
    struct image_ref ref;
    const char *why = NULL;
    bool tagged = fill(r, &tag, POLICY_IMAGE_PLACEHOLDERS, vars);
    if (tagged) {
        struct strview whole = arena_printf(r->arena, "x:%.*s", SV_ARG(tag.value));
        if (image_parse(whole, r->arena, &ref, &why) && sv_eq(ref.tag, tag.value)) {
            try_tag(r, &tag, tag.value, vars);
        } else {
            admit_deny(r, tag.path, violation_quote(r->arena, tag.text),
                       "must be a tag: letters, digits, '_', '.' and '-', at most %d characters",
                       IMAGE_TAG_MAX);
        }
    }
    if (!fill(r, &image, POLICY_IMAGE_PLACEHOLDERS, vars)) {
        return;
    }
    if (!image_parse(image.value, r->arena, &ref, &why)) {
        admit_deny(r, image.path, violation_quote(r->arena, image.text), "%s", why);
        return;
    }
    if (ref.implicit_latest && tagged) {
        ref.tag = tag.value; // it gets that
        ref.implicit_latest = false;
        image.sure = image.sure && tag.sure;
    }
    try_image(r, &image, &ref, vars);
}

// ---- roles, storage -----------------------------------------------------------------------------

static void try_role(struct admit_run *r, const struct pattern_vars *vars)
{
    struct given g = {.path = UNDER(UNDER(SPEC, "iamRoles"), "default"),
                      .text = r->p->spec.iam_roles.dflt,
                      .enforcement = r->p->enforce.roles};
    struct role role;
    const char *why = NULL;
    if (!fill(r, &g, POLICY_OWNER_PLACEHOLDERS, vars)) {
        return;
    }
    if (!role_parse(g.value, &role, &why)) {
        admit_deny(r, g.path, violation_quote(r->arena, g.text), "%s", why);
        return;
    }
    const struct patterns *allowed = &r->p->roles_allowed;
    if (allowed->set && allowed->n != 0 && !patterns_match_role(allowed, &role, vars)) {
        fault(r, &g, is_never(&g, allowed, PATTERN_ROLE), "iamRoles.allowed does not allow it");
    }
    if (g.sure && r->p->spec.iam_roles.unique.v) {
        fault(r, &g, false, "iamRoles.unique lets only one FlinkCluster have it");
    }
}

static void try_root(struct admit_run *r, const struct pattern_vars *vars)
{
    struct given g = {.path = UNDER(UNDER(SPEC, "storage"), "defaultRoot"),
                      .text = r->p->spec.storage.default_root,
                      .enforcement = r->p->enforce.storage};
    const struct patterns *allowed = &r->p->storage_allowed;
    if (fill(r, &g, POLICY_OWNER_PLACEHOLDERS, vars) && allowed->set && allowed->n != 0 &&
        !patterns_match(allowed, g.value, vars)) {
        fault(r, &g, is_never(&g, allowed, PATTERN_URI), "storage.allowed does not allow it");
    }
}

// ---- numbers, quantities, options ---------------------------------------------------------------

static void try_number(struct admit_run *r, const struct path *block, enum enforcement e,
                       struct field_int dflt, struct field_int least, struct field_int most,
                       const char *most_name)
{
    struct given g = {
        .path = UNDER(block, "default"), .enforcement = e, .sure = true, .number = true};
    g.text = g.value = arena_printf(r->arena, "%" PRId64, dflt.v);
    if (dflt.set && least.set && dflt.v < least.v) {
        fault(r, &g, true, "must be at least `min`, which is %" PRId64, least.v);
    }
    if (dflt.set && most.set && dflt.v > most.v) {
        fault(r, &g, true, "must be at most `%s`, which is %" PRId64, most_name, most.v);
    }
}

static void try_resources(struct admit_run *r, const struct path *path,
                          const struct policy_quantities *dflt, const struct policy_quantities *max)
{
    for (size_t i = 0; i < dflt->n; i++) {
        for (size_t k = 0; k < max->n; k++) {
            const struct policy_quantity *have = &dflt->items[i], *most = &max->items[k];
            const struct path at = PATH_KEY_OF(path, have->name);
            struct given g = {.path = &at,
                              .text = have->text,
                              .value = have->text,
                              .enforcement = r->p->enforce.resources,
                              .sure = true};
            if (sv_eq(have->name, most->name) && quantity_cmp(have->value, most->value) > 0) {
                fault(r, &g, true, "must be at most `max`, which is %.*s", SV_ARG(most->text));
            }
        }
    }
}

static void try_options(struct admit_run *r, const struct path *path, const struct flink_conf *conf,
                        const struct flink_conf *required)
{
    for (size_t i = 0; i < conf->count; i++) {
        const struct flink_conf_entry *it = &conf->items[i];
        const struct path at = PATH_KEY_OF(path, it->key);
        struct given g = {.path = &at,
                          .text = it->value,
                          .value = it->value,
                          .enforcement = r->p->enforce.conf,
                          .sure = true};
        if (patterns_match(&r->p->conf_denied, it->canonical, NULL) ||
            patterns_match(&r->p->conf_denied, it->key, NULL)) {
            fault(r, &g, true, "flinkConfiguration.denied refuses the option");
        }
        const struct flink_conf_entry *want =
            required != NULL ? flink_conf_find_canonical(required, it->canonical) : NULL;
        if (want != NULL &&
            !judge_same_option(it, it->value, want->value, flink_version_newest())) {
            fault(r, &g, true, "flinkConfiguration.required wants %.*s",
                  SV_ARG(violation_quote(r->arena, want->value)));
        }
    }
}

void admit_default(struct admit_run *r)
{
    const struct policy *p = r->p;
    const struct policy_parallelism *par = &p->spec.parallelism;
    const struct policy_jm_replicas *jm = &p->spec.job_manager.replicas;
    const struct path *parallelism = UNDER(SPEC, "parallelism");
    const struct path *replicas = UNDER(UNDER(SPEC, "jobManager"), "replicas");
    const struct path *resources = UNDER(SPEC, "resources");
    const struct path *conf = UNDER(SPEC, "flinkConfiguration");
    struct pattern_vars vars = sample(r);
    try_images(r, &vars);
    try_role(r, &vars);
    try_root(r, &vars);
    try_number(r, parallelism, p->enforce.parallelism, par->dflt, par->min, par->max, "max");
    try_number(r, parallelism, p->enforce.parallelism, par->dflt, (struct field_int){0},
               par->namespace_total, "namespaceTotal");
    try_number(r, replicas, p->enforce.job_manager, jm->dflt, jm->min, jm->max, "max");
    try_resources(r, UNDER(UNDER(resources, "jobManager"), "default"), &p->jm_default, &p->jm_max);
    try_resources(r, UNDER(UNDER(resources, "taskManager"), "default"), &p->tm_default, &p->tm_max);
    try_options(r, UNDER(conf, "defaults"), &p->conf_defaults, &p->conf_required);
    try_options(r, UNDER(conf, "required"), &p->conf_required, NULL);
}
