// SPDX-License-Identifier: Apache-2.0
// Order and spelling as tried on Flink 1.20 and 2.2.
#include "controller/pod_args.h"

#define USRLIB "local:///opt/flink/usrlib/"

struct args {
    struct arena *arena;
    struct json_out *out;
};

/// TEXT as it must arrive: the kubelet would replace `$(NAME)` and shorten `$$`.
static void put_literal(const struct args *a, struct strview text)
{
    size_t dollars = 0;
    for (size_t i = 0; i < text.len; i++) {
        dollars += text.ptr[i] == '$';
    }
    if (dollars == 0) {
        json_out_string(a->out, text);
        return;
    }
    char *copy = arena_alloc(a->arena, text.len + dollars);
    if (copy == NULL) {
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        copy[n++] = text.ptr[i];
        if (text.ptr[i] == '$') {
            copy[n++] = '$';
        }
    }
    json_out_string(a->out, sv_make(copy, n));
}

static void put(const struct args *a, const char *text)
{
    json_out_string(a->out, sv_from(text));
}

static void put_job_options(const struct args *a, const struct record *r)
{
    const struct job_spec *job = &r->cluster.spec.job;
    if (sv_present(job->entry_class)) {
        put(a, "--job-classname");
        put_literal(a, job->entry_class);
    }
    put(a, "--job-id");
    put_literal(a, r->job_id);
    if (sv_present(r->from_savepoint)) {
        put(a, "--fromSavepoint");
        put_literal(a, r->from_savepoint);
    }
    if (job->allow_non_restored_state.set && job->allow_non_restored_state.v) {
        put(a, "--allowNonRestoredState");
    }
    // What lies in usrlib is on the class path already.
    if (sv_present(job->jar_uri) && !sv_starts(job->jar_uri, SV(USRLIB)) &&
        flink_version_at_least(r->effective.version, 1, 19)) {
        put(a, "--jars");
        put_literal(a, job->jar_uri);
    }
}

static void put_dynamic(const struct args *a, const struct desired *d, enum pod_role role)
{
    if (role == POD_TASK_MANAGER) {
        put(a, "-D");
        put(a, "taskmanager.host=$(POD_IP)");
        // REST then names a TaskManager as its pod.
        put(a, "-D");
        put(a, "taskmanager.resource-id=$(POD_NAME)");
    } else if (d->ha) {
        // The leader is found by the address that it writes into the HA ConfigMap: its own.
        put(a, "-D");
        put(a, "jobmanager.rpc.address=$(POD_IP)");
    }
    for (size_t i = 0; i < d->conf.argument_count; i++) {
        put(a, "-D");
        put_literal(a, d->conf.arguments[i]);
    }
}

void pod_args_put(const struct desired *d, enum pod_role role, struct arena *arena,
                  struct json_out *o)
{
    const struct args a = {.arena = arena, .out = o};
    const struct record *r = d->record;
    bool application = role == POD_JOB_MANAGER && !r->effective.session;
    put(&a, application ? "standalone-job" : pod_role_name(role));
    if (application) {
        put_job_options(&a, r);
    }
    put_dynamic(&a, d, role);
    const struct field_strings *args = &r->cluster.spec.job.args;
    if (application && args->n > 0) {
        put(&a, "--");
        for (size_t i = 0; i < args->n; i++) {
            put_literal(&a, args->items[i]);
        }
    }
}
