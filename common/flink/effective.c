// SPDX-License-Identifier: Apache-2.0
#include "common/flink/effective.h"

#include <strings.h>

#include "common/base/macros.h"
#include "common/flink/defaults_note.h"
#include "common/k8s/quantity.h"

int64_t flink_effective_slots(const struct flink_cluster *c)
{
    const struct field_int *slots = &c->spec.task_manager.slots;
    return slots->set ? slots->v : 1;
}

/// Flink reads enum values whatever their case.
static bool conf_is(const struct flink_conf *conf, struct strview canonical, const char *value)
{
    struct strview v = sv_trim(flink_conf_get_canonical(conf, canonical));
    return v.len == strlen(value) && strncasecmp(v.ptr, value, v.len) == 0;
}

static void read_conf(const struct flink_cluster *c, struct arena *arena, struct violations *faults,
                      struct flink_conf *ret)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path path = PATH_FIELD_OF(&spec, SV("flinkConfiguration"));
    struct violations none = VIOLATIONS(arena, 0);
    flink_conf_read(c->spec.flink_configuration, &path, arena, faults != NULL ? faults : &none,
                    ret);
}

bool flink_effective_is_reactive(const struct flink_cluster *c, struct arena *arena)
{
    struct flink_conf conf;
    read_conf(c, arena, NULL, &conf);
    return conf_is(&conf, SV("scheduler-mode"), "reactive");
}

static void read_version(const struct flink_cluster *c, struct arena *arena,
                         struct flink_effective *ret)
{
    ret->image_ok = image_parse(c->spec.image, arena, &ret->image, &ret->image_why);
    ret->tag_tells = ret->image_ok && sv_present(ret->image.tag) &&
                     flink_version_from_tag(ret->image.tag, &ret->tagged, &ret->patch);
    ret->version_form = flink_version_parse(c->spec.flink_version, &ret->version);
    if (ret->version_form != FLINK_FORM_NONE) {
        ret->version_known = true;
        if (!ret->tag_tells || flink_version_cmp(ret->tagged, ret->version) != 0) {
            ret->patch = SV_NONE;
        }
    } else if (!sv_present(c->spec.flink_version) && ret->tag_tells) {
        ret->version_known = true;
        ret->version = ret->tagged;
    } else {
        ret->version = flink_version_newest();
    }
}

/// Whether C's parallelism is ours and the numbers that it went with have changed since.
static bool parallelism_is_stale(const struct flink_cluster *c, bool reactive, int64_t slots,
                                 struct arena *arena)
{
    UNINITIALIZED struct flink_note note;
    flink_note_read(c, arena, &note);
    const struct flink_note_number *noted = &note.parallelism;
    const struct field_int *replicas = &c->spec.task_manager.replicas;
    if (noted->value == 0 || noted->value != c->spec.parallelism.v) {
        return false;
    }
    bool moved = (replicas->set && replicas->v != noted->with) || slots != noted->slots;
    return (reactive || moved) &&
           flink_users_fields(c, FLINK_NOTED_BIT(FLINK_NOTED_PARALLELISM), arena) == 0;
}

static void read_numbers(const struct flink_cluster *c, struct arena *arena,
                         struct flink_effective *ret)
{
    const struct cluster_spec *spec = &c->spec;
    ret->slots = flink_effective_slots(c);
    ret->parallelism_given =
        spec->parallelism.set && !parallelism_is_stale(c, ret->reactive, ret->slots, arena);
    ret->numbers = law_apply((struct law_input){
        .parallelism = ret->parallelism_given ? spec->parallelism.v : 0,
        .replicas = spec->task_manager.replicas.set ? spec->task_manager.replicas.v : 0,
        .slots = ret->slots,
        .fallback = 1,
    });
}

void flink_effective_read(const struct flink_cluster *c, struct arena *arena,
                          struct violations *conf_faults, struct flink_effective *ret)
{
    struct flink_conf conf;
    read_conf(c, arena, conf_faults, &conf);
    flink_effective_read_with(c, &conf, arena, ret);
}

void flink_effective_read_with(const struct flink_cluster *c, const struct flink_conf *conf,
                               struct arena *arena, struct flink_effective *ret)
{
    const struct cluster_spec *spec = &c->spec;
    *ret = (struct flink_effective){.session = spec->job.self == NULL, .conf = *conf};
    if (sv_present(spec->iam_role)) {
        role_parse(spec->iam_role, &ret->role, &ret->role_fault);
    }
    read_version(c, arena, ret);
    ret->storage_known = flink_conf_storage_known(spec->storage.root, &ret->conf);
    ret->reactive = conf_is(&ret->conf, SV("scheduler-mode"), "reactive");
    ret->adaptive = ret->reactive || conf_is(&ret->conf, SV("jobmanager.scheduler"), "adaptive");
    ret->job_manager_replicas = spec->job_manager.replicas.set ? spec->job_manager.replicas.v : 1;
    read_numbers(c, arena, ret);
    if (!ret->session) {
        struct strview mode = spec->job.upgrade_mode;
        ret->upgrade_mode = sv_present(mode)     ? mode
                            : ret->storage_known ? SV("Savepoint")
                                                 : SV("Stateless");
        ret->state = sv_present(spec->job.state) ? spec->job.state : SV("Running");
    }
}

