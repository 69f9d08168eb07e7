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
        struct way *items = ARENA_NEW_N(list->arena, struct way, cap);
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

static void of_metadata(struct ways *list, const struct json *map, const struct path *path)
{
    json_each(item, map) {
        struct strview value = json_string(item);
        const struct path at = PATH_KEY_OF(path, json_key(item));
        if (!sv_present(value)) {
            continue;
        }
        if (sv_eq_lit(json_key(item), "aadpodidbinding")) {
            ways_add(list, WAY_HIDDEN, &at, value,
                     "an Azure identity by the name of its binding, which does not tell it: use "
                     "iamRole");
        } else if (names_role(json_key(item), value)) {
            ways_add(list, WAY_ROLE, &at, value, NULL);
        }
    }
}

static void of_template(struct ways *list, const struct place *p)
{
    static const char *const ACCOUNTS[] = {"serviceAccountName", "serviceAccount"};
    struct path nodes[PLACE_NODES];
    const struct path *at = place_path(p, nodes);
    const struct path metadata = PATH_FIELD_OF(at, SV("metadata"));
    const struct json *object = json_get_lit(p->json, "metadata");
    of_metadata(list, json_get_lit(object, "annotations"),
                &PATH_FIELD_OF(&metadata, SV("annotations")));
    of_metadata(list, json_get_lit(object, "labels"), &PATH_FIELD_OF(&metadata, SV("labels")));
    const struct path spec = PATH_FIELD_OF(at, SV("spec"));
    for (size_t i = 0; i < ARRAY_LEN(ACCOUNTS); i++) {
        struct strview name = json_get_string(p->pod, sv_from(ACCOUNTS[i]));
        if (sv_present(name)) {
            const struct path account = PATH_FIELD_OF(&spec, sv_from(ACCOUNTS[i]));
            ways_add(list, WAY_ACCOUNT, &account, name, NULL);
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
    const struct json *variables = json_get_lit(p->json, "env");
    const struct json *sources = json_get_lit(p->json, "envFrom");
    if (variables == NULL && sources == NULL) {
        return;
    }
    struct path nodes[PLACE_NODES];
    const struct path *at = place_path(p, nodes);
    const struct path env = PATH_FIELD_OF(at, SV("env"));
    size_t n = 0;
    json_each(variable, variables) {
        size_t index = n++;
        struct strview name = json_get_string(variable, SV("name"));
        if (!ways_may_be_variable(name)) {
            continue;
        }
        const struct path item = PATH_INDEX_OF(&env, index);
        struct strview value = json_get_string(variable, SV("value"));
        const struct path of_value = PATH_FIELD_OF(&item, SV("value"));
        size_t known = list->n;
        ways_of_variable(list, sv_present(value) ? &of_value : &item, name, value);
        if (list->n != known && !sv_present(value)) {
            list->items[known].source = source_of(list, variable);
        }
    }
    const struct path from = PATH_FIELD_OF(at, SV("envFrom"));
    n = 0;
    json_each(source, sources) {
        const struct path item = PATH_INDEX_OF(&from, n++);
        if (json_type(source) == JSON_OBJECT) {
            ways_add(list, WAY_UNSEEN, &item, SV_NONE,
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
