// SPDX-License-Identifier: Apache-2.0
#include "common/base/options.h"

#include <string.h>

#include "common/base/edit_distance.h"
#include "common/base/options_duration.h"
#include "common/base/options_print.h"
#include "common/base/os_file.h"
#include "common/base/parse_num.h"

// A value and where it came from, for messages: "--listen", "SLUICE_LISTEN", "conf.yaml:3: listen".
struct source {
    const struct option_row *row;
    struct strview value;
    const char *where;
};

struct parser {
    const struct option_program *program;
    char *(*getenv_fn)(const char *);
    void *out;
    struct options_result *result;
    struct arena *arena;
    struct err *err;
    struct source *flags; // in the order of argv
    size_t flag_count;
    const char *config;
};

static const struct option_row *row_find(const struct option_program *p, struct strview name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (sv_eq_lit(name, p->rows[i].name)) {
            return &p->rows[i];
        }
    }
    return NULL;
}

static const struct option_row *row_find_letter(const struct option_program *p, char letter)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->rows[i].letter == letter) {
            return &p->rows[i];
        }
    }
    return NULL;
}

// ---- values

static int out_of_bounds(const struct source *src, int64_t min, int64_t max, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf low = STRBUF(64);
    CLEANUP(strbuf_done) struct strbuf high = STRBUF(64);
    if (src->row->type == OPTION_DURATION) {
        options_write_duration(min, &low);
        options_write_duration(max, &high);
    } else {
        strbuf_put_i64(&low, min);
        strbuf_put_i64(&high, max);
    }
    return max == INT64_MAX ? err_set(err, E_INVALID, "%s: %.*s is less than %s", src->where,
                                      SV_ARG(src->value), low.ptr)
                            : err_set(err, E_INVALID, "%s: %.*s is not between %s and %s",
                                      src->where, SV_ARG(src->value), low.ptr, high.ptr);
}

static int set_number(const struct source *src, int64_t *member, struct err *err)
{
    const struct option_row *r = src->row;
    int64_t min = r->min;
    int64_t max = r->min == 0 && r->max == 0 ? INT64_MAX : r->max;
    bool duration = r->type == OPTION_DURATION;
    int64_t v;
    if (duration ? !options_parse_duration(src->value, &v) : !parse_i64(src->value, &v)) {
        return err_set(err, E_INVALID, "%s: \"%.*s\" is not a %s", src->where, SV_ARG(src->value),
                       duration ? "duration such as 500ms, 10s or 1m30s" : "whole number");
    }
    if (v < min || v > max) {
        return out_of_bounds(src, min, max, err);
    }
    *member = v;
    return 0;
}

static int set_bool(const struct source *src, bool *member, struct err *err)
{
    bool yes = sv_eq_lit(src->value, "true");
    if (!yes && !sv_eq_lit(src->value, "false")) {
        return err_set(err, E_INVALID, "%s: \"%.*s\" is neither true nor false", src->where,
                       SV_ARG(src->value));
    }
    *member = yes;
    return 0;
}

static int set_string(struct parser *ps, const struct source *src, const char **member)
{
    const char *const *choice = src->row->choices;
    while (choice != NULL && *choice != NULL && !sv_eq_lit(src->value, *choice)) {
        choice++;
    }
    if (choice != NULL && *choice == NULL) {
        CLEANUP(strbuf_done) struct strbuf all = STRBUF(200);
        for (choice = src->row->choices; *choice != NULL; choice++) {
            strbuf_printf(&all, "%s%s", all.len > 0 ? ", " : "", *choice);
        }
        return err_set(ps->err, E_INVALID, "%s: \"%.*s\" is none of %s", src->where,
                       SV_ARG(src->value), all.ptr);
    }
    struct strview copy = arena_copy(ps->arena, src->value);
    *member = copy.ptr;
    return sv_present(copy) ? 0 : err_set(ps->err, E_NOMEM, "no memory for the options");
}

