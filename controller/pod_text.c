// SPDX-License-Identifier: Apache-2.0
#include "controller/pod_text.h"

#include "common/flink/plugins.h"
#include "common/refs/role.h"
#include "controller/config.h"
#include "controller/objects.h"
#include "controller/pod_args.h"

#define CONF_VOLUME "flink-conf"
#define FLINK_USER  9999 // of the official images

/// One pod being written.
struct writer {
    const struct reconcile *rc;
    const struct desired *d;
    const struct pod_birth *birth;
    const struct json *spec; // of the user's template
    const struct json *main; // its main container
    struct json_out *out;
};

static bool is_job_manager(const struct writer *w)
{
    return w->birth->name.role == POD_JOB_MANAGER;
}

static const struct json *main_container(const struct json *spec)
{
    json_each(c, json_get_lit(spec, "containers")) {
        if (sv_eq_lit(json_get_string(c, SV("name")), MAIN_CONTAINER)) {
            return c;
        }
    }
    return NULL;
}

// ---- the container ------------------------------------------------------------------

static void put_field_env(struct json_out *o, const char *name, const char *path)
{
    json_out_begin_object(o);
    json_out_kv_str(o, "name", name);
    json_out_key_object(o, "valueFrom");
    json_out_key_object(o, "fieldRef");
    json_out_kv_str(o, "apiVersion", "v1");
    json_out_kv_str(o, "fieldPath", path);
    json_out_end_object(o);
    json_out_end_object(o);
    json_out_end_object(o);
}

/// The jars that the entry point links into Flink's plugin folder, joined by ';'.
static struct strview plugin_jars(const struct writer *w)
{
    const struct record *r = w->d->record;
    const struct field_strings *plugins = &r->cluster.spec.plugins;
    struct strbuf b = STRBUF(16384);
    for (size_t i = 0; i < plugins->n; i++) {
        struct strview jar = flink_plugin_jar(w->rc->arena, plugins->items[i], r->effective.patch);
        if (jar.len > 0) {
            strbuf_put_str(&b, b.len > 0 ? ";" : "");
            strbuf_put(&b, jar);
        }
    }
    return text_take(w->rc->arena, &b);
}

static void put_env(const struct writer *w)
{
    struct json_out *o = w->out;
    json_out_key_array(o, "env");
    put_field_env(o, "POD_IP", "status.podIP");
    put_field_env(o, "POD_NAME", "metadata.name");
    struct strview jars = plugin_jars(w);
    if (jars.len > 0) {
        json_out_begin_object(o);
        json_out_kv_str(o, "name", "ENABLE_BUILT_IN_PLUGINS");
        json_out_kv_string(o, "value", jars);
        json_out_end_object(o);
    }
    json_out_end_array(o);
}

struct pod_port {
    const char *name;
    int number;
};

/// Whether the RPC port is another one at each start (see conf_keys.def).
static bool moves(const struct writer *w)
{
    return w->d->record->format > 1 && (!is_job_manager(w) || w->d->ha);
}

static void put_ports(const struct writer *w)
{
    static const struct pod_port JM[] = {
        {"rpc", FLINK_PORT_RPC}, {"blob", FLINK_PORT_BLOB}, {"rest", FLINK_PORT_REST}};
    static const struct pod_port TM[] = {{"rpc", FLINK_PORT_TM_RPC}, {"data", FLINK_PORT_DATA}};
    const struct pod_port *ports = is_job_manager(w) ? JM : TM;
    size_t n = is_job_manager(w) ? ARRAY_LEN(JM) : ARRAY_LEN(TM);
    json_out_key_array(w->out, "ports");
    for (size_t i = moves(w) ? 1 : 0; i < n; i++) {
        json_out_begin_object(w->out);
        json_out_kv_str(w->out, "name", ports[i].name);
        json_out_kv_int(w->out, "containerPort", ports[i].number);
        json_out_kv_str(w->out, "protocol", "TCP");
        json_out_end_object(w->out);
    }
    json_out_end_array(w->out);
}

struct probe {
    const char *name;
    int port, delay, period, timeout, failures;
};

static void put_probe(const struct writer *w, const struct probe *p)
{
    struct json_out *o = w->out;
    // A template's own probe is taken whole: two handlers in one would be refused.
    if (json_get(w->main, sv_from(p->name)) != NULL) {
        return;
    }
    json_out_key_object(o, p->name);
    json_out_key_object(o, "tcpSocket");
    json_out_kv_int(o, "port", p->port);
    json_out_end_object(o);
    json_out_kv_int(o, "initialDelaySeconds", p->delay);
    json_out_kv_int(o, "periodSeconds", p->period);
    json_out_kv_int(o, "timeoutSeconds", p->timeout);
    json_out_kv_int(o, "failureThreshold", p->failures);
    json_out_end_object(o);
}

