// SPDX-License-Identifier: Apache-2.0
#include "common/policy/ways.h"

#include "common/base/macros.h"
#include "common/json/out.h"

#define SOURCE_MAX 16384 // of a valueFrom, far beyond what one needs

// ---- the list -----------------------------------------------------------------------------------

/// PATH is text that stays. NULL: the arena is full.
static struct way *add(struct ways *list, enum way_kind kind, struct strview path,
                       struct strview text, const char *why)
{
    if (list->n == list->cap) {
        size_t cap = list->cap != 0 ? list->cap * 2 : 4;
        struct way *items = arena_alloc(list->arena, cap * sizeof(*items));
        if (items == NULL) {
            return NULL;
        }
        if (list->n != 0) {
            memcpy(items, list->items, list->n * sizeof(*items));
        }
        list->items = items;
        list->cap = cap;
    }
    struct way *it = &list->items[list->n++];
    *it = (struct way){.kind = kind, .path = path, .text = text, .why = why != NULL ? why : ""};
    return it;
}

void ways_add(struct ways *list, enum way_kind kind, const struct path *path, struct strview text,
              const char *why)
{
    struct strbuf b = STRBUF_IN(list->arena, 1024);
    path_put(&b, path);
    struct way *it = add(list, kind, strbuf_view(&b), text, why);
    const char *fault = "";
    if (it != NULL && kind == WAY_ROLE && !role_parse(text, &it->role, &fault)) {
        it->fault = fault;
    }
}

// ---- metadata of pods ---------------------------------------------------------------------------

/// The annotations by which identities are handed out, and the labels of Azure's former way.
static const struct strview ROLE_KEYS[] = {
    SV_INIT("eks.amazonaws.com/role-arn"),
    SV_INIT("iam.amazonaws.com/role"), // kube2iam, kiam
    SV_INIT("iam.gke.io/gcp-service-account"),
    SV_INIT("azure.workload.identity/client-id"),
};

static bool names_role(struct strview key, struct strview value)
{
    for (size_t i = 0; i < ARRAY_LEN(ROLE_KEYS); i++) {
        if (sv_eq(key, ROLE_KEYS[i])) {
            return true;
        }
    }
    // The prefix of EKS' annotations, and kube2iam's whole key, are settings of their webhooks.
    return sv_ends(key, SV("/role-arn")) ||
           (sv_starts(value, SV("arn:")) && sv_find(value, SV("role/")) != SIZE_MAX);
}

/// FIELD of the template's METADATA: annotations or labels.
static void of_metadata(struct ways *list, const struct place *p, const struct json *metadata,
                        struct strview field)
{
    json_each(item, json_get(metadata, field)) {
        struct strview key = json_key(item), value = json_string(item);
        bool is_binding = sv_eq_lit(key, "aadpodidbinding");
        if (!sv_present(value) || (!is_binding && !names_role(key, value))) {
            continue;
        }
        struct path nodes[PLACE_NODES];
        const struct path up = PATH_FIELD_OF(place_path(p, nodes), SV("metadata"));
        const struct path map = PATH_FIELD_OF(&up, field);
        ways_add(list, is_binding ? WAY_HIDDEN : WAY_ROLE, &PATH_KEY_OF(&map, key), value,
                 is_binding ? "an Azure identity by the name of its binding, which does not tell "
                              "it: use iamRole"
                            : NULL);
    }
}

static void of_template(struct ways *list, const struct place *p)
{
    static const struct strview ACCOUNTS[] = {SV_INIT("serviceAccountName"),
                                              SV_INIT("serviceAccount")};
    const struct json *metadata = json_get_lit(p->json, "metadata");
    of_metadata(list, p, metadata, SV("annotations"));
    of_metadata(list, p, metadata, SV("labels"));
    for (size_t i = 0; i < ARRAY_LEN(ACCOUNTS); i++) {
        struct strview name = json_get_string(p->pod, ACCOUNTS[i]);
        if (sv_present(name)) {
            struct path nodes[PLACE_NODES];
            const struct path spec = PATH_FIELD_OF(place_path(p, nodes), SV("spec"));
            ways_add(list, WAY_ACCOUNT, &PATH_FIELD_OF(&spec, ACCOUNTS[i]), name, NULL);
        }
    }
}

// ---- containers ---------------------------------------------------------------------------------

static struct strview source_of(struct ways *list, const struct json *variable)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(SOURCE_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, json_get_lit(variable, "valueFrom"));
    return strbuf_ok(&b) ? arena_copy(list->arena, strbuf_view(&b)) : SV_NONE;
}