/// Appends the items of VALUE; what stood there before stays in the arena.
static int set_list(struct parser *ps, const struct source *src, struct option_list *member)
{
    struct strview rest = src->value;
    struct strview item;
    size_t n = member->count;
    const char **items = ARENA_NEW_N(ps->arena, const char *, n + src->value.len + 1);
    if (items == NULL) {
        return err_set(ps->err, E_NOMEM, "no memory for the options");
    }
    for (size_t i = 0; i < n; i++) {
        items[i] = member->items[i];
    }
    while (rest.len > 0 && sv_split(&rest, ',', &item)) {
        struct strview copy = arena_copy(ps->arena, sv_trim(item));
        if (!sv_present(copy)) {
            return err_set(ps->err, E_NOMEM, "no memory for the options");
        }
        if (copy.len == 0) {
            return err_set(ps->err, E_INVALID, "%s: the list has an empty item", src->where);
        }
        items[n++] = copy.ptr;
    }
    if (src->row->max != 0 && n > (size_t)src->row->max) {
        return err_set(ps->err, E_INVALID, "%s: %zu items are more than %lld", src->where, n,
                       (long long)src->row->max);
    }
    member->items = items;
    member->count = n;
    return 0;
}

static int set_value(struct parser *ps, const struct source *src, bool append)
{
    void *member = (char *)ps->out + src->row->offset;
    switch (src->row->type) {
    case OPTION_STRING:
        return set_string(ps, src, member);
    case OPTION_INT:
    case OPTION_DURATION:
        return set_number(src, member, ps->err);
    case OPTION_BOOL:
        return set_bool(src, member, ps->err);
    case OPTION_LIST:
        if (!append) {
            *(struct option_list *)member = (struct option_list){0};
        }
        return set_list(ps, src, member);
    }
    return err_set(ps->err, E_BUG, "an option of no type");
}

// ---- names that are nearly right

static int unknown_name(struct parser *ps, const char *where, const char *dashes,
                        struct strview name)
{
    static const char *const BUILT_IN[] = {"config", "help", "version"};
    const char *nearest = NULL;
    size_t best = edit_distance_worth(name.len) + 1;
    for (size_t i = 0; i < ps->program->count + ARRAY_LEN(BUILT_IN); i++) {
        const char *candidate =
            i < ps->program->count ? ps->program->rows[i].name : BUILT_IN[i - ps->program->count];
        size_t d = edit_distance(name, sv_from(candidate));
        if (d < best) {
            best = d;
            nearest = candidate;
        }
    }
    if (nearest == NULL) {
        return err_set(ps->err, E_INVALID, "%sthere is no option %s%.*s", where, dashes,
                       SV_ARG(sv_sub(name, 0, 60)));
    }
    return err_set(ps->err, E_INVALID, "%sthere is no option %s%.*s; did you mean %s%s?", where,
                   dashes, SV_ARG(sv_sub(name, 0, 60)), dashes, nearest);
}

// ---- sources

static void add_flag(struct parser *ps, const struct option_row *row, struct strview value)
{
    struct strview where = arena_printf(ps->arena, "--%s", row->name);
    ps->flags[ps->flag_count++] = (struct source){row, value, where.ptr};
}

static int read_flag(struct parser *ps, int argc, char *const *argv, int *i)
{
    struct strview arg = sv_from(argv[*i] + 2);
    size_t eq = sv_find_char(arg, '=');
    struct strview name = sv_sub(arg, 0, eq);
    bool has_value = eq != SIZE_MAX;
    struct strview value = has_value ? sv_from_pos(arg, eq + 1) : SV("true");
    bool is_config = sv_eq_lit(name, "config");
    const struct option_row *row = row_find(ps->program, name);
    if (row == NULL && !is_config) {
        return unknown_name(ps, "", "--", name);
    }
    if (!has_value && (is_config || row->type != OPTION_BOOL)) {
        if (*i + 1 >= argc) {
            return err_set(ps->err, E_INVALID, "--%.*s needs a value", SV_ARG(name));
        }
        value = sv_from(argv[++*i]);
    }
    if (is_config) {
        ps->config = value.ptr;
    } else {
        add_flag(ps, row, value);
    }
    return 0;
}

