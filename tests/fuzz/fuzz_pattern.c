// SPDX-License-Identifier: Apache-2.0
// A pattern on the first line, a text on the second: what compiles matches in time of every kind,
// gives the same answer twice, and a pattern without wildcards matches itself alone.
#include "common/policy/pattern.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_BYTES ((size_t)4 << 20)

static const struct pattern_vars VARS = {
    .value = {SV_INIT("payments"), SV_INIT("fraud*"), SV_INIT("1.20")}};

static bool matches(const struct pattern *p, enum pattern_kind kind, struct strview text,
                    struct arena *arena)
{
    struct image_ref ref;
    struct role role;
    switch (kind) {
    case PATTERN_TEXT:
    case PATTERN_URI:
        return pattern_match(p, text, &VARS);
    case PATTERN_IMAGE:
        return image_parse(text, arena, &ref, NULL) && pattern_match_image(p, &ref, &VARS);
    case PATTERN_ROLE:
        return role_parse(text, &role, NULL) && pattern_match_role(p, &role, &VARS);
    }
    return false;
}

static bool is_plain(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr("*?[\\{", s.ptr[i]) != NULL) {
            return false;
        }
    }
    return !sv_starts(s, SV("regex:"));
}

static void check(struct strview pattern, enum pattern_kind kind, struct strview text)
{
    CLEANUP(arena_done) struct arena arena = ARENA(TEXT_BYTES);
    const struct pattern *p = NULL;
    struct err err = {0};
    if (pattern_compile(pattern, kind, PATTERN_ALL, &arena, &p, &err) != 0) {
        ASSERT(err.code == E_INVALID && err.msg[0] != '\0');
        return;
    }
    bool found = matches(p, kind, text, &arena);
    ASSERT(found == matches(p, kind, text, &arena));
    if (kind == PATTERN_TEXT && is_plain(pattern)) {
        ASSERT(found == sv_eq(pattern, text));
    }
    // An image that is allowed by a pattern without wildcards is on that host: no prefix is enough.
    if (kind == PATTERN_IMAGE && is_plain(pattern) && found) {
        struct image_ref want, ref;
        ASSERT(image_parse(text, &arena, &ref, NULL));
        if (image_parse(pattern, &arena, &want, NULL)) {
            ASSERT(sv_eq(want.domain, ref.domain) && sv_eq(want.path, ref.path));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum pattern_kind kinds[] = {PATTERN_TEXT, PATTERN_URI, PATTERN_IMAGE,
                                              PATTERN_ROLE};
    CLEANUP(arena_done) struct arena arena = ARENA(TEXT_BYTES);
    struct strview input = sv_make((const char *)data, size), missing;
    size_t line = sv_find_char(input, '\n');
    struct strview pattern = sv_sub(input, 0, line);
    struct strview text = sv_from_pos(input, line == SIZE_MAX ? size : line + 1);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        check(pattern, kinds[i], text);
    }
    struct strview filled = pattern_fill(pattern, PATTERN_ALL, &VARS, &arena, &missing);
    ASSERT(!sv_present(filled) || !sv_present(missing));
    return 0;
}
