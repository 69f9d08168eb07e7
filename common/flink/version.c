// SPDX-License-Identifier: Apache-2.0
#include "common/flink/version.h"

#include <stdint.h>

#include "common/base/macros.h"
#include "common/base/parse_num.h"
#include "common/base/strbuf.h"

#define NUMBER_MAX       9999
#define VERSION_TEXT_MAX 32

static const struct flink_version RELEASES[FLINK_RELEASE_COUNT] = {
#define X(major_, minor_) [FLINK_##major_##_##minor_] = {.major = (major_), .minor = (minor_)},
    FLINK_RELEASES(X)
#undef X
};

/// A number without sign and leading zeros, at most NUMBER_MAX.
static bool read_number(struct strview s, int *ret)
{
    uint64_t v;
    if ((s.len > 1 && s.ptr[0] == '0') || !parse_u64(s, &v) || v > NUMBER_MAX) {
        return false;
    }
    *ret = (int)v;
    return true;
}

static bool read_pair(struct strview s, char sep, struct flink_version *ret)
{
    size_t at = sv_find_char(s, sep);
    return at != SIZE_MAX && read_number(sv_sub(s, 0, at), &ret->major) &&
           read_number(sv_from_pos(s, at + 1), &ret->minor);
}

enum flink_version_form flink_version_parse(struct strview text, struct flink_version *ret)
{
    struct flink_version v;
    if (sv_starts(text, SV("v")) && read_pair(sv_from_pos(text, 1), '_', &v)) {
        *ret = v;
        return FLINK_FORM_APACHE;
    }
    if (read_pair(text, '.', &v)) {
        *ret = v;
        return FLINK_FORM_PLAIN;
    }
    return FLINK_FORM_NONE;
}

/// How many bytes of S from AT on are digits.
static size_t digits(struct strview s, size_t at)
{
    size_t n = 0;
    while (at + n < s.len && s.ptr[at + n] >= '0' && s.ptr[at + n] <= '9') {
        n++;
    }
    return n;
}

bool flink_version_from_tag(struct strview tag, struct flink_version *ret, struct strview *patch)
{
    struct flink_version v;
    size_t dot = digits(tag, 0);
    if (dot >= tag.len || tag.ptr[dot] != '.') {
        return false;
    }
    size_t end = dot + 1 + digits(tag, dot + 1);
    if (!read_pair(sv_sub(tag, 0, end), '.', &v) || flink_version_standing(v) != FLINK_KNOWN) {
        return false;
    }
    struct strview level = SV_NONE;
    if (end < tag.len && tag.ptr[end] == '.') {
        size_t n = digits(tag, end + 1);
        if (n != 0) {
            end += 1 + n;
            level = sv_sub(tag, 0, end);
        }
    }
    // "1.20beta" and "1.20.1a" name something else; a tag goes on with a separator or ends.
    if (end < tag.len && tag.ptr[end] != '-' && tag.ptr[end] != '_' && tag.ptr[end] != '.') {
        return false;
    }
    *ret = v;
    if (patch != NULL) {
        *patch = level;
    }
    return true;
}

int flink_version_cmp(struct flink_version a, struct flink_version b)
{
    return a.major != b.major ? a.major - b.major : a.minor - b.minor;
}

bool flink_version_at_least(struct flink_version v, int major, int minor)
{
    return flink_version_cmp(v, (struct flink_version){.major = major, .minor = minor}) >= 0;
}

enum flink_release flink_version_release(struct flink_version v)
{
    enum flink_release found = 0;
    while (found + 1 < FLINK_RELEASE_COUNT && flink_version_cmp(RELEASES[found + 1], v) <= 0) {
        found++;
    }
    return found;
}

enum flink_standing flink_version_standing(struct flink_version v)
{
    if (flink_version_cmp(v, flink_version_oldest()) < 0) {
        return FLINK_OLDER;
    }
    if (flink_version_cmp(v, flink_version_newest()) > 0) {
        return FLINK_NEWER;
    }
    return flink_version_cmp(v, RELEASES[flink_version_release(v)]) == 0 ? FLINK_KNOWN
                                                                         : FLINK_NO_SUCH;
}

struct flink_version flink_version_oldest(void)
{
    return RELEASES[0];
}

struct flink_version flink_version_newest(void)
{
    return RELEASES[FLINK_RELEASE_COUNT - 1];
}

struct flink_version flink_version_of(enum flink_release release)
{
    return RELEASES[release];
}

struct strview flink_version_text(struct arena *arena, struct flink_version v)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF_IN(arena, VERSION_TEXT_MAX);
    strbuf_put_i64(&text, v.major);
    strbuf_put_char(&text, '.');
    strbuf_put_i64(&text, v.minor);
    return strbuf_view(&text);
}