static void of_container(struct ways *list, const struct place *p)
{
    size_t n = 0;
    json_each(variable, json_get_lit(p->json, "env")) {
        size_t index = n++;
        struct strview name = json_get_string(variable, SV("name"));
        if (!ways_may_be_variable(name)) {
            continue;
        }
        struct path nodes[PLACE_NODES];
        const struct path env = PATH_FIELD_OF(place_path(p, nodes), SV("env"));
        const struct path item = PATH_INDEX_OF(&env, index);
        struct strview value = json_get_string(variable, SV("value"));
        const struct path of_value = PATH_FIELD_OF(&item, SV("value"));
        size_t known = list->n;
        ways_of_variable(list, sv_present(value) ? &of_value : &item, name, value);
        if (list->n != known && !sv_present(value)) {
            list->items[known].source = source_of(list, variable);
        }
    }
    n = 0;
    json_each(source, json_get_lit(p->json, "envFrom")) {
        size_t index = n++;
        if (json_type(source) == JSON_OBJECT) {
            struct path nodes[PLACE_NODES];
            const struct path from = PATH_FIELD_OF(place_path(p, nodes), SV("envFrom"));
            ways_add(list, WAY_UNSEEN, &PATH_INDEX_OF(&from, index), SV_NONE,
                     "what it holds is not seen here: it must not bring cloud credentials");
        }
    }
}

// ---- tokens -------------------------------------------------------------------------------------

/// The audiences of the API server itself.
static bool is_api_server(struct strview audience)
{
    struct strview host = sv_starts(audience, SV("https://"))
                              ? sv_from_pos(audience, sizeof("https://") - 1)
                              : audience;
    return host.len == 0 || sv_eq_lit(host, "api") || sv_eq_lit(host, "kubernetes.default.svc") ||
           sv_eq_lit(host, "kubernetes.default.svc.cluster.local");
}

static void of_volume(struct ways *list, const struct place *p)
{
    const struct json *sources = json_get_lit(json_get_lit(p->json, "projected"), "sources");
    size_t n = 0;
    json_each(source, sources) {
        size_t index = n++;
        struct strview audience =
            json_get_string(json_get_lit(source, "serviceAccountToken"), SV("audience"));
        if (is_api_server(audience)) {
            continue;
        }
        struct path nodes[PLACE_NODES];
        const struct path projected = PATH_FIELD_OF(place_path(p, nodes), SV("projected"));
        const struct path array = PATH_FIELD_OF(&projected, SV("sources"));
        const struct path item = PATH_INDEX_OF(&array, index);
        const struct path token = PATH_FIELD_OF(&item, SV("serviceAccountToken"));
        ways_add(
            list, WAY_HIDDEN, &PATH_FIELD_OF(&token, SV("audience")), audience,
            "a token for another audience than the API server can be changed for any role that "
            "trusts the account: use iamRole");
    }
}

// ---- all ----------------------------------------------------------------------------------------

static void of_spec(struct ways *list, const struct cluster_spec *spec,
                    const struct flink_effective *e)
{
    if (sv_present(spec->iam_role)) {
        struct way *own = add(list, WAY_ROLE, SV("spec.iamRole"), spec->iam_role, NULL);
        if (own != NULL) {
            own->own = true;
            own->role = e->role;
            own->fault = e->role_fault;
        }
    }
    if (sv_present(spec->service_account_name)) {
        add(list, WAY_ACCOUNT, SV("spec.serviceAccountName"), spec->service_account_name, NULL);
    }
}

static void of_conf(struct ways *list, const struct flink_conf *conf)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path at = PATH_FIELD_OF(&spec, SV("flinkConfiguration"));
    for (size_t i = 0; i < conf->count; i++) {
        const struct flink_conf_entry *it = &conf->items[i];
        if (ways_may_be_option(it->key)) {
            ways_of_option(list, &PATH_KEY_OF(&at, it->key), it->key, it->value);
        }
    }
}

const struct way *ways_find(const struct flink_cluster *c, const struct flink_effective *e,
                            struct arena *arena, size_t *n)
{
    struct ways list = {.arena = arena};
    of_spec(&list, &c->spec, e);
    struct places walk =
        PLACES(c, PLACES_TEMPLATES | PLACES_OF_ANY_CONTAINERS | PLACES_OF(VOLUMES));
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        if (p->list == PLACE_LIST_COUNT) {
            of_template(&list, p);
        } else if (p->list == PLACE_VOLUMES) {
            of_volume(&list, p);
        } else {
            of_container(&list, p);
        }
    }
    of_conf(&list, &e->conf);
    *n = list.n;
    return list.items;
}
