// SPDX-License-Identifier: Apache-2.0
// Image and Flink version.
#include "common/flink/rules_run.h"

#include "common/flink/defaults_note.h"
#include "common/flink/version.h"
#include "common/k8s/names.h"

void rule_image_required(struct rule_run *r)
{
    // Before the defaults, a policy's image stands in the struct alone.
    if (!rule_stands(r->now->spec.self, "image") && !sv_present(r->now->spec.image)) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(SPEC, "image"), SV_NONE,
                  "the job's Flink image, such as flink:1.20.1");
    }
}

void rule_image_reference(struct rule_run *r)
{
    struct strview image = r->now->spec.image;
    if (sv_present(image) && !r->e->image_ok) {
        rule_deny(r, CAUSE_INVALID, UNDER(SPEC, "image"), rule_quote(r, image),
                  "not an image reference: %s", r->e->image_why);
    }
}

void rule_pull_secret_names(struct rule_run *r)
{
    size_t i = 0;
    json_each(item, r->now->spec.image_pull_secrets) {
        struct strview name = json_get_string(item, SV("name"));
        const struct path list = PATH_FIELD_OF(SPEC, SV("imagePullSecrets"));
        const struct path at = PATH_INDEX_OF(&list, i++);
        const char *fault = name_fault(NAME_DNS1123_SUBDOMAIN, name);
        if (!rule_stands(item, "name")) {
            rule_deny(r, CAUSE_REQUIRED, UNDER(&at, "name"), SV_NONE, "the name of a Secret");
        } else if (sv_present(name) && fault != NULL) {
            rule_deny(r, CAUSE_INVALID, UNDER(&at, "name"), rule_quote(r, name), "%s", fault);
        }
    }
}

void rule_flink_version_required(struct rule_run *r)
{
    const struct cluster_spec *spec = &r->now->spec;
    const struct flink_version oldest = flink_version_oldest();
    const struct flink_version newest = flink_version_newest();
    if (rule_stands(spec->self, "flinkVersion") || !r->e->image_ok) {
        return; // an image that is none has its own fault
    }
    if (!r->e->tag_tells) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(SPEC, "flinkVersion"), SV_NONE,
                  "set it, such as \"1.20\": the image's tag begins with no known Flink version "
                  "(%d.%d to %d.%d)",
                  oldest.major, oldest.minor, newest.major, newest.minor);
    } else if (!r->before_defaults) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(SPEC, "flinkVersion"), SV_NONE,
                  "the mutating webhook did not run, which reads it from the tag: set \"%d.%d\"",
                  r->e->tagged.major, r->e->tagged.minor);
    }
}

void rule_flink_version_form(struct rule_run *r)
{
    struct strview text = r->now->spec.flink_version;
    struct flink_version v = r->e->version;
    if (!sv_present(text)) {
        return;
    }
    switch (r->e->version_form) {
    case FLINK_FORM_NONE:
        rule_deny(r, CAUSE_INVALID, UNDER(SPEC, "flinkVersion"), rule_quote(r, text),
                  "must be MAJOR.MINOR, such as \"1.20\"");
        break;
    case FLINK_FORM_APACHE:
        rule_warn(r, UNDER(SPEC, "flinkVersion"), "%.*s is read as \"%d.%d\"; write it so",
                  SV_ARG(rule_quote(r, text)), v.major, v.minor);
        break;
    case FLINK_FORM_PLAIN:
        break;
    }
}

void rule_flink_version_known(struct rule_run *r)
{
    struct strview text = r->now->spec.flink_version;
    if (r->e->version_form == FLINK_FORM_NONE) {
        return;
    }
    struct flink_version oldest = flink_version_oldest();
    struct flink_version newest = flink_version_newest();
    switch (flink_version_standing(r->e->version)) {
    case FLINK_KNOWN:
        break;
    case FLINK_OLDER:
        rule_deny(r, CAUSE_INVALID, UNDER(SPEC, "flinkVersion"), rule_quote(r, text),
                  "too old: %d.%d is the oldest Flink supported", oldest.major, oldest.minor);
        break;
    case FLINK_NO_SUCH:
        rule_deny(r, CAUSE_INVALID, UNDER(SPEC, "flinkVersion"), rule_quote(r, text),
                  "there is no such Flink release");
        break;
    case FLINK_NEWER:
        rule_warn(r, UNDER(SPEC, "flinkVersion"),
                  "newer than %d.%d, the newest known; judged as that", newest.major, newest.minor);
        break;
    }
}

void rule_flink_version_matches_tag(struct rule_run *r)
{
    struct flink_version given = r->e->version, tagged = r->e->tagged;
    if (r->e->tag_tells && r->e->version_form != FLINK_FORM_NONE &&
        flink_version_cmp(given, tagged) != 0 && flink_version_standing(given) == FLINK_KNOWN) {
        rule_warn(r, UNDER(SPEC, "flinkVersion"), "is %d.%d, but the image's tag says %d.%d",
                  given.major, given.minor, tagged.major, tagged.minor);
    }
}

void rule_flink_version_followed(struct rule_run *r)
{
    struct flink_note note;
    struct strview version = r->now->spec.flink_version;
    if (sv_eq(r->now->spec.image, r->old->spec.image) || r->e->tag_tells ||
        !sv_eq(version, r->old->spec.flink_version)) {
        return;
    }
    flink_note_read(r->old, r->arena, &note);
    if (sv_present(note.version) && sv_eq(note.version, version) &&
        flink_users_fields(r->now, FLINK_NOTED_BIT(FLINK_NOTED_VERSION), r->arena) == 0) {
        rule_warn(r, UNDER(SPEC, "flinkVersion"),
                  "stays %.*s, read from the old image's tag: the new tag tells none",
                  SV_ARG(version));
    }
}
