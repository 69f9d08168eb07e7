// SPDX-License-Identifier: Apache-2.0
// Pod templates: what users may add to the pods, and what is ours in them.
#include "common/flink/rules_run.h"

#include "common/base/macros.h"
#include "common/flink/places.h"
#include "common/flink/podtemplate.h"

// Containers of one list that are looked at for an image of the same name elsewhere; nobody has
// more.
#define CONTAINERS_MAX 64

#define CONF_FOLDER "/opt/flink/conf"

void rule_pod_template_shape(struct rule_run *r)
{
    struct places walk = PLACES(r->now, PLACES_TEMPLATES);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        UNINITIALIZED struct path nodes[PLACE_NODES];
        podtemplate_check(p->json, place_path(p, nodes), r->id, r->out);
    }
}

void rule_pod_template_names(struct rule_run *r)
{
    struct places walk = PLACES(r->now, PLACES_OF_CONTAINERS | PLACES_OF(VOLUMES));
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (p->name.len == 0 && json_type(p->json) == JSON_OBJECT &&
            (sv_present(p->name) || !rule_stands(p->json, "name"))) {
            struct path nodes[PLACE_NODES];
            rule_deny(r, CAUSE_REQUIRED, UNDER(place_path(p, nodes), "name"), SV_NONE,
                      "templates are merged by it; Flink's own container is %s",
                      PLACES_MAIN_CONTAINER);
        }
    }
}

// ---- images -------------------------------------------------------------------------------------

/// Whether any template gives the container an image: they are merged by name.
static bool has_image(const struct rule_run *r, const struct place *container)
{
    struct places walk = PLACES(r->now, 1U << container->list);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (sv_eq(p->name, container->name) && rule_stands(p->json, "image")) {
            return true;
        }
    }
    return false;
}

static void check_image(struct rule_run *r, const struct path *path, struct strview image)
{
    struct image_ref ref;
    const char *why = "";
    if (sv_present(image) && !image_parse(image, r->arena, &ref, &why)) {
        rule_deny(r, CAUSE_INVALID, path, rule_quote(r, image), "not an image reference: %s", why);
    }
}

static void check_container_image(struct rule_run *r, const struct place *p)
{
    UNINITIALIZED struct path nodes[PLACE_NODES];
    if (place_is_main(p)) {
        return;
    }
    if (rule_stands(p->json, "image")) {
        check_image(r, UNDER(place_path(p, nodes), "image"), json_get_string(p->json, SV("image")));
    } else if (p->index < CONTAINERS_MAX && sv_present(p->name) && !has_image(r, p)) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(place_path(p, nodes), "image"), SV_NONE,
                  "the container's image (only %s has spec.image)", PLACES_MAIN_CONTAINER);
    }
}

void rule_pod_template_images(struct rule_run *r)
{
    struct places walk = PLACES(r->now, PLACES_OF_ANY_CONTAINERS | PLACES_OF(VOLUMES));
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (p->list != PLACE_VOLUMES) {
            check_container_image(r, p);
            continue;
        }
        struct strview image = json_get_string(json_get_lit(p->json, "image"), SV("reference"));
        if (sv_present(image)) {
            struct path nodes[PLACE_NODES];
            check_image(r, UNDER(UNDER(place_path(p, nodes), "image"), "reference"), image);
        }
    }
}

// ---- the main container -------------------------------------------------------------------------

static void check_main(struct rule_run *r, const struct place *p, bool first)
{
    UNINITIALIZED struct path nodes[PLACE_NODES];
    struct strview image = json_get_string(p->json, SV("image"));
    if (p->list != PLACE_CONTAINERS) {
        rule_deny(r, CAUSE_INVALID, UNDER(place_path(p, nodes), "name"), rule_quote(r, p->name),
                  "is the name of Flink's own container: take another");
    } else if (!first) {
        rule_deny(r, CAUSE_DUPLICATE, UNDER(place_path(p, nodes), "name"), rule_quote(r, p->name),
                  "there is one such container");
    } else if (sv_present(image)) {
        rule_deny(r, CAUSE_FORBIDDEN, UNDER(place_path(p, nodes), "image"), rule_quote(r, image),
                  "Flink's own container runs spec.image: set that");
    }
}

void rule_pod_template_main_container(struct rule_run *r)
{
    struct places walk = PLACES(r->now, PLACES_OF_ANY_CONTAINERS);
    unsigned seen = 0; // templates that have one, as bits
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (place_is_main(p)) {
            check_main(r, p, (seen & 1U << p->template_index) == 0);
            seen |= 1U << p->template_index;
        }
    }
}

