// SPDX-License-Identifier: Apache-2.0
// What is wrong with the user's entries: one judgement an entry, the gravest first.
#include "common/flink/conf.h"

#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/flink/conf_keys.h"

#define GUESSES  20 // unknown keys that get a "did you mean"
#define WANT_MAX 512

struct judging {
    const struct flink_conf_judge *judge;
    enum flink_release release; // of the judge's version
    struct violations *v;
    unsigned guesses; // left
};

/// Keys that Sluice writes (by the entry's ROW, or NULL), or that nobody may. True when something
/// was said.
static bool judge_owner(struct judging *j, const struct flink_conf_entry *e,
                        const struct conf_key *row, const struct path *at)
{
    if (row == NULL || (row->mode != CONF_FIXED && row->mode != CONF_REFUSED) ||
        (((unsigned)row->when & CONF_APPLICATION) != 0 && !j->judge->application)) {
        return false;
    }
    if (row->mode == CONF_FIXED && conf_key_agrees(row, e->value)) {
        if (sv_eq_lit(row->key, "high-availability.type") && !j->judge->storage_known) {
            violation_warn(j->v, "flink_conf.no_effect", at, "no effect without spec.storage.root");
        }
        return true;
    }
    const char *verb = row->mode == CONF_FIXED ? "Sluice sets it" : "not a key to set here";
    if (row->instead != NULL) {
        violation_deny(j->v, "flink_conf.owned", CAUSE_FORBIDDEN, at, SV_NONE, "%s: use %s", verb,
                       row->instead);
    } else {
        violation_deny(j->v, "flink_conf.owned", CAUSE_FORBIDDEN, at, SV_NONE, "%s: %s", verb,
                       row->why);
    }
    return true;
}

/// Keys that mean something to others. True when all is said of it.
static bool judge_reach(struct judging *j, const struct conf_hint *hint, const struct path *at)
{
    if (hint == NULL || hint->text == NULL) {
        return false;
    }
    violation_warn(j->v, "flink_conf.no_effect", at, "%s", hint->text);
    return true;
}

static void refuse_value(struct judging *j, const struct flink_conf_entry *e, const struct path *at)
{
    struct flink_version version = j->judge->version;
    CLEANUP(strbuf_done) struct strbuf want = STRBUF_IN(j->v->arena, WANT_MAX);
    flink_option_check(e->option, e->sub, version, e->value, &want);
    struct strview shown = violation_quote(j->v->arena, e->value);
    struct strview text = strbuf_view(&want);
    violation_deny(j->v, "flink_conf.value", CAUSE_INVALID, at, shown,
                   "Flink %d.%d wants %.*s here", version.major, version.minor, SV_ARG(text));
}

/// Values that Flink, or the shell around it, can't read. True when refused.
static bool judge_value(struct judging *j, const struct flink_conf_entry *e, const struct path *at)
{
    struct flink_version version = j->judge->version;
    if (e->option != NULL && !flink_option_check(e->option, e->sub, version, e->value, NULL)) {
        refuse_value(j, e, at);
        return true;
    }
    if (!sv_starts(e->key, SV("env."))) {
        return false;
    }
    bool line =
        sv_find_char(e->value, '\n') != SIZE_MAX || sv_find_char(e->value, '\r') != SIZE_MAX;
    bool cut = version.major < 2 && sv_find_char(e->value, '#') != SIZE_MAX;
    if (line || cut) {
        // The value is not shown: it may hold a password for the JVM.
        violation_deny(j->v, "flink_conf.value", CAUSE_INVALID, at, SV_NONE,
                       "Flink's scripts read it from a line of flink-conf.yaml, which can hold "
                       "neither # nor a line end");
        return true;
    }
    return false;
}

static void judge_listed(struct judging *j, const struct flink_conf_entry *e, const struct path *at)
{
    struct flink_version version = j->judge->version;
    if (sv_present(e->sub) || ((unsigned)e->versions >> j->release & 1u) != 0 ||
        flink_option_known_in(flink_option_spelling(e->key, version), version)) {
        return;
    }
    CLEANUP(strbuf_done) struct strbuf known = STRBUF_IN(j->v->arena, 64);
    flink_option_put_versions(&known, e->option);
    struct strview text = strbuf_view(&known);
    violation_warn(j->v, "flink_conf.version", at, "no effect in Flink %d.%d, only in %.*s",
                   version.major, version.minor, SV_ARG(text));
}

static void judge_unlisted(struct judging *j, const struct flink_conf_entry *e, bool hinted,
                           const struct path *at)
{
    struct flink_version version = j->judge->version;
    bool open = hinted || flink_option_is_open(e->canonical);
    struct strview nearest = SV_NONE;
    if (j->guesses > 0) {
        j->guesses--;
        nearest = flink_option_nearest(e->key, version);
    }
    if (sv_present(nearest)) {
        violation_warn(j->v, "flink_conf.unknown", at, "unknown key, did you mean %.*s?",
                       SV_ARG(nearest));
    } else if (!open) {
        violation_warn(j->v, "flink_conf.unknown", at, "Flink %d.%d has no such key", version.major,
                       version.minor);
    }
}

void flink_conf_check(const struct flink_conf *conf, const struct flink_conf_judge *judge,
                      const struct path *path, struct violations *v)
{
    struct judging j = {.judge = judge,
                        .release = flink_version_release(judge->version),
                        .v = v,
                        .guesses = GUESSES};
    for (size_t i = 0; i < conf->count; i++) {
        const struct flink_conf_entry *e = &conf->items[i];
        const struct path at = PATH_KEY_OF(path, e->key);
        const struct conf_row row = conf_row_find(e->canonical);
        if (judge_owner(&j, e, row.key, &at) || judge_reach(&j, row.hint, &at) ||
            judge_value(&j, e, &at)) {
            continue;
        }
        if (e->option != NULL) {
            judge_listed(&j, e, &at);
        } else {
            judge_unlisted(&j, e, row.hint != NULL, &at);
        }
    }
}