/// By TCP: a standby JobManager answers HTTP only while there is a leader, and the REST port may
/// speak TLS with client certificates.
static void put_probes(const struct writer *w)
{
    bool jm = is_job_manager(w);
    int rpc = jm ? FLINK_PORT_RPC : FLINK_PORT_TM_RPC;
    int other = jm ? FLINK_PORT_REST : FLINK_PORT_DATA;
    put_probe(w, &(struct probe){.name = "readinessProbe",
                                 .port = jm || moves(w) ? other : rpc,
                                 .delay = 5,
                                 .period = 5,
                                 .timeout = 5,
                                 .failures = 3});
    put_probe(w, &(struct probe){.name = "livenessProbe",
                                 .port = moves(w) ? other : rpc,
                                 .delay = 60,
                                 .period = 30,
                                 .timeout = 10,
                                 .failures = 5});
}

/// NAME's map of the spec, with MEMORY (bytes; 0: none) and, with CPU, one CPU where it has none.
static void put_quantities(const struct writer *w, const char *name, const struct json *given,
                           int64_t memory, bool cpu)
{
    struct json_out *o = w->out;
    json_out_key_object(o, name);
    json_each(q, given) {
        json_out_key(o, json_key(q));
        json_out_value(o, q);
    }
    if (memory > 0 && json_get_lit(given, "memory") == NULL) {
        json_out_key(o, SV("memory"));
        json_out_string(o,
                        arena_printf(w->rc->arena, memory % (1 << 20) == 0 ? "%lldMi" : "%lld",
                                     (long long)(memory % (1 << 20) == 0 ? memory >> 20 : memory)));
    }
    if (cpu && json_get_lit(given, "cpu") == NULL) {
        json_out_kv_str(o, "cpu", "1");
    }
    json_out_end_object(o);
}

static void put_resources(const struct writer *w)
{
    const struct flink_effective_resources *r = &w->d->resources[w->birth->name.role];
    const struct json *limits = r->spec->limits;
    const struct json *requests = r->spec->requests;
    // Memory that nobody wrote into the resources is set as both; a CPU limit is never invented.
    bool ours = r->source == FLINK_MEMORY_FROM_DEFAULT || r->source == FLINK_MEMORY_FROM_CONF;
    bool cpu = json_get_lit(limits, "cpu") == NULL;
    json_out_key_object(w->out, "resources");
    put_quantities(w, "requests", requests, ours ? r->memory : 0, cpu);
    put_quantities(w, "limits", limits, ours ? r->memory : 0, false);
    json_out_end_object(w->out);
}

static void put_container_security(const struct writer *w)
{
    struct json_out *o = w->out;
    const struct json *own = json_get_lit(w->main, "securityContext");
    json_out_key_object(o, "securityContext");
    if (json_get_lit(own, "allowPrivilegeEscalation") == NULL) {
        json_out_kv_bool(o, "allowPrivilegeEscalation", false);
    }
    if (json_get_lit(own, "capabilities") == NULL) {
        json_out_key_object(o, "capabilities");
        json_out_key_array(o, "drop");
        json_out_string(o, SV("ALL"));
        json_out_end_array(o);
        json_out_end_object(o);
    }
    json_out_end_object(o);
}

static void put_container(const struct writer *w)
{
    struct json_out *o = w->out;
    const struct cluster_spec *spec = &w->d->record->cluster.spec;
    json_out_begin_object(o);
    json_out_kv_str(o, "name", MAIN_CONTAINER);
    json_out_kv_string(o, "image", spec->image);
    json_out_kv_string(o, "imagePullPolicy", spec->image_pull_policy);
    json_out_key_array(o, "args");
    pod_args_put(w->d, w->birth->name.role, w->rc->arena, o);
    json_out_end_array(o);
    put_env(w);
    put_ports(w);
    put_probes(w);
    put_resources(w);
    put_container_security(w);
    // The log's end tells why Flink didn't start: nothing writes a termination message.
    if (w->d->record->format > 1 && json_get_lit(w->main, "terminationMessagePolicy") == NULL) {
        json_out_kv_str(o, "terminationMessagePolicy", "FallbackToLogsOnError");
    }
    json_out_key_array(o, "volumeMounts");
    json_out_begin_object(o);
    json_out_kv_str(o, "name", CONF_VOLUME);
    json_out_kv_str(o, "mountPath", "/opt/flink/conf");
    json_out_kv_bool(o, "readOnly", true);
    json_out_end_object(o);
    json_out_end_array(o);
    json_out_end_object(o);
}

// ---- the pod ------------------------------------------------------------------------

static void put_pod_security(const struct writer *w)
{
    static const char *const IDS[] = {"runAsUser", "runAsGroup", "fsGroup"};
    struct json_out *o = w->out;
    const struct json *own = json_get_lit(w->spec, "securityContext");
    json_out_key_object(o, "securityContext");
    if (json_get_lit(own, "runAsNonRoot") == NULL) {
        json_out_kv_bool(o, "runAsNonRoot", true);
    }
    for (size_t i = 0; i < ARRAY_LEN(IDS); i++) {
        if (json_get(own, sv_from(IDS[i])) == NULL) {
            json_out_kv_int(o, IDS[i], FLINK_USER);
        }
    }
    if (json_get_lit(own, "seccompProfile") == NULL) {
        json_out_key_object(o, "seccompProfile");
        json_out_kv_str(o, "type", "RuntimeDefault");
        json_out_end_object(o);
    }
    json_out_end_object(o);
}