bool flink_resource_is_standard(struct strview name)
{
    return sv_eq(name, SV("cpu")) || sv_eq(name, SV("memory")) ||
           sv_eq(name, SV("ephemeral-storage"));
}

/// Whole bytes, rounded down (more than the container has would kill Flink).
static int64_t bytes_of(struct quantity q)
{
    int64_t up = quantity_whole(q);
    bool whole = q.saturated || quantity_is_whole(q);
    return whole ? up : up - 1;
}

/// Whether LIST, requests or limits, has memory above zero: *MEMORY. *PLAIN becomes false when an
/// entry is to be looked at closer.
static bool read_amounts(const struct json *list, int64_t *memory, bool *plain)
{
    bool found = false;
    json_each(item, list) {
        UNINITIALIZED struct quantity q;
        struct strview name = json_key(item);
        if (!quantity_read(item, &q, NULL) || quantity_sign(q) < 0 ||
            !flink_resource_is_standard(name)) {
            *plain = false;
        } else if (sv_eq(name, SV("memory")) && quantity_sign(q) > 0) {
            found = true;
            *memory = bytes_of(q);
        }
    }
    return found;
}

/// The last two fix the size together; a JobManager's heap does so alone.
#define MEMORY_KEYS 4
static const struct strview MEMORY_SIZES[FLINK_ROLES][MEMORY_KEYS] = {
    [FLINK_JOB_MANAGER] = {SV_INIT("jobmanager.memory.process.size"),
                           SV_INIT("jobmanager.memory.flink.size"),
                           SV_INIT("jobmanager.memory.heap.size"), SV_INIT("")},
    [FLINK_TASK_MANAGER] = {SV_INIT("taskmanager.memory.process.size"),
                            SV_INIT("taskmanager.memory.flink.size"),
                            SV_INIT("taskmanager.memory.task.heap.size"),
                            SV_INIT("taskmanager.memory.managed.size")},
};

bool flink_conf_sets_memory(const struct flink_conf *conf, enum flink_role role)
{
    const struct strview *keys = MEMORY_SIZES[role];
    for (size_t i = 0; i < 2; i++) {
        if (sv_present(flink_conf_get_canonical(conf, keys[i]))) {
            return true;
        }
    }
    bool heap = sv_present(flink_conf_get_canonical(conf, keys[2]));
    return heap &&
           (role == FLINK_JOB_MANAGER || sv_present(flink_conf_get_canonical(conf, keys[3])));
}

bool flink_conf_is_memory_size(struct strview canonical, enum flink_role role)
{
    return sv_eq(canonical, MEMORY_SIZES[role][0]) || sv_eq(canonical, MEMORY_SIZES[role][1]);
}

void flink_effective_resources_read(const struct flink_cluster *c, const struct flink_effective *e,
                                    enum flink_role role, struct arena *arena,
                                    struct flink_effective_resources *ret)
{
    bool jm = role == FLINK_JOB_MANAGER;
    const struct resources_spec *spec =
        jm ? &c->spec.job_manager.resources : &c->spec.task_manager.resources;
    *ret = (struct flink_effective_resources){.spec = spec, .plain = true};
    int64_t limit = 0, request = 0;
    bool limited = read_amounts(spec->limits, &limit, &ret->plain);
    bool requested = read_amounts(spec->requests, &request, &ret->plain);
    if (limited) {
        ret->source = FLINK_MEMORY_FROM_LIMIT;
        ret->memory = limit;
    } else if (requested) {
        ret->source = FLINK_MEMORY_FROM_REQUEST;
        ret->memory = request;
    } else if (flink_conf_sets_memory(&e->conf, role)) {
        ret->source = FLINK_MEMORY_FROM_CONF;
    } else {
        ret->source = FLINK_MEMORY_FROM_DEFAULT;
        ret->memory = jm ? FLINK_DEFAULT_JM_MEMORY : FLINK_DEFAULT_TM_MEMORY;
    }
    flink_memory_work_out(role, e->version, ret->memory, &e->conf, arena, &ret->parts);
    if (ret->source == FLINK_MEMORY_FROM_CONF) {
        ret->memory = ret->parts.process;
    }
}
