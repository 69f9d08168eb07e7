// SPDX-License-Identifier: Apache-2.0
// Every row of the tables in docs/patterns.md is true.
#include "common/policy/pattern.h"

#include "common/base/os_file.h"
#include "tests/unit/k8s.h"

static const struct pattern_vars FRAUD = {
    .value = {SV_INIT("payments"), SV_INIT("fraud"), SV_INIT("1.20")}};

static const struct {
    const char *heading;
    enum pattern_kind kind;
} SECTIONS[] = {{"## Images", PATTERN_IMAGE},
                {"## Roles", PATTERN_ROLE},
                {"## URIs", PATTERN_URI},
                {"## Names and tags", PATTERN_TEXT}};

static bool matches(const struct pattern *p, enum pattern_kind kind, struct strview s)
{
    struct image_ref ref;
    struct role role;
    switch (kind) {
    case PATTERN_TEXT:
    case PATTERN_URI:
        return pattern_match(p, s, &FRAUD);
    case PATTERN_IMAGE:
        return image_parse(s, &arena, &ref, NULL) && pattern_match_image(p, &ref, &FRAUD);
    case PATTERN_ROLE:
        return role_parse(s, &role, NULL) && pattern_match_role(p, &role, &FRAUD);
    }
    return false;
}

/// The next text between backticks off *CELL.
static bool next_code(struct strview *cell, struct strview *ret)
{
    size_t open = sv_find_char(*cell, '`');
    struct strview rest = sv_from_pos(*cell, open == SIZE_MAX ? cell->len : open + 1);
    size_t end = sv_find_char(rest, '`');
    *ret = sv_sub(rest, 0, end);
    *cell = sv_from_pos(rest, end == SIZE_MAX ? rest.len : end + 1);
    return end != SIZE_MAX;
}

/// "| `pattern` | `yes` … | `no` … |"; how many texts were tried.
static unsigned try_row(struct strview row, enum pattern_kind kind)
{
    struct strview cell[4] = {0}, text;
    for (size_t i = 0; i < ARRAY_LEN(cell); i++) {
        ck_assert_msg(sv_split(&row, '|', &cell[i]), "%.*s", SV_ARG(row));
    }
    const struct pattern *p = NULL;
    struct err err = {0};
    ck_assert(next_code(&cell[1], &text));
    ck_assert_msg(pattern_compile(text, kind, PATTERN_ALL, &arena, &p, &err) == 0, "%.*s: %s",
                  SV_ARG(text), err.msg);
    unsigned n = 0;
    for (; next_code(&cell[2], &text); n++) {
        ck_assert_msg(matches(p, kind, text), "%.*s: %.*s", SV_ARG(pattern_text(p)), SV_ARG(text));
    }
    for (; next_code(&cell[3], &text); n++) {
        ck_assert_msg(!matches(p, kind, text), "%.*s: not %.*s", SV_ARG(pattern_text(p)),
                      SV_ARG(text));
    }
    return n;
}

START_TEST(pattern_docs__every_row_is_true)
{
    CLEANUP(strbuf_done) struct strbuf page = STRBUF(1 << 16);
    struct err err = {0};
    ck_assert_msg(os_file_read(SLUICE_SOURCE_DIR "/docs/patterns.md", page.max, &page, &err) == 0,
                  "%s", err.msg);
    struct strview rest = strbuf_view(&page), line;
    size_t section = ARRAY_LEN(SECTIONS);
    unsigned tried[ARRAY_LEN(SECTIONS)] = {0};
    while (sv_split(&rest, '\n', &line)) {
        if (sv_starts(line, SV("## "))) {
            section = 0;
            while (section < ARRAY_LEN(SECTIONS) && !sv_eq_lit(line, SECTIONS[section].heading)) {
                section++;
            }
        } else if (section < ARRAY_LEN(SECTIONS) && sv_starts(line, SV("| `"))) {
            tried[section] += try_row(line, SECTIONS[section].kind);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++) {
        ck_assert_msg(tried[i] >= 10, "%s: %u", SECTIONS[i].heading, tried[i]);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, pattern_docs__every_row_is_true)
