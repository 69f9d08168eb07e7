// SPDX-License-Identifier: Apache-2.0
#include "controller/objects.h"

#include "common/k8s/meta.h"
#include "common/refs/role.h"

static void put_labels(const struct labels *labels, struct json_out *o)
{
    for (size_t i = 0; i < labels->count; i++) {
        json_out_key(o, labels->items[i].key);
        json_out_string(o, labels->items[i].value);
    }
}

static void put_head_labels(const struct reconcile *rc, const struct object_head *head,
                            struct json_out *o)
{
    struct strview cluster = rc->observed->cluster.name;
    json_out_key_object(o, "labels");
    json_out_kv_str(o, "app.kubernetes.io/name", "flink");
    json_out_kv_string(o, "app.kubernetes.io/instance", cluster);
    json_out_kv_str(o, "app.kubernetes.io/component", head->component);
    json_out_kv_str(o, "app.kubernetes.io/managed-by", "sluice");
    json_out_kv_string(o, "app.kubernetes.io/version", head->version);
    json_out_kv_string(o, LABEL_CLUSTER, cluster);
    json_out_kv_str(o, LABEL_COMPONENT, head->component);
    json_out_kv_string(o, LABEL_REVISION, head->revision);
    json_out_kv_string(o, LABEL_RUN, head->run);
    put_labels(&head->more_labels, o);
    json_out_end_object(o);
}

void object_head_put(const struct reconcile *rc, const struct object_head *head, struct json_out *o)
{
    const struct owner_ref owner = {
        .api_version = SV(FLINK_GROUP "/" FLINK_VERSION),
        .kind = SV(FLINK_KIND),
        .name = rc->observed->cluster.name,
        .uid = rc->observed->uid,
        .controller = true,
        .block_owner_deletion = true,
    };
    json_out_kv_str(o, "apiVersion", CHILD_KIND_INFO[head->kind].api_version);
    json_out_kv_str(o, "kind", CHILD_KIND_INFO[head->kind].kind);
    json_out_key_object(o, "metadata");
    json_out_kv_string(o, "name", head->name);
    json_out_kv_string(o, "namespace", rc->observed->cluster.ns);
    put_head_labels(rc, head, o);
    if (head->annotations.count > 0) {
        json_out_key_object(o, "annotations");
        put_labels(&head->annotations, o);
        json_out_end_object(o);
    }
    json_out_key(o, SV("ownerReferences"));
    owner_refs_put(o, &owner, 1);
    json_out_end_object(o);
}

static struct strview suffixed(const struct reconcile *rc, const char *suffix)
{
    return arena_printf(rc->arena, "%.*s-%s", SV_ARG(rc->observed->cluster.name), suffix);
}

bool account_is_ours(const struct record *r)
{
    return !sv_present(r->cluster.spec.service_account_name);
}

struct strview account_name(const struct reconcile *rc, const struct record *r)
{
    return account_is_ours(r) ? suffixed(rc, "flink") : r->cluster.spec.service_account_name;
}

struct strview binding_name(const struct reconcile *rc)
{
    return suffixed(rc, "flink");
}

struct strview rest_service_name(const struct reconcile *rc)
{
    return suffixed(rc, "rest");
}

struct strview job_manager_service_name(const struct reconcile *rc)
{
    return suffixed(rc, "jobmanager");
}

/// Opens an object with its head; the caller writes the rest and takes the text.
static struct json_out begin(const struct reconcile *rc, const struct record *r,
                             struct object_head head, struct strbuf *b)
{
    struct json_out o = JSON_OUT(b);
    head.version = flink_version_text(rc->arena, r->effective.version);
    json_out_begin_object(&o);
    object_head_put(rc, &head, &o);
    return o;
}

struct strview account_text(const struct reconcile *rc, const struct record *r)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct object_head head = {
        .kind = CHILD_SERVICE_ACCOUNT, .name = account_name(rc, r), .component = "account"};
    struct role role;
    struct label identity;
    if (sv_present(r->cluster.spec.iam_role) && role_parse(r->cluster.spec.iam_role, &role, NULL) &&
        !(r->kube2iam && role.form == ROLE_AWS)) {
        identity = (struct label){sv_from(role_annotation(role.form)), role.text};
        head.annotations = (struct labels){&identity, 1};
    }
    struct json_out o = begin(rc, r, head, &b);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

