// SPDX-License-Identifier: Apache-2.0
// Images, their tags, and Flink's version.
#include "common/policy/judge_run.h"

/// The path of an image; NODES hold it.
static const struct path *image_path(const struct judge_image *image,
                                     struct path nodes[PLACE_NODES + 2])
{
    if (image->place == NULL) {
        nodes[0] = PATH_FIELD_OF(NULL, SV("spec"));
        nodes[1] = PATH_FIELD_OF(&nodes[0], SV("image"));
        return &nodes[1];
    }
    const struct path *at = place_path(image->place, nodes);
    nodes[PLACE_NODES] = PATH_FIELD_OF(at, SV("image"));
    nodes[PLACE_NODES + 1] = PATH_FIELD_OF(&nodes[PLACE_NODES], SV("reference"));
    return image->place->list == PLACE_VOLUMES ? &nodes[PLACE_NODES + 1] : &nodes[PLACE_NODES];
}

static void say(struct judge_run *r, const struct judge_image *image, const char *text)
{
    struct path nodes[PLACE_NODES + 2];
    judge_say(r, CAUSE_INVALID, image_path(image, nodes), judge_text(r, image->text), "%s", text);
}

/// What a short name stands for: "docker.io/library/flink ".
static struct strview meaning(const struct judge_run *r, const struct image_ref *ref)
{
    if (!ref->domain_defaulted && !ref->library_added) {
        return SV("");
    }
    CLEANUP(strbuf_done) struct strbuf name = STRBUF(1024);
    image_put_name(&name, ref);
    return arena_printf(r->arena, "%.*s ", SV_ARG(strbuf_view(&name)));
}

void judge_images_allowed(struct judge_run *r)
{
    const struct patterns *allowed = &r->policy->images_allowed;
    if (!allowed->set) {
        return;
    }
    size_t n;
    const struct judge_image *images = judge_images(r->now, &n);
    for (size_t i = 0;
         i < n && judge_works(r, patterns_steps(allowed, images[i].text.len)) && !r->enough; i++) {
        if (!patterns_match_image(allowed, &images[i].ref, judge_vars(r->now))) {
            struct path nodes[PLACE_NODES + 2];
            judge_say(r, CAUSE_INVALID, image_path(&images[i], nodes),
                      judge_text(r, images[i].text), "%.*sis not among the allowed images: %.*s",
                      SV_ARG(meaning(r, &images[i].ref)), SV_ARG(judge_patterns(r, allowed)));
        }
    }
}

/// The mutating webhook would still give spec.image the policy's tag.
static bool gets_tag(const struct judge_run *r, const struct judge_image *image)
{
    return r->in->before_defaults && image->place == NULL && image->ref.implicit_latest;
}

void judge_images_tags_required(struct judge_run *r)
{
    if (!r->policy->spec.images.tags.required.v) {
        return;
    }
    size_t n;
    const struct judge_image *images = judge_images(r->now, &n);
    for (size_t i = 0; i < n && judge_works(r, 1) && !r->enough; i++) {
        if (!sv_present(images[i].ref.tag) && !gets_tag(r, &images[i])) {
            say(r, &images[i],
                sv_present(images[i].ref.digest) ? "a tag is required, also beside a digest"
                                                 : "a tag is required");
        }
    }
}

void judge_images_tags_denied(struct judge_run *r)
{
    const struct patterns *denied = &r->policy->tags_denied;
    if (denied->n == 0) {
        return;
    }
    size_t n;
    const struct judge_image *images = judge_images(r->now, &n);
    for (size_t i = 0; i < n && !r->enough; i++) {
        struct strview tag = image_effective_tag(&images[i].ref);
        if (judge_works(r, patterns_steps(denied, tag.len)) && sv_present(tag) &&
            !gets_tag(r, &images[i]) && patterns_match(denied, tag, judge_vars(r->now))) {
            struct path nodes[PLACE_NODES + 2];
            judge_say(
                r, CAUSE_INVALID, image_path(&images[i], nodes), judge_text(r, images[i].text),
                "the tag %.*s is denied%s: give another", SV_ARG(tag),
                images[i].ref.implicit_latest ? ", which an image with neither tag nor digest has"
                                              : "");
        }
    }
}

void judge_images_tags_pattern(struct judge_run *r)
{
    const struct pattern *pattern = r->policy->tag_pattern;
    if (pattern == NULL) {
        return;
    }
    size_t n;
    const struct judge_image *images = judge_images(r->now, &n);
    for (size_t i = 0; i < n && !r->enough; i++) {
        struct strview tag = image_effective_tag(&images[i].ref);
        if (judge_works(r, pattern_steps(pattern, tag.len)) && sv_present(tag) &&
            !gets_tag(r, &images[i]) && !pattern_match(pattern, tag, judge_vars(r->now))) {
            const struct patterns one = {.items = &pattern, .n = 1};
            struct path nodes[PLACE_NODES + 2];
            judge_say(r, CAUSE_INVALID, image_path(&images[i], nodes),
                      judge_text(r, images[i].text), "the tag %.*s must match %.*s", SV_ARG(tag),
                      SV_ARG(judge_patterns(r, &one)));
        }
    }
}

void judge_images_digest_required(struct judge_run *r)
{
    if (!r->policy->spec.images.digest.required.v) {
        return;
    }
    size_t n;
    const struct judge_image *images = judge_images(r->now, &n);
    for (size_t i = 0; i < n && judge_works(r, 1) && !r->enough; i++) {
        if (!sv_present(images[i].ref.digest)) {
            say(r, &images[i], "a digest is required, such as name:tag@sha256:…");
        }
    }
}

// ---- Flink's version ----------------------------------------------------------------------------

static bool in_ranges(const struct policy *p, struct flink_version v)
{
    for (size_t i = 0; i < p->n_versions; i++) {
        if (flink_version_cmp(v, p->versions[i].from) >= 0 &&
            flink_version_cmp(v, p->versions[i].to) <= 0) {
            return true;
        }
    }
    return false;
}

static void say_version(struct judge_run *r, const struct path *path, struct strview text,
                        struct flink_version v)
{
    const struct field_strings *ranges = &r->policy->spec.images.flink_versions;
    judge_say(r, CAUSE_INVALID, path, judge_text(r, text), "Flink %d.%d is not among %.*s", v.major,
              v.minor, SV_ARG(judge_strings(r, ranges->items, ranges->n)));
}

void judge_images_flink_versions(struct judge_run *r)
{
    const struct cluster_spec *spec = &r->now->c->spec;
    if (!r->policy->spec.images.flink_versions.set) {
        return;
    }
    const struct flink_effective *e = judge_effective(r->now);
    bool given = e->version_form != FLINK_FORM_NONE;
    if (given && !in_ranges(r->policy, e->version)) {
        say_version(r, UNDER(SPEC, "flinkVersion"), spec->flink_version, e->version);
    }
    // What the image says it is counts, whatever flinkVersion says.
    if (e->tag_tells && !in_ranges(r->policy, e->tagged) &&
        !(given && flink_version_cmp(e->tagged, e->version) == 0)) {
        say_version(r, UNDER(SPEC, "image"), spec->image, e->tagged);
    }
}
