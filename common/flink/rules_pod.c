// SPDX-License-Identifier: Apache-2.0
// Pod templates: what users may add to the pods, and what is ours in them.
#include "common/flink/rules_run.h"

#include "common/base/macros.h"
#include "common/flink/podtemplate.h"

#define MAIN_CONTAINER "flink-main-container"
#define TEMPLATES      3
// Containers of one list that are looked at for an image of the same name elsewhere; nobody has
// more.
#define CONTAINERS_MAX 64

struct template
{
    const struct json *json; // NULL: absent
    const char *role;        // "jobManager", or NULL for the common one
};

/// The common template, then the roles' own.
static void templates(const struct rule_run *r, struct template ret[TEMPLATES])
{
    const struct cluster_spec *spec = &r->now->spec;
    ret[0] = (struct template){spec->pod_template, NULL};
    ret[1] = (struct template){spec->job_manager.pod_template, "jobManager"};
    ret[2] = (struct template){spec->task_manager.pod_template, "taskManager"};
}

/// The path of T's `spec`. Its nodes live in the caller's array.
static const struct path *spec_path(const struct template *t, struct path nodes[4])
{
    nodes[0] = PATH_FIELD_OF(NULL, SV("spec"));
    nodes[1] = PATH_FIELD_OF(&nodes[0], sv_from(t->role != NULL ? t->role : "podTemplate"));
    nodes[2] = PATH_FIELD_OF(&nodes[1], SV("podTemplate"));
    nodes[3] = PATH_FIELD_OF(t->role != NULL ? &nodes[2] : &nodes[1], SV("spec"));
    return &nodes[3];
}

static const struct json *containers(const struct template *t, const char *list)
{
    return json_get(json_get_lit(t->json, "spec"), sv_from(list));
}

static struct strview name_of(const struct json *container)
{
    return json_get_string(container, SV("name"));
}

static bool is_main(const struct json *container)
{
    return sv_eq_lit(name_of(container), MAIN_CONTAINER);
}

void rule_pod_template_shape(struct rule_run *r)
{
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        struct path nodes[4];
        if (all[i].json != NULL) {
            podtemplate_check(all[i].json, spec_path(&all[i], nodes)->up, r->id, r->out);
        }
    }
}

typedef void item_fn(struct rule_run *r, const struct path *at, const char *list,
                     const struct json *item);

/// Calls FN for each item of the N LISTS of each template's spec.
static void each_item(struct rule_run *r, const char *const *lists, size_t n_lists, item_fn *fn)
{
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        struct path nodes[4];
        const struct path *spec = spec_path(&all[i], nodes);
        for (size_t k = 0; k < n_lists; k++) {
            const struct path list = PATH_FIELD_OF(spec, sv_from(lists[k]));
            size_t n = 0;
            json_each(item, containers(&all[i], lists[k])) {
                const struct path at = PATH_INDEX_OF(&list, n++);
                fn(r, &at, lists[k], item);
            }
        }
    }
}

static void check_name(struct rule_run *r, const struct path *at, const char *list,
                       const struct json *item)
{
    const struct json *name = json_get_lit(item, "name");
    bool empty = json_type(name) == JSON_STRING && json_string(name).len == 0;
    (void)list;
    if (json_type(item) == JSON_OBJECT && (empty || !rule_stands(item, "name"))) {
        rule_deny(r, CAUSE_REQUIRED, UNDER(at, "name"), SV_NONE,
                  "templates are merged by it; Flink's own container is %s", MAIN_CONTAINER);
    }
}

void rule_pod_template_names(struct rule_run *r)
{
    static const char *const LISTS[] = {"containers", "initContainers", "volumes"};
    each_item(r, LISTS, ARRAY_LEN(LISTS), check_name);
}

// ---- images -------------------------------------------------------------------------------------

/// Whether any template gives the container NAME of LIST an image: they are merged by name.
static bool has_image(const struct rule_run *r, const char *list, struct strview name)
{
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        json_each(c, containers(&all[i], list)) {
            if (sv_eq(name_of(c), name) && rule_stands(c, "image")) {
                return true;
            }
        }
    }
    return false;
}

static void check_image(struct rule_run *r, const struct path *at, const char *list,
                        const struct json *container)
{
    struct strview image = json_get_string(container, SV("image"));
    struct image_ref ref;
    const char *why = "";
    if (is_main(container)) {
        return;
    }
    if (!rule_stands(container, "image")) {
        if (at->index < CONTAINERS_MAX && sv_present(name_of(container)) &&
            !has_image(r, list, name_of(container))) {
            rule_deny(r, CAUSE_REQUIRED, UNDER(at, "image"), SV_NONE,
                      "the container's image (only %s has spec.image)", MAIN_CONTAINER);
        }
    } else if (sv_present(image) && !image_parse(image, r->arena, &ref, &why)) {
        rule_deny(r, CAUSE_INVALID, UNDER(at, "image"), rule_quote(r, image),
                  "not an image reference: %s", why);
    }
}

void rule_pod_template_images(struct rule_run *r)
{
    static const char *const LISTS[] = {"containers", "initContainers"};
    each_item(r, LISTS, ARRAY_LEN(LISTS), check_image);
}

// ---- the main container -------------------------------------------------------------------------

