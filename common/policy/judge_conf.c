// SPDX-License-Identifier: Apache-2.0
// Flink options.
#include <strings.h>

#include "common/flink/duration.h"
#include "common/flink/memory_size.h"
#include "common/policy/judge_run.h"

// ---- required -----------------------------------------------------------------------------------

bool judge_same_option(const struct flink_conf_entry *it, struct strview a, struct strview b,
                       struct flink_version version)
{
    a = sv_trim(a);
    b = sv_trim(b);
    if (sv_eq(a, b)) {
        return true;
    }
    if (it->option == NULL || it->sub.len != 0) {
        return false;
    }
    int64_t left, right;
    switch (flink_option_type(it->option, version)) {
    case FLINK_DURATION:
        return flink_duration_parse(a, &left) && flink_duration_parse(b, &right) && left == right;
    case FLINK_MEMORY_SIZE:
        return flink_memory_size_parse(a, &left) && flink_memory_size_parse(b, &right) &&
               left == right;
    case FLINK_BOOLEAN:
    case FLINK_ENUM:
        return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
    case FLINK_STRING:
    case FLINK_INTEGER:
    case FLINK_LONG:
    case FLINK_FLOAT:
    case FLINK_DOUBLE:
    case FLINK_LIST_STRING:
    case FLINK_LIST_ENUM:
    case FLINK_LIST_MAP:
    case FLINK_MAP:
    case FLINK_TYPE_COUNT:
        break;
    }
    return false;
}

void judge_conf_required(struct judge_run *r)
{
    const struct flink_conf *required = &r->policy->conf_required;
    if (required->count == 0) {
        return;
    }
    const struct flink_effective *e = judge_effective(r->now);
    const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    for (size_t i = 0; i < required->count; i++) {
        const struct flink_conf_entry *want = &required->items[i];
        const struct flink_conf_entry *have = flink_conf_find_canonical(&e->conf, want->canonical);
        if (have == NULL) {
            if (!r->in->before_defaults) {
                judge_say(r, CAUSE_REQUIRED, &PATH_KEY_OF(&conf, want->key), JUDGE_NOTHING,
                          "must be set to %.*s", SV_ARG(violation_quote(r->arena, want->value)));
            }
        } else if (!judge_same_option(want, have->value, want->value, e->version)) {
            judge_say(r, CAUSE_INVALID, &PATH_KEY_OF(&conf, have->key), judge_text(r, have->value),
                      "must be %.*s", SV_ARG(violation_quote(r->arena, want->value)));
        }
    }
}

// ---- denied -------------------------------------------------------------------------------------

/// Prefixes under which Flink's file systems take the same key (HadoopConfigLoader).
static const struct strview ALIASES[][3] = {
    {SV_INIT("fs.s3a."), SV_INIT("s3a."), SV_INIT("s3.")},
    {SV_INIT("presto.s3."), SV_INIT("s3."), SV_INIT("s3a.")},
    {SV_INIT("fs.azure."), SV_INIT("azure."), SV_INIT("azure.")},
    {SV_INIT("fs.gs."), SV_INIT("gs."), SV_INIT("gs.")},
};

/// Whether a pattern denies KEY under another of its file system's prefixes.
static bool is_alias_denied(const struct patterns *denied, const struct pattern_vars *vars,
                            struct strview key)
{
    if (sv_starts(key, SV("flink.hadoop."))) {
        key = sv_from_pos(key, sizeof("flink.hadoop.") - 1);
        if (patterns_match(denied, key, vars)) {
            return true;
        }
    }
    char text[FLINK_CONF_MAX_KEY + 16];
    for (size_t i = 0; i < ARRAY_LEN(ALIASES); i++) {
        for (size_t from = 0; from < 3; from++) {
            struct strview prefix = ALIASES[i][from];
            size_t rest = key.len - prefix.len;
            if (!sv_starts(key, prefix) || rest > FLINK_CONF_MAX_KEY) {
                continue;
            }
            for (size_t to = 0; to < 3; to++) {
                struct strview other = ALIASES[i][to];
                memcpy(text, other.ptr, other.len);
                memcpy(text + other.len, key.ptr + prefix.len, rest);
                if (patterns_match(denied, sv_make(text, other.len + rest), vars)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/// Whether a pattern denies a spelling of IT that another Flink version knows.
static bool is_spelling_denied(const struct patterns *denied, const struct pattern_vars *vars,
                               const struct flink_conf_entry *it)
{
    struct strview last = it->canonical;
    for (unsigned i = 0; it->option != NULL && i < FLINK_RELEASE_COUNT; i++) {
        struct strview text =
            flink_option_spelling(it->canonical, flink_version_of((enum flink_release)i));
        if (!sv_eq(text, last) && patterns_match(denied, text, vars)) {
            return true;
        }
        last = text;
    }
    return false;
}

/// Whether a pattern without wild cards is another spelling of IT.
static bool is_same_option(const struct patterns *denied, const struct flink_conf_entry *it)
{
    for (size_t i = 0; it->option != NULL && i < denied->n; i++) {
        if (sv_eq(flink_option_canonical(pattern_text(denied->items[i])), it->canonical)) {
            return true;
        }
    }
    return false;
}

static bool is_denied(const struct patterns *denied, const struct pattern_vars *vars,
                      const struct flink_conf_entry *it)
{
    return patterns_match(denied, it->key, vars) || patterns_match(denied, it->canonical, vars) ||
           is_same_option(denied, it) || is_spelling_denied(denied, vars, it) ||
           is_alias_denied(denied, vars, it->key);
}

void judge_conf_denied(struct judge_run *r)
{
    const struct patterns *denied = &r->policy->conf_denied;
    if (denied->n == 0) {
        return;
    }
    const struct flink_effective *e = judge_effective(r->now);
    const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    for (size_t i = 0; i < e->conf.count; i++) {
        const struct flink_conf_entry *it = &e->conf.items[i];
        if (is_denied(denied, judge_vars(r->now), it)) {
            // The value may be a secret; another value is another fault.
            judge_say(r, CAUSE_FORBIDDEN, &PATH_KEY_OF(&conf, it->key),
                      (struct shown){.whole = it->value},
                      "this option may not be set: leave it out");
        }
    }
}
