// SPDX-License-Identifier: Apache-2.0
#include "common/policy/set_range.h"

#include <limits.h>

#include "common/base/parse_num.h"

#define NUMBER_MAX 9999

/// One end: a version, or all of a major one.
static bool read_end(struct strview s, struct policy_versions *ret)
{
    struct strview major = sv_ends(s, SV(".x")) ? sv_sub(s, 0, s.len - 2) : SV_NONE;
    uint64_t n;
    if (!sv_present(major)) {
        bool plain = flink_version_parse(s, &ret->from) == FLINK_FORM_PLAIN;
        ret->to = ret->from;
        return plain;
    }
    if (!parse_u64(major, &n) || n > NUMBER_MAX || (major.len > 1 && major.ptr[0] == '0')) {
        return false;
    }
    ret->from = (struct flink_version){.major = (int)n, .minor = 0};
    ret->to = (struct flink_version){.major = (int)n, .minor = INT_MAX};
    return true;
}

const char *policy_range_parse(struct strview text, struct policy_versions *ret)
{
    struct policy_versions low, high;
    size_t dots = sv_find(text, SV(".."));
    *ret = (struct policy_versions){.from = {.major = 1}};
    if (!read_end(sv_sub(text, 0, dots), &low) ||
        !read_end(dots == SIZE_MAX ? text : sv_from_pos(text, dots + 2), &high)) {
        return "must be a Flink version (1.20), all of a major one (2.x), or a range of two of "
               "these (1.18..1.20, 1.20..2.x)";
    }
    if (flink_version_cmp(low.from, high.to) > 0) {
        return "the range is empty: its first version must not be the newer one";
    }
    *ret = (struct policy_versions){.from = low.from, .to = high.to};
    return NULL;
}
