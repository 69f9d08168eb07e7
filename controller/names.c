// SPDX-License-Identifier: Apache-2.0
#include "controller/names.h"

#include "common/base/macros.h"
#include "common/base/parse_num.h"

/// 36^4, a step that shares no factor with it, and the step back: RUN_STEP * RUN_STEP_INVERSE is 1
/// more than a multiple of RUN_SPACE.
#define RUN_SPACE        ((uint64_t)RUN_NUMBERS)
#define RUN_STEP         UINT64_C(1000003)
#define RUN_STEP_INVERSE UINT64_C(23659)

_Static_assert(RUN_STEP *RUN_STEP_INVERSE % RUN_SPACE == 1, "the step back is another");

static const struct {
    const char *tag;
    const char *name;
} ROLES[POD_ROLE_COUNT] = {
    [POD_JOB_MANAGER] = {"jm", "jobmanager"},
    [POD_TASK_MANAGER] = {"tm", "taskmanager"},
};

const char *pod_role_name(enum pod_role role)
{
    return ROLES[role].name;
}

struct strview pod_name_make(struct arena *arena, struct strview cluster,
                             const struct pod_name *name)
{
    return arena_printf(arena, "%.*s-%s-%.*s-%lld-%lld", SV_ARG(cluster), ROLES[name->role].tag,
                        SV_ARG(name->revision), (long long)name->index, (long long)name->attempt);
}

/// A decimal number as we write it: no sign, no leading zero, at most 9 digits.
static bool read_number(struct strview text, int64_t *ret)
{
    uint64_t v;
    if (text.len > 9 || (text.len > 1 && text.ptr[0] == '0') || !parse_u64(text, &v)) {
        return false;
    }
    *ret = (int64_t)v;
    return true;
}

static bool is_hex(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

bool pod_name_parse(struct strview cluster, struct strview text, struct pod_name *ret)
{
    if (!sv_starts(text, cluster) || text.len <= cluster.len || text.ptr[cluster.len] != '-') {
        return false;
    }
    struct strview rest = sv_from_pos(text, cluster.len + 1);
    struct strview role;
    struct strview index;
    struct strview attempt;
    if (!sv_split(&rest, '-', &role) || !sv_split(&rest, '-', &ret->revision) ||
        !sv_split(&rest, '-', &index) || !sv_split(&rest, '-', &attempt) || sv_present(rest)) {
        return false;
    }
    for (int i = 0; i < POD_ROLE_COUNT; i++) {
        if (sv_eq_lit(role, ROLES[i].tag)) {
            ret->role = (enum pod_role)i;
            return ret->revision.len == REVISION_DIGITS && is_hex(ret->revision) &&
                   read_number(index, &ret->index) && read_number(attempt, &ret->attempt);
        }
    }
    return false;
}

struct strview record_name_make(struct arena *arena, struct strview cluster, int64_t number)
{
    return arena_printf(arena, "%.*s-r%lld", SV_ARG(cluster), (long long)number);
}

int64_t record_name_number(struct strview cluster, struct strview text)
{
    int64_t number;
    if (!sv_starts(text, cluster) || !sv_starts(sv_from_pos(text, cluster.len), SV("-r")) ||
        !read_number(sv_from_pos(text, cluster.len + 2), &number)) {
        return 0;
    }
    return number;
}

/// Where the numbers of a cluster start in the space of ids.
static uint64_t run_start(hash_fn *hash, struct strview uid)
{
    char hex[65];
    hash(uid, hex);
    uint64_t start = 0;
    for (size_t i = 0; i < 8; i++) {
        char c = hex[i];
        start = start * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return start % RUN_SPACE;
}

struct strview run_id_make(struct arena *arena, hash_fn *hash, struct strview uid, int64_t number)
{
    static const char DIGITS[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    uint64_t v = (run_start(hash, uid) + ((uint64_t)number % RUN_SPACE) * RUN_STEP) % RUN_SPACE;
    char text[RUN_DIGITS];
    for (size_t i = RUN_DIGITS; i > 0; i--) {
        text[i - 1] = DIGITS[v % 36];
        v /= 36;
    }
    return arena_copy(arena, sv_make(text, sizeof(text)));
}

int64_t run_id_number(hash_fn *hash, struct strview uid, struct strview run)
{
    uint64_t v = 0;
    for (size_t i = 0; i < run.len; i++) {
        char c = run.ptr[i];
        bool letter = c >= 'a' && c <= 'z';
        if (run.len != RUN_DIGITS || (!letter && !(c >= '0' && c <= '9'))) {
            return -1;
        }
        v = v * 36 + (uint64_t)(letter ? c - 'a' + 10 : c - '0');
    }
    if (run.len == 0) {
        return -1;
    }
    return (int64_t)((v + RUN_SPACE - run_start(hash, uid)) * RUN_STEP_INVERSE % RUN_SPACE);
}

/// The first DIGITS hex digits of the hash of "A/B".
static struct strview hash_pair(struct arena *arena, hash_fn *hash, struct strview a,
                                struct strview b, size_t digits)
{
    struct strview text = arena_printf(arena, "%.*s/%.*s", SV_ARG(a), SV_ARG(b));
    if (!sv_present(text)) {
        return SV_NONE;
    }
    char hex[65];
    hash(text, hex);
    return arena_copy(arena, sv_make(hex, digits));
}

struct strview job_id_make(struct arena *arena, hash_fn *hash, struct strview uid,
                           struct strview run)
{
    return hash_pair(arena, hash, uid, run, 32);
}

struct strview revision_id_make(struct arena *arena, hash_fn *hash, struct strview pod_hash,
                                struct strview run)
{
    return hash_pair(arena, hash, pod_hash, run, REVISION_DIGITS);
}