static void check_variables(struct rule_run *r, const struct place *main)
{
    static const struct {
        struct strview name;
        const char *why;
    } OURS[] = {
        {SV_INIT("FLINK_PROPERTIES"), "Sluice sets it: use flinkConfiguration"},
        {SV_INIT("ENABLE_BUILT_IN_PLUGINS"), "Sluice sets it: use plugins"},
        {SV_INIT("FLINK_CONF_DIR"),
         CONF_FOLDER " is read: use flinkConfiguration and logConfiguration"},
        {SV_INIT("FLINK_HOME"), "Flink's configuration is in " CONF_FOLDER ": leave it out"},
    };
    size_t n = 0;
    json_each(variable, json_get_lit(main->json, "env")) {
        struct strview name = json_get_string(variable, SV("name"));
        for (size_t k = 0; k < ARRAY_LEN(OURS); k++) {
            if (sv_eq(name, OURS[k].name)) {
                struct path nodes[PLACE_NODES];
                const struct path *var = &PATH_INDEX_OF(UNDER(place_path(main, nodes), "env"), n);
                rule_deny(r, CAUSE_FORBIDDEN, UNDER(var, "name"), rule_quote(r, name), "%s",
                          OURS[k].why);
            }
        }
        n++;
    }
}

/// Whether PATH is Flink's configuration folder or below it, however it is written.
static bool is_in_conf(struct strview path)
{
    static const char *const FOLDERS[] = {"opt", "flink", "conf"};
    size_t depth = 0, same = 0; // SAME: how many folders from the root on are those
    struct strview name;
    while (sv_split(&path, '/', &name)) {
        if (name.len == 0 || sv_eq_lit(name, ".")) {
            continue;
        }
        if (sv_eq_lit(name, "..")) {
            depth -= depth != 0 ? 1 : 0;
            same = same < depth ? same : depth;
            continue;
        }
        same += same == depth && same < ARRAY_LEN(FOLDERS) && sv_eq_lit(name, FOLDERS[same]);
        depth++;
    }
    return same == ARRAY_LEN(FOLDERS);
}

static void check_mounts(struct rule_run *r, const struct place *main)
{
    size_t n = 0;
    json_each(mount, json_get_lit(main->json, "volumeMounts")) {
        struct strview path = json_get_string(mount, SV("mountPath"));
        if (is_in_conf(path)) {
            struct path nodes[PLACE_NODES];
            const struct path *mounts = UNDER(place_path(main, nodes), "volumeMounts");
            rule_deny(r, CAUSE_FORBIDDEN, UNDER(&PATH_INDEX_OF(mounts, n), "mountPath"),
                      rule_quote(r, path),
                      "Sluice mounts Flink's configuration there: use flinkConfiguration and "
                      "logConfiguration");
        }
        n++;
    }
}

void rule_pod_template_environment(struct rule_run *r)
{
    struct places walk = PLACES(r->now, PLACES_OF(CONTAINERS));
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (place_is_main(p)) {
            check_variables(r, p);
            check_mounts(r, p);
        }
    }
}

// ---- what is ours -------------------------------------------------------------------------------

void rule_pod_template_service_account(struct rule_run *r)
{
    static const struct strview FIELDS[] = {SV_INIT("serviceAccountName"),
                                            SV_INIT("serviceAccount")};
    struct places walk = PLACES(r->now, PLACES_TEMPLATES);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        for (size_t k = 0; k < ARRAY_LEN(FIELDS); k++) {
            struct strview name = json_get_string(p->pod, FIELDS[k]);
            if (sv_present(name)) {
                struct path nodes[PLACE_NODES];
                const struct path *spec = UNDER(place_path(p, nodes), "spec");
                rule_deny(r, CAUSE_FORBIDDEN, &PATH_FIELD_OF(spec, FIELDS[k]), rule_quote(r, name),
                          "use spec.serviceAccountName");
            }
        }
    }
}

/// Warns of each of NAMES in OBJECT, which is P itself or its MEMBER.
static void warn_ignored(struct rule_run *r, const struct place *p, const char *member,
                         const struct json *object, const struct strview *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_get(object, names[i]);
        if (v != NULL && json_type(v) != JSON_NULL) {
            struct path nodes[PLACE_NODES];
            const struct path *place = place_path(p, nodes);
            const struct path *at = member != NULL ? &PATH_FIELD_OF(place, sv_from(member)) : place;
            rule_warn(r, &PATH_FIELD_OF(at, names[i]), "has no effect: Sluice sets it");
        }
    }
}

void rule_pod_template_ignored(struct rule_run *r)
{
    static const struct strview SPEC_FIELDS[] = {SV_INIT("restartPolicy")};
    static const struct strview META_FIELDS[] = {SV_INIT("name"), SV_INIT("generateName"),
                                                 SV_INIT("namespace"), SV_INIT("ownerReferences")};
    static const struct strview MAIN_FIELDS[] = {SV_INIT("args")};
    struct places walk = PLACES(r->now, PLACES_TEMPLATES | PLACES_OF(CONTAINERS));
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (p->list == PLACE_LIST_COUNT) {
            warn_ignored(r, p, "spec", p->pod, SPEC_FIELDS, ARRAY_LEN(SPEC_FIELDS));
            warn_ignored(r, p, "metadata", json_get_lit(p->json, "metadata"), META_FIELDS,
                         ARRAY_LEN(META_FIELDS));
        } else if (place_is_main(p)) {
            warn_ignored(r, p, NULL, p->json, MAIN_FIELDS, ARRAY_LEN(MAIN_FIELDS));
        }
    }
}