struct strview binding_text(const struct reconcile *rc, const struct record *r)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    const struct object_head head = {
        .kind = CHILD_ROLE_BINDING, .name = binding_name(rc), .component = "account"};
    struct json_out o = begin(rc, r, head, &b);
    json_out_key_object(&o, "roleRef");
    json_out_kv_str(&o, "apiGroup", "rbac.authorization.k8s.io");
    json_out_kv_str(&o, "kind", "ClusterRole");
    json_out_kv_str(&o, "name", rc->settings->ha_cluster_role);
    json_out_end_object(&o);
    json_out_key_array(&o, "subjects");
    json_out_begin_object(&o);
    json_out_kv_str(&o, "kind", "ServiceAccount");
    json_out_kv_string(&o, "name", account_name(rc, r));
    json_out_kv_string(&o, "namespace", rc->observed->cluster.ns);
    json_out_end_object(&o);
    json_out_end_array(&o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

static void put_job_manager_labels(const struct reconcile *rc, const struct record *r,
                                   struct json_out *o)
{
    json_out_kv_string(o, LABEL_CLUSTER, rc->observed->cluster.name);
    json_out_kv_str(o, LABEL_COMPONENT, pod_role_name(POD_JOB_MANAGER));
    json_out_kv_string(o, LABEL_RUN, r->run);
}

struct service_port {
    const char *name;
    int number;
};

static struct strview service_text(const struct reconcile *rc, const struct record *r,
                                   struct strview name, bool headless,
                                   const struct service_port *ports, size_t n)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    const struct object_head head = {.kind = CHILD_SERVICE,
                                     .name = name,
                                     .component = pod_role_name(POD_JOB_MANAGER),
                                     .run = r->run};
    struct json_out o = begin(rc, r, head, &b);
    json_out_key_object(&o, "spec");
    json_out_kv_str(&o, "type", "ClusterIP");
    if (headless) {
        json_out_kv_str(&o, "clusterIP", "None");
        json_out_kv_bool(&o, "publishNotReadyAddresses", true);
    } else {
        json_out_kv_str(&o, "sessionAffinity", "ClientIP");
    }
    json_out_key_object(&o, "selector");
    put_job_manager_labels(rc, r, &o);
    json_out_end_object(&o);
    json_out_key_array(&o, "ports");
    for (size_t i = 0; i < n; i++) {
        json_out_begin_object(&o);
        json_out_kv_str(&o, "name", ports[i].name);
        json_out_kv_str(&o, "protocol", "TCP");
        json_out_kv_int(&o, "port", ports[i].number);
        json_out_kv_int(&o, "targetPort", ports[i].number);
        json_out_end_object(&o);
    }
    json_out_end_array(&o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

struct strview rest_service_text(const struct reconcile *rc, const struct record *r)
{
    static const struct service_port PORTS[] = {{"rest", FLINK_PORT_REST}};
    return service_text(rc, r, rest_service_name(rc), false, PORTS, ARRAY_LEN(PORTS));
}

struct strview job_manager_service_text(const struct reconcile *rc, const struct record *r)
{
    static const struct service_port PORTS[] = {
        {"rpc", FLINK_PORT_RPC}, {"blob", FLINK_PORT_BLOB}, {"rest", FLINK_PORT_REST}};
    return service_text(rc, r, job_manager_service_name(rc), true, PORTS, ARRAY_LEN(PORTS));
}

struct strview budget_text(const struct reconcile *rc, const struct record *r, int64_t replicas)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    const struct object_head head = {.kind = CHILD_PDB,
                                     .name = job_manager_service_name(rc),
                                     .component = pod_role_name(POD_JOB_MANAGER),
                                     .run = r->run};
    struct json_out o = begin(rc, r, head, &b);
    json_out_key_object(&o, "spec");
    json_out_kv_int(&o, "minAvailable", replicas - 1);
    json_out_key_object(&o, "selector");
    json_out_key_object(&o, "matchLabels");
    put_job_manager_labels(rc, r, &o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

struct strview selector_text(const struct reconcile *rc, enum pod_role role)
{
    return arena_printf(rc->arena, LABEL_CLUSTER "=%.*s," LABEL_COMPONENT "=%s",
                        SV_ARG(rc->observed->cluster.name), pod_role_name(role));
}
