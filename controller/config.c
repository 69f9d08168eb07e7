// SPDX-License-Identifier: Apache-2.0
#include "controller/config.h"

#include "common/flink/plugins.h"
#include "common/refs/role.h"
#include "controller/logging.h"
#include "controller/objects.h"

#define CONFIG_MAP_MAX 1048576 // the API server's limit

struct strview config_map_name(const struct reconcile *rc, struct strview revision)
{
    return arena_printf(rc->arena, "%.*s-%.*s", SV_ARG(rc->observed->cluster.name),
                        SV_ARG(revision));
}

/// `<root>/<namespace>/<name>` without a slash at the root's end, or SV_NONE.
static struct strview state_dir(const struct reconcile *rc, const struct record *r)
{
    struct strview root = r->cluster.spec.storage.root;
    if (!sv_present(root)) {
        return SV_NONE;
    }
    // "s3://" and "file:///" keep the slashes that are part of them.
    while (root.len > 1 && root.ptr[root.len - 1] == '/' && root.ptr[root.len - 2] != '/') {
        root.len--;
    }
    const char *slash = sv_ends(root, SV("/")) ? "" : "/";
    return arena_printf(rc->arena, "%.*s%s%.*s/%.*s", SV_ARG(root), slash,
                        SV_ARG(rc->observed->cluster.ns), SV_ARG(rc->observed->cluster.name));
}

static struct strview below(const struct reconcile *rc, struct strview dir, const char *name)
{
    return sv_present(dir) ? arena_printf(rc->arena, "%.*s/%s", SV_ARG(dir), name) : SV_NONE;
}

struct strview config_ha_dir(const struct reconcile *rc, const struct record *r)
{
    struct strview dir = state_dir(rc, r);
    if (!sv_present(dir) || !sv_present(r->run)) {
        return SV_NONE;
    }
    return arena_printf(rc->arena, "%.*s/%.*s/%.*s/ha", SV_ARG(dir), SV_ARG(rc->observed->uid),
                        SV_ARG(r->run));
}

struct strview config_storage_text(const struct reconcile *rc, const struct record *r)
{
    static const struct strview KEYS[] = {SV_INIT("high-availability.storageDir"),
                                          SV_INIT("execution.checkpointing.dir"),
                                          SV_INIT("execution.checkpointing.savepoint-dir")};
    struct strview dirs = state_dir(rc, r);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        struct strview dir = flink_conf_get(&r->effective.conf, KEYS[i]);
        if (dir.len > 0) {
            dirs = sv_present(dirs)
                       ? arena_printf(rc->arena, "%.*s, %.*s", SV_ARG(dirs), SV_ARG(dir))
                       : dir;
        }
    }
    return dirs;
}

static bool reads_s3a(const struct record *r)
{
    const struct field_strings *plugins = &r->cluster.spec.plugins;
    for (size_t i = 0; i < plugins->n; i++) {
        if (sv_find(plugins->items[i], SV("s3-hadoop")) != SIZE_MAX ||
            sv_find(plugins->items[i], SV("s3-fs-hadoop")) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/// S3A looks for an EKS role only when it is told to.
static struct strview aws_provider(const struct record *r)
{
    struct role role;
    bool aws = sv_present(r->cluster.spec.iam_role) &&
               role_parse(r->cluster.spec.iam_role, &role, NULL) && role.form == ROLE_AWS;
    // kube2iam speaks as the node does, which S3A's own chain asks.
    return aws && !r->kube2iam && reads_s3a(r) ? sv_from(flink_aws_provider(r->effective.version))
                                               : SV_NONE;
}

/// Below Flink 1.19 a jar of the image outside `usrlib` is reached through the class path alone.
static struct strview classpath(const struct reconcile *rc, const struct record *r)
{
    static const struct strview LOCAL = SV_INIT("local://");
    struct strview jar = r->cluster.spec.job.jar_uri;
    if (!sv_starts(jar, LOCAL) || flink_version_at_least(r->effective.version, 1, 19) ||
        sv_starts(jar, SV("local:///opt/flink/usrlib/"))) {
        return SV_NONE;
    }
    struct strview path = sv_from_pos(jar, LOCAL.len);
    return arena_printf(rc->arena, "file://%.*s", SV_ARG(path));
}

static struct flink_conf_inputs inputs_of(const struct reconcile *rc, const struct desired *d)
{
    const struct record *r = d->record;
    struct strview dir = state_dir(rc, r);
    return (struct flink_conf_inputs){
        .version = r->effective.version,
        .application = !r->effective.session,
        .ha = d->ha,
        .format_1 = r->format == 1,
        .namespace = rc->observed->cluster.ns,
        .cluster_id = arena_printf(rc->arena, "%.*s-%.*s", SV_ARG(rc->observed->cluster.name),
                                   SV_ARG(r->run)),
        .run = r->run,
        .rpc_address = d->ha ? SV_NONE : job_manager_service_name(rc),
        .ha_dir = d->ha ? r->ha_dir : SV_NONE,
        .checkpoint_dir = below(rc, dir, "checkpoints"),
        .savepoint_dir = below(rc, dir, "savepoints"),
        .classpath = classpath(rc, r),
        .aws_provider = aws_provider(r),
        .slots = (int32_t)r->effective.slots,
        .parallelism = (int32_t)r->effective.numbers.parallelism,
        .job_manager_replicas = (int32_t)r->effective.job_manager_replicas,
        .job_manager_process = d->resources[POD_JOB_MANAGER].memory,
        .task_manager_process = d->resources[POD_TASK_MANAGER].memory,
        .user = &r->effective.conf,
    };
}

static void put_files(const struct desired *d, struct json_out *o)
{
    const struct json *own = d->record->cluster.spec.log_configuration;
    json_out_kv_string(o, d->conf.file, d->conf.text);
    size_t n;
    const struct logging_file *files = logging_defaults(&n);
    for (size_t i = 0; i < n; i++) {
        if (json_get(own, sv_from(files[i].name)) == NULL) {
            json_out_kv_str(o, files[i].name, files[i].text);
        }
    }
    json_each(file, own) {
        // The rules refuse a file of Flink's own name; here it only must not appear twice.
        if (!sv_eq_lit(json_key(file), d->conf.file)) {
            json_out_key(o, json_key(file));
            json_out_string(o, json_string(file));
        }
    }
}

int config_render(const struct reconcile *rc, struct desired *d, struct strview *ret,
                  struct err *err)
{
    const struct record *r = d->record;
    const struct flink_conf_inputs in = inputs_of(rc, d);
    if (flink_conf_render(&in, rc->arena, &d->conf, err) != 0) {
        return -1;
    }
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    const struct object_head head = {
        .kind = CHILD_CONFIG_MAP,
        .name = config_map_name(rc, r->revision),
        .component = "configuration",
        .version = flink_version_text(rc->arena, r->effective.version),
        .revision = r->revision,
        .run = r->run,
    };
    json_out_begin_object(&o);
    object_head_put(rc, &head, &o);
    json_out_kv_bool(&o, "immutable", true);
    json_out_key_object(&o, "data");
    put_files(d, &o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    *ret = text_take(rc->arena, &b);
    if (ret->len > CONFIG_MAP_MAX) {
        return err_set(err, E_TOO_LARGE, "the ConfigMap is larger than %d bytes", CONFIG_MAP_MAX);
    }
    return arena_check(rc->arena, err);
}