/// "-n VALUE", "-nVALUE", "-n=VALUE"; of booleans several: "-Aw".
static int read_letters(struct parser *ps, int argc, char *const *argv, int *i)
{
    const char *arg = argv[*i];
    for (const char *c = arg + 1; *c != '\0'; c++) {
        const struct option_row *row = row_find_letter(ps->program, *c);
        if (row == NULL) {
            return err_set(ps->err, E_INVALID, "there is no option %.60s; options begin with --",
                           arg);
        }
        if (row->type != OPTION_BOOL) {
            const char *value = c[1] == '=' ? c + 2 : c[1] != '\0' ? c + 1 : NULL;
            if (value == NULL && *i + 1 >= argc) {
                return err_set(ps->err, E_INVALID, "-%c needs a value", row->letter);
            }
            add_flag(ps, row, sv_from(value != NULL ? value : argv[++*i]));
            return 0;
        }
        add_flag(ps, row, SV("true"));
    }
    return 0;
}

/// Sorts argv into flags and operands. Stops at --help and --version.
static int read_argv(struct parser *ps, int argc, char *const *argv)
{
    struct options_result *r = ps->result;
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (!only_operands && strcmp(a, "--") == 0) {
            only_operands = true;
        } else if (only_operands || a[0] != '-' || a[1] == '\0') {
            if (ps->program->operands == NULL) {
                return err_set(ps->err, E_INVALID, "nothing is expected where \"%.100s\" stands",
                               a);
            }
            r->operands[r->operand_count++] = a;
        } else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            r->verdict = OPTIONS_HELP;
            return 0;
        } else if (strcmp(a, "--version") == 0) {
            r->verdict = OPTIONS_VERSION;
            return 0;
        } else if (a[1] != '-' ? read_letters(ps, argc, argv, &i) < 0
                               : read_flag(ps, argc, argv, &i) < 0) {
            return -1;
        }
    }
    return 0;
}

/// The value of a `name: value` line without quotes and comment. False: a form of YAML that is not
/// flat.
static bool plain_value(struct strview *value)
{
    struct strview v = sv_trim(*value);
    if (v.len > 0 && v.ptr[0] == '"') {
        size_t end = sv_find_char(sv_from_pos(v, 1), '"');
        struct strview after = end == SIZE_MAX ? v : sv_trim(sv_from_pos(v, end + 2));
        *value = sv_sub(v, 1, end);
        return end != SIZE_MAX && (after.len == 0 || after.ptr[0] == '#') &&
               sv_find_char(*value, '\\') == SIZE_MAX;
    }
    if (v.len > 0 && strchr("'[]{}>|&*!%@`,?", v.ptr[0]) != NULL) {
        return false;
    }
    if (v.len > 0 && v.ptr[0] == '#') {
        v.len = 0;
    }
    v = sv_sub(v, 0, sv_find(v, SV(" #")));
    *value = sv_trim(v);
    return sv_find(v, SV(": ")) == SIZE_MAX;
}

static int read_config_line(struct parser *ps, struct strview line, unsigned number, uint64_t *seen)
{
    if (sv_trim(line).len == 0 || sv_trim(line).ptr[0] == '#') {
        return 0;
    }
    size_t colon = sv_find_char(line, ':');
    struct strview name = sv_sub(line, 0, colon);
    struct strview value = sv_from_pos(line, colon == SIZE_MAX ? line.len : colon + 1);
    struct strview where = arena_printf(ps->arena, "%s:%u: ", ps->config, number);
    bool spaced = value.len == 0 || value.ptr[0] == ' ' || value.ptr[0] == '\t';
    if (colon == SIZE_MAX || !spaced || !plain_value(&value)) {
        return err_set(ps->err, E_INVALID, "%sonly lines of the form `name: value` are read",
                       where.ptr);
    }
    const struct option_row *row = row_find(ps->program, name);
    if (row == NULL) {
        return unknown_name(ps, where.ptr, "", name);
    }
    uint64_t bit = UINT64_C(1) << (row - ps->program->rows);
    if ((*seen & bit) != 0) {
        return err_set(ps->err, E_INVALID, "%s%s is set twice", where.ptr, row->name);
    }
    *seen |= bit;
    struct strview at = arena_printf(ps->arena, "%s%s", where.ptr, row->name);
    const struct source src = {row, value, at.ptr};
    return set_value(ps, &src, false);
}

