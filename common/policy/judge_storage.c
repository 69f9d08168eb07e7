// SPDX-License-Identifier: Apache-2.0
// Where state lives, and what it is read from.
#include <stdint.h>

#include "common/policy/judge_run.h"

void judge_storage_required(struct judge_run *r)
{
    if (r->policy->spec.storage.required.v && !r->in->before_defaults &&
        !judge_effective(r->now)->storage_known) {
        judge_say(
            r, CAUSE_REQUIRED, UNDER(UNDER(SPEC, "storage"), "root"), JUDGE_NOTHING,
            "state must have a place: set it, or the HA, checkpoint and savepoint directories");
    }
}

/// Where the URIs of the fields are among the object's; those of the options follow.
enum { URI_ROOT, URI_SAVEPOINT, URI_FIELDS };

/// Whether TEXT, which is the I-th of the object's URIs, is among what is allowed; or is not looked
/// at any more, which judge_works() has said then.
static bool passes(struct judge_run *r, size_t i, struct strview text)
{
    const struct patterns *allowed = &r->policy->storage_allowed;
    struct pattern_uri *uri = &r->now->uris[i];
    if (!sv_present(uri->text)) {
        pattern_uri_read(sv_trim(text), uri);
    }
    return !judge_works(r, patterns_steps(allowed, uri->text.len)) ||
           patterns_match_uri(allowed, uri, judge_vars(r->now));
}

/// That the I-th URI, at PATH, is not.
static void say_place(struct judge_run *r, const struct path *path, size_t i)
{
    struct strview text = r->now->uris[i].text;
    judge_say(r, CAUSE_INVALID, path, judge_text(r, text),
              "is not among the allowed places for state: %.*s%s",
              SV_ARG(judge_patterns(r, &r->policy->storage_allowed)),
              sv_find(text, SV("/..")) != SIZE_MAX || sv_find_char(text, '%') != SIZE_MAX
                  ? " (which no text with .. or % is)"
                  : "");
}

static bool is_of_store(struct strview key)
{
    static const char *const PREFIXES[] = {"s3.",    "s3a.",       "fs.s3a.",
                                           "fs.s3.", "presto.s3.", "fs.oss.",
                                           "gs.",    "fs.gs.",     "flink.hadoop.fs."};
    for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++) {
        if (sv_starts(key, sv_from(PREFIXES[i]))) {
            return true;
        }
    }
    return false;
}

/// Whether KEY says to which server the URIs of a scheme lead.
static bool is_endpoint(struct strview key)
{
    char last = key.len != 0 ? key.ptr[key.len - 1] : '\0'; // which mostly tells
    return ((last == 't' && sv_ends(key, SV("endpoint"))) ||
            (last == 'l' && sv_ends(key, SV("storage.root.url")))) &&
           is_of_store(key);
}

static bool has_endpoints(struct judge_facts *f)
{
    const struct flink_conf *conf = &judge_effective(f)->conf;
    for (size_t i = 0; !f->has_endpoints && i < conf->count; i++) {
        f->endpoints = f->endpoints || is_endpoint(conf->items[i].key);
    }
    f->has_endpoints = true;
    return f->endpoints;
}

/// Warned of, unless the policy itself wants it so: most who set it have a store of their own.
static void judge_endpoints(struct judge_run *r, const struct flink_conf *conf)
{
    const struct path path = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    for (size_t i = 0; i < conf->count && judge_works(r, 1); i++) {
        const struct flink_conf_entry *it = &conf->items[i];
        if (is_endpoint(it->key) &&
            flink_conf_find_canonical(&r->policy->conf_required, it->canonical) == NULL) {
            r->nearer = true; // never more than a warning
            judge_say(r, CAUSE_INVALID, &PATH_KEY_OF(&path, it->key), judge_text(r, it->value),
                      "leads to another store than the URI tells: the policy allows URIs alone");
            r->nearer = false;
        }
    }
}

void judge_storage_allowed(struct judge_run *r)
{
    // Canonical keys of what Flink writes state to, or reads it from, beside what Sluice sets
    // itself.
    static const struct strview KEYS[] = {
        SV_INIT("high-availability.storageDir"),
        SV_INIT("execution.checkpointing.dir"),
        SV_INIT("execution.checkpointing.savepoint-dir"),
        SV_INIT("execution.state-recovery.path"),
        SV_INIT("state.changelog.dstl.dfs.base-path"),
        SV_INIT("state.backend.forst.primary-dir"),
        SV_INIT("job-result-store.storage-path"), // of a session cluster; else it is Sluice's own
        SV_INIT("application-result-store.storage-path"),
        SV_INIT("jobmanager.archive.fs.dir"),
    };
    _Static_assert(ARRAY_LEN(KEYS) <= JUDGE_ENTRIES_MAX, "none is left out");
    if (!r->policy->storage_allowed.set) {
        return;
    }
    const struct judge_entries *set = judge_entries(r->now, &r->now->stores, KEYS, ARRAY_LEN(KEYS));
    if (r->now->uris == NULL) {
        r->now->uris = ARENA_NEW_N(r->now->arena, struct pattern_uri, URI_FIELDS + set->n);
    }
    if (r->now->uris == NULL) {
        return;
    }
    const struct cluster_spec *spec = &r->now->c->spec;
    struct strview root = spec->storage.root, savepoint = spec->job.initial_savepoint_path;
    if (sv_present(root) && !passes(r, URI_ROOT, root)) {
        say_place(r, UNDER(UNDER(SPEC, "storage"), "root"), URI_ROOT);
    }
    for (size_t i = 0; i < set->n; i++) {
        if (!passes(r, URI_FIELDS + i, set->items[i]->value)) {
            say_place(r, &PATH_KEY_OF(UNDER(SPEC, "flinkConfiguration"), set->items[i]->key),
                      URI_FIELDS + i);
        }
    }
    if (has_endpoints(r->now)) {
        judge_endpoints(r, &judge_effective(r->now)->conf);
    }
    if (sv_present(savepoint) && !passes(r, URI_SAVEPOINT, savepoint)) {
        say_place(r, UNDER(UNDER(SPEC, "job"), "initialSavepointPath"), URI_SAVEPOINT);
    }
}