/// T's main container and its path, or NULL.
static const struct json *main_container(const struct template *t, const struct path *list,
                                         struct path *at)
{
    size_t n = 0;
    json_each(c, containers(t, "containers")) {
        *at = PATH_INDEX_OF(list, n++);
        if (is_main(c)) {
            return c;
        }
    }
    return NULL;
}

static void check_main(struct rule_run *r, const struct template *t, const struct path *spec)
{
    const struct path list = PATH_FIELD_OF(spec, SV("containers"));
    struct path at;
    const struct json *first = main_container(t, &list, &at);
    struct strview image = json_get_string(first, SV("image"));
    if (sv_present(image)) {
        rule_deny(r, CAUSE_FORBIDDEN, UNDER(&at, "image"), rule_quote(r, image),
                  "Flink's own container runs spec.image: set that");
    }
    size_t n = 0;
    json_each(c, containers(t, "containers")) {
        const struct path again = PATH_INDEX_OF(&list, n++);
        if (c != first && is_main(c)) {
            rule_deny(r, CAUSE_DUPLICATE, UNDER(&again, "name"), rule_quote(r, name_of(c)),
                      "there is one such container");
        }
    }
    const struct path inits = PATH_FIELD_OF(spec, SV("initContainers"));
    n = 0;
    json_each(c, containers(t, "initContainers")) {
        const struct path init = PATH_INDEX_OF(&inits, n++);
        if (is_main(c)) {
            rule_deny(r, CAUSE_INVALID, UNDER(&init, "name"), rule_quote(r, name_of(c)),
                      "is the name of Flink's own container: take another");
        }
    }
}

void rule_pod_template_main_container(struct rule_run *r)
{
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        struct path nodes[4];
        check_main(r, &all[i], spec_path(&all[i], nodes));
    }
}

void rule_pod_template_environment(struct rule_run *r)
{
    static const struct {
        const char *name, *instead;
    } OURS[] = {
        {"FLINK_PROPERTIES", "use flinkConfiguration"},
        {"ENABLE_BUILT_IN_PLUGINS", "use plugins"},
    };
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        struct path nodes[4];
        struct path at;
        const struct path list = PATH_FIELD_OF(spec_path(&all[i], nodes), SV("containers"));
        const struct json *c = main_container(&all[i], &list, &at);
        const struct path env = PATH_FIELD_OF(&at, SV("env"));
        size_t n = 0;
        json_each(variable, json_get_lit(c, "env")) {
            const struct path var = PATH_INDEX_OF(&env, n++);
            struct strview name = name_of(variable);
            for (size_t k = 0; k < ARRAY_LEN(OURS); k++) {
                if (sv_eq_lit(name, OURS[k].name)) {
                    rule_deny(r, CAUSE_FORBIDDEN, UNDER(&var, "name"), rule_quote(r, name),
                              "Sluice sets it: %s", OURS[k].instead);
                }
            }
        }
    }
}

// ---- what is ours -------------------------------------------------------------------------------

void rule_pod_template_service_account(struct rule_run *r)
{
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        static const char *const FIELDS[] = {"serviceAccountName", "serviceAccount"};
        struct path nodes[4];
        const struct path *spec = spec_path(&all[i], nodes);
        for (size_t k = 0; k < ARRAY_LEN(FIELDS); k++) {
            const struct json *v = json_get(json_get_lit(all[i].json, "spec"), sv_from(FIELDS[k]));
            if (sv_present(json_string(v))) {
                const struct path at = PATH_FIELD_OF(spec, sv_from(FIELDS[k]));
                rule_deny(r, CAUSE_FORBIDDEN, &at, rule_quote(r, json_string(v)),
                          "use spec.serviceAccountName");
            }
        }
    }
}

static void warn_ignored(struct rule_run *r, const struct json *object, const struct path *path,
                         const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rule_stands(object, names[i])) {
            const struct path at = PATH_FIELD_OF(path, sv_from(names[i]));
            rule_warn(r, &at, "has no effect: Sluice sets it");
        }
    }
}

void rule_pod_template_ignored(struct rule_run *r)
{
    static const char *const SPEC_FIELDS[] = {"restartPolicy"};
    static const char *const META_FIELDS[] = {"name", "generateName", "namespace",
                                              "ownerReferences"};
    static const char *const MAIN_FIELDS[] = {"args"};
    struct template all[TEMPLATES];
    templates(r, all);
    for (size_t i = 0; i < TEMPLATES; i++) {
        struct path nodes[4];
        struct path at;
        const struct path *spec = spec_path(&all[i], nodes);
        const struct path meta = PATH_FIELD_OF(spec->up, SV("metadata"));
        const struct path list = PATH_FIELD_OF(spec, SV("containers"));
        warn_ignored(r, json_get_lit(all[i].json, "spec"), spec, SPEC_FIELDS,
                     ARRAY_LEN(SPEC_FIELDS));
        warn_ignored(r, json_get_lit(all[i].json, "metadata"), &meta, META_FIELDS,
                     ARRAY_LEN(META_FIELDS));
        warn_ignored(r, main_container(&all[i], &list, &at), &at, MAIN_FIELDS,
                     ARRAY_LEN(MAIN_FIELDS));
    }
}