static int read_config(struct parser *ps)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(OPTIONS_FILE_MAX);
    if (os_file_read(ps->config, OPTIONS_FILE_MAX, &text, ps->err) < 0) {
        return err_wrap(ps->err, "--config");
    }
    struct strview rest = strbuf_view(&text);
    struct strview line;
    uint64_t seen = 0;
    for (unsigned number = 1; rest.len > 0 && sv_split(&rest, '\n', &line); number++) {
        if (read_config_line(ps, line, number, &seen) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_environment(struct parser *ps)
{
    for (size_t i = 0; i < ps->program->count; i++) {
        CLEANUP(strbuf_done) struct strbuf name = STRBUF(100);
        options_write_env_name(ps->program->rows[i].name, &name);
        const char *value = ps->getenv_fn(name.ptr);
        const struct source src = {&ps->program->rows[i], sv_from(value), name.ptr};
        if (value != NULL && set_value(ps, &src, false) < 0) {
            return -1;
        }
    }
    return 0;
}

static int apply(struct parser *ps)
{
    const struct option_program *p = ps->program;
    for (size_t i = 0; i < p->count; i++) {
        const struct source src = {&p->rows[i], sv_from(p->rows[i].dflt), p->rows[i].name};
        // A default that its own row refuses is a programmer's error.
        ASSERT(set_value(ps, &src, false) == 0 || !arena_ok(ps->arena));
    }
    if (ps->config == NULL) {
        ps->config = ps->getenv_fn("SLUICE_CONFIG");
    }
    if ((ps->config != NULL && read_config(ps) < 0) || read_environment(ps) < 0) {
        return -1;
    }
    uint64_t seen = 0;
    for (size_t i = 0; i < ps->flag_count; i++) {
        uint64_t bit = UINT64_C(1) << (ps->flags[i].row - p->rows);
        if (set_value(ps, &ps->flags[i], (seen & bit) != 0) < 0) {
            return -1;
        }
        seen |= bit;
    }
    return 0;
}

static int check_required(const struct option_program *p, const void *out, struct err *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct option_row *r = &p->rows[i];
        const char *member = (const char *)out + r->offset;
        bool empty =
            (r->type == OPTION_STRING && **(const char *const *)(const void *)member == 0) ||
            (r->type == OPTION_LIST &&
             ((const struct option_list *)(const void *)member)->count == 0);
        if (r->required && empty) {
            return err_set(err, E_INVALID, "--%s is required", r->name);
        }
    }
    return 0;
}

int options_parse(const struct option_program *p, int argc, char *const *argv,
                  char *(*getenv_fn)(const char *), void *out, struct options_result *result,
                  struct arena *arena, struct err *err)
{
    ASSERT(p->count <= OPTIONS_MAX);
    size_t slots = argc > 0 ? (size_t)argc : 1;
    for (int i = 1; i < argc; i++) {
        slots += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 0; // joined letters
    }
    *result = (struct options_result){.operands = ARENA_NEW_N(arena, const char *, slots)};
    struct parser ps = {
        .program = p,
        .getenv_fn = getenv_fn,
        .out = out,
        .result = result,
        .arena = arena,
        .err = err,
        .flags = ARENA_NEW_N(arena, struct source, slots),
    };
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory for the options");
    }
    if (read_argv(&ps, argc, argv) < 0) {
        return -1;
    }
    if (result->verdict != OPTIONS_RUN) {
        return 0;
    }
    if (apply(&ps) < 0) {
        return -1;
    }
    return arena_ok(arena) ? check_required(p, out, err)
                           : err_set(err, E_NOMEM, "no memory for the options");
}
