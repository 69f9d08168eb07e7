// SPDX-License-Identifier: Apache-2.0
// Flink options.
#include <strings.h>

#include "common/flink/duration.h"
#include "common/flink/memory_size.h"
#include "common/policy/denied.h"
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
    for (size_t i = 0; i < required->count && judge_works(r, 1) && !r->enough; i++) {
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

void judge_conf_denied(struct judge_run *r)
{
    const struct policy *p = r->policy;
    if (p->conf_denied.n == 0) {
        return;
    }
    const struct flink_conf *have = &judge_effective(r->now)->conf;
    const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    for (size_t i = 0; i < have->count && !r->enough; i++) {
        const struct flink_conf_entry *it = &have->items[i];
        bool known = it->option != NULL && !sv_present(it->sub); // which takes one look
        if (judge_works(r, known ? 1 : patterns_steps(&p->conf_denied, it->key.len)) &&
            denied_entry(&p->conf_denied, p->denied_keys, it)) {
            // The value may be a secret; another value is another fault.
            judge_say(r, CAUSE_FORBIDDEN, &PATH_KEY_OF(&conf, it->key),
                      (struct shown){.whole = it->value},
                      "this option may not be set: leave it out");
        }
    }
}