/// JobManagers that stand by for each other had better not share a node.
static void put_affinity(const struct writer *w)
{
    struct json_out *o = w->out;
    if (w->d->pods[w->birth->name.role] < 2 || !is_job_manager(w) ||
        json_get_lit(w->spec, "affinity") != NULL) {
        return;
    }
    json_out_key_object(o, "affinity");
    json_out_key_object(o, "podAntiAffinity");
    json_out_key_array(o, "preferredDuringSchedulingIgnoredDuringExecution");
    json_out_begin_object(o);
    json_out_kv_int(o, "weight", 100);
    json_out_key_object(o, "podAffinityTerm");
    json_out_kv_str(o, "topologyKey", "kubernetes.io/hostname");
    json_out_key_object(o, "labelSelector");
    json_out_key_object(o, "matchLabels");
    json_out_kv_string(o, LABEL_CLUSTER, w->rc->observed->cluster.name);
    json_out_kv_str(o, LABEL_COMPONENT, pod_role_name(POD_JOB_MANAGER));
    json_out_end_object(o);
    json_out_end_object(o);
    json_out_end_object(o);
    json_out_end_object(o);
    json_out_end_array(o);
    json_out_end_object(o);
    json_out_end_object(o);
}

static void put_volume(const struct writer *w)
{
    struct json_out *o = w->out;
    json_out_key_array(o, "volumes");
    json_out_begin_object(o);
    json_out_kv_str(o, "name", CONF_VOLUME);
    json_out_key_object(o, "configMap");
    json_out_kv_string(o, "name", config_map_name(w->rc, w->d->record->revision));
    json_out_end_object(o);
    json_out_end_object(o);
    json_out_end_array(o);
}

static void put_spec(const struct writer *w)
{
    struct json_out *o = w->out;
    const struct cluster_spec *spec = &w->d->record->cluster.spec;
    // A JobManager without HA must not start again beside what replaces it; all others come back by
    // the kubelet even while the controller is away.
    bool never = is_job_manager(w) && !w->d->ha;
    json_out_key_object(o, "spec");
    json_out_kv_str(o, "restartPolicy", never ? "Never" : "OnFailure");
    json_out_kv_string(o, "serviceAccountName", account_name(w->rc, w->d->record));
    if (json_get_lit(w->spec, "enableServiceLinks") == NULL) {
        json_out_kv_bool(o, "enableServiceLinks", false);
    }
    if (json_get_lit(w->spec, "terminationGracePeriodSeconds") == NULL) {
        json_out_kv_int(o, "terminationGracePeriodSeconds", 30);
    }
    if (spec->image_pull_secrets != NULL) {
        json_out_key(o, SV("imagePullSecrets"));
        json_out_value(o, spec->image_pull_secrets);
    }
    put_pod_security(w);
    put_affinity(w);
    put_volume(w);
    json_out_key_array(o, "containers");
    put_container(w);
    json_out_end_array(o);
    json_out_end_object(o);
}

static void put_head(const struct writer *w)
{
    const struct record *r = w->d->record;
    struct label notes[3];
    struct label identity;
    struct role role;
    struct object_head head = {
        .kind = CHILD_POD,
        .name = pod_name_make(w->rc->arena, w->rc->observed->cluster.name, &w->birth->name),
        .component = pod_role_name(w->birth->name.role),
        .version = flink_version_text(w->rc->arena, r->effective.version),
        .revision = r->revision,
        .run = r->run,
        .annotations = {.items = notes},
    };
    if (w->birth->failures > 0) {
        notes[head.annotations.count++] =
            (struct label){SV(ANNOTATION_FAILURES),
                           arena_printf(w->rc->arena, "%lld", (long long)w->birth->failures)};
    }
    if (sv_present(w->birth->replaces)) {
        notes[head.annotations.count++] =
            (struct label){SV(ANNOTATION_REPLACES), w->birth->replaces};
    }
    // Azure's webhook looks for a label on the pod, kube2iam for an annotation.
    bool known = role_parse(r->cluster.spec.iam_role, &role, NULL);
    if (known && role.form == ROLE_AZURE) {
        identity = (struct label){SV("azure.workload.identity/use"), SV("true")};
        head.more_labels = (struct labels){&identity, 1};
    } else if (known && role.form == ROLE_AWS && r->kube2iam) {
        notes[head.annotations.count++] = (struct label){SV("iam.amazonaws.com/role"), role.text};
    }
    object_head_put(w->rc, &head, w->out);
}

struct strview pod_text(const struct reconcile *rc, const struct desired *d,
                        const struct pod_birth *birth, const struct json *template)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    const struct json *spec = json_get_lit(template, "spec");
    const struct writer w = {
        .rc = rc, .d = d, .birth = birth, .spec = spec, .main = main_container(spec), .out = &o};
    json_out_begin_object(&o);
    put_head(&w);
    put_spec(&w);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}
