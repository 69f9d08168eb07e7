// SPDX-License-Identifier: Apache-2.0
// The job of an application cluster. A session cluster has none: these rules find nothing then.
#include "common/flink/rules_run.h"

#include "common/flink/duration.h"
#include "common/flink/plugins.h"

#define JOB UNDER(SPEC, "job")

static bool is_plain(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

void rule_jar_uri_form(struct rule_run *r)
{
    struct strview uri = r->now->spec.job.jar_uri;
    const char *fault = NULL;
    if (!sv_present(uri)) {
        return;
    }
    struct strview scheme = flink_uri_scheme(r->arena, uri);
    struct strview rest = sv_from_pos(uri, scheme.len + 1);
    if (!sv_present(scheme)) {
        fault = "must be a URI: local:///opt/flink/usrlib/job.jar for a jar in the image";
    } else if (!is_plain(uri)) {
        fault = "must not hold white space or control characters";
    } else if (sv_find_char(uri, ',') != SIZE_MAX || sv_find_char(uri, ';') != SIZE_MAX) {
        fault = "must be one jar: Flink would take what stands behind , or ; for another";
    } else if (sv_eq(scheme, SV("local"))) {
        bool good = sv_starts(rest, SV("///")) && rest.len > 3 && !sv_ends(rest, SV("/"));
        fault = good ? NULL : "must be local:/// and the jar's path in the image";
    } else if (!sv_starts(rest, SV("//")) || rest.len < 4) {
        fault = "must have // and a place after the scheme, such as s3://bucket/job.jar";
    }
    if (fault != NULL) {
        rule_deny(r, CAUSE_INVALID, UNDER(JOB, "jarURI"), rule_quote(r, uri), "%s", fault);
    }
}

void rule_jar_uri_remote(struct rule_run *r)
{
    struct strview uri = r->now->spec.job.jar_uri;
    if (!r->e->version_known || flink_version_at_least(r->e->version, 1, 19)) {
        return;
    }
    struct strview scheme = flink_uri_scheme(r->arena, uri);
    if (sv_present(scheme) && !sv_eq(scheme, SV("local"))) {
        rule_deny(
            r, CAUSE_INVALID, UNDER(JOB, "jarURI"), rule_quote(r, uri),
            "Flink %d.%d takes no remote jar (1.19 and newer do): put it into the image and use "
            "local:///",
            r->e->version.major, r->e->version.minor);
    }
}

void rule_entry_class_form(struct rule_run *r)
{
    struct strview name = r->now->spec.job.entry_class;
    if (sv_present(name) && !is_plain(name)) {
        rule_deny(r, CAUSE_INVALID, UNDER(JOB, "entryClass"), rule_quote(r, name),
                  "must be one class name; arguments go to job.args");
    }
}

void rule_savepoint_path_form(struct rule_run *r)
{
    struct strview path = r->now->spec.job.initial_savepoint_path;
    if (sv_present(path) && (!is_plain(path) || (path.ptr[0] != '/' &&
                                                 !sv_present(flink_uri_scheme(r->arena, path))))) {
        rule_deny(r, CAUSE_INVALID, UNDER(JOB, "initialSavepointPath"), rule_quote(r, path),
                  "must be a URI, such as s3://bucket/savepoints/savepoint-1, or an absolute path");
    }
}

void rule_redeploy_needs_path(struct rule_run *r)
{
    const struct job_spec *job = &r->now->spec.job;
    const struct field_int *was = &r->old->spec.job.savepoint_redeploy_nonce;
    const struct field_int *is = &job->savepoint_redeploy_nonce;
    if (is->set && (!was->set || was->v != is->v) &&
        !rule_stands(job->self, "initialSavepointPath")) {
        rule_deny(r, CAUSE_INVALID, UNDER(JOB, "savepointRedeployNonce"), rule_number(r, is->v),
                  "a changed value starts again from job.initialSavepointPath, which is not set");
    }
}

static void check_duration(struct rule_run *r, const struct path *path, struct strview text)
{
    int64_t ms = 0;
    if (sv_present(text) && !flink_duration_parse_ms(text, &ms)) {
        rule_deny(r, CAUSE_INVALID, path, rule_quote(r, text),
                  "must be a duration, such as 30s or 10 min");
    } else if (sv_present(text) && ms == 0) {
        rule_deny(r, CAUSE_INVALID, path, rule_quote(r, text), "must be more than nothing");
    }
}

void rule_durations(struct rule_run *r)
{
    const struct job_spec *job = &r->now->spec.job;
    check_duration(r, UNDER(JOB, "savepointInterval"), job->savepoint_interval);
    check_duration(r, UNDER(JOB, "checkpointInterval"), job->checkpoint_interval);
    check_duration(r, UNDER(UNDER(SPEC, "rollback"), "deadline"), r->now->spec.rollback.deadline);
}

void rule_upgrade_mode_needs_storage(struct rule_run *r)
{
    struct strview mode = r->now->spec.job.upgrade_mode;
    if (sv_present(mode) && !sv_eq_lit(mode, "Stateless") && !r->e->storage_known &&
        !rule_stands(json_get_lit(r->now->spec.self, "storage"), "root")) {
        rule_deny(
            r, CAUSE_INVALID, UNDER(JOB, "upgradeMode"), rule_quote(r, mode),
            "needs storage: set storage.root (or the HA, checkpoint and savepoint directories), or "
            "use Stateless");
    }
}

/// No mode given, an application, and no storage to keep state in.
static bool falls_to_stateless(const struct rule_run *r)
{
    const struct cluster_spec *spec = &r->now->spec;
    return spec->job.self != NULL && !r->e->storage_known &&
           !rule_stands(spec->job.self, "upgradeMode") && !rule_stands(spec->storage.self, "root");
}

/// The entry that turns checkpointing on, or NULL.
static const struct flink_conf_entry *checkpointing(const struct rule_run *r)
{
    const struct flink_conf_entry *it =
        flink_conf_find_canonical(&r->e->conf, SV("execution.checkpointing.interval"));
    int64_t ms = 0;
    return it != NULL && flink_duration_parse_ms(it->value, &ms) && ms > 0 ? it : NULL;
}

void rule_checkpoints_need_storage(struct rule_run *r)
{
    const struct flink_conf_entry *it = falls_to_stateless(r) ? checkpointing(r) : NULL;
    if (it == NULL) {
        return;
    }
    const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    rule_deny(r, CAUSE_INVALID, &PATH_KEY_OF(&conf, it->key), rule_quote(r, it->value),
              "checkpoints without storage are lost with their pods: set storage.root, or say "
              "job.upgradeMode: Stateless");
}

void rule_upgrade_mode_default(struct rule_run *r)
{
    if (falls_to_stateless(r) && checkpointing(r) == NULL) {
        rule_warn(
            r, UNDER(JOB, "upgradeMode"),
            "is Stateless, for no storage is known: a change starts the job from empty state");
    }
}
