// SPDX-License-Identifier: Apache-2.0
#include "common/base/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/options_duration.h"
#include "common/base/options_print.h"
#include "common/base/os_file.h"
#include "tests/unit/unit.h"

static const char *const MODES[] = {"Deny", "Warn", NULL};

#define DEMO_OPTIONS(O)                                                                            \
    O(STRING, listen, "listen", ":9443", "ADDR", "Where to listen.")                               \
    O(INT, workers, "workers", "4", "N", "Worker threads.", .min = 1, .max = 64)                   \
    O(DURATION, grace_ms, "grace", "10s", "TIME", "How long.", .min = 100, .max = 3600000)         \
    O(BOOL, dry_run, "dry-run", "false", "", "Change nothing.", .letter = 'd')                     \
    O(LIST, namespaces, "namespaces", "", "NAMES", "Only these.", .max = 3)                        \
    O(STRING, mode, "mode", "Deny", "MODE", "What to do.", .choices = MODES, .letter = 'm')        \
    O(STRING, role, "role", "", "NAME", "Who | what.", .required = true)
struct demo {
    DEMO_OPTIONS(OPTION_MEMBER)
};
#define ROW(...) OPTION_ROW(struct demo, __VA_ARGS__)
static const struct option_row rows[] = {DEMO_OPTIONS(ROW)};
static struct option_program program = {
    .name = "sluice-demo",
    .summary = "shows what options do",
    .description = "First paragraph.\n\n.Second with a \\ and a dash - here.",
    .examples = "sluice-demo --role x",
    .rows = rows,
    .count = ARRAY_LEN(rows),
};

static struct arena arena;
static struct err err;
static struct demo demo;
static struct options_result result;
static const char *env_name, *env_value;
static char config[64];

static char *fake_getenv(const char *name)
{
    static char copy[256];
    if (env_name == NULL || strcmp(name, env_name) != 0) {
        return NULL;
    }
    snprintf(copy, sizeof(copy), "%s", env_value);
    return copy;
}

static void setup(void)
{
    arena = ARENA(1 << 20);
    err = (struct err){0};
    env_name = NULL;
    program.operands = NULL;
    snprintf(config, sizeof(config), "/tmp/sluice-options-%ld", (long)getpid());
}

static void teardown(void)
{
    arena_done(&arena);
    unlink(config);
}

/// Parses the arguments of TEXT, which are separated by blanks.
static int parse(const char *text)
{
    static char copy[1024];
    static char *argv[64];
    int argc = 1;
    snprintf(copy, sizeof(copy), "%s", text);
    argv[0] = copy; // never read
    for (char *c = copy; *c != '\0';) {
        argv[argc++] = c;
        c += strcspn(c, " ");
        if (*c != '\0') {
            *c++ = '\0';
        }
    }
    memset(&demo, 0, sizeof(demo));
    return options_parse(&program, argc, argv, fake_getenv, &demo, &result, &arena, &err);
}

static void write_config(const char *text)
{
    ck_assert_int_eq(os_file_write_atomic(config, sv_from(text), 0600, &err), 0);
}

static int parse_with_config(const char *file, const char *more)
{
    char args[256];
    write_config(file);
    snprintf(args, sizeof(args), "--config %s --role r%s%s", config, *more ? " " : "", more);
    return parse(args);
}

static void assert_refused(const char *args, const char *message)
{
    ck_assert_int_eq(parse(args), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_str_eq(err.msg, message);
}

START_TEST(options__defaults_hold_where_nothing_is_said)
{
    ck_assert_int_eq(parse("--role x"), 0);
    ck_assert_str_eq(demo.listen, ":9443");
    ck_assert_int_eq(demo.workers, 4);
    ck_assert_int_eq(demo.grace_ms, 10000);
    ck_assert(!demo.dry_run);
    ck_assert_uint_eq(demo.namespaces.count, 0);
    ck_assert_int_eq(result.verdict, OPTIONS_RUN);
}
END_TEST

START_TEST(options__a_value_stands_after_a_blank_or_an_equals_sign)
{
    ck_assert_int_eq(parse("--role x --listen=[::1]:1 --workers 7 --dry-run --grace=1m30s"), 0);
    ck_assert_str_eq(demo.listen, "[::1]:1");
    ck_assert_int_eq(demo.workers, 7);
    ck_assert_int_eq(demo.grace_ms, 90000);
    ck_assert(demo.dry_run);
    ck_assert_int_eq(parse("--role x --dry-run=false --listen="), 0);
    ck_assert(!demo.dry_run);
    ck_assert_str_eq(demo.listen, "");
}
END_TEST

START_TEST(options__a_letter_stands_for_its_flag)
{
    ck_assert_int_eq(parse("--role x -m Warn -d"), 0);
    ck_assert_str_eq(demo.mode, "Warn");
    ck_assert(demo.dry_run);
    ck_assert_int_eq(parse("--role x -dddddmWarn"), 0);
    ck_assert_str_eq(demo.mode, "Warn");
    ck_assert(demo.dry_run);
    ck_assert_int_eq(parse("--role x -m=Warn"), 0);
    ck_assert_str_eq(demo.mode, "Warn");
    assert_refused("--role x -m", "-m needs a value");
    assert_refused("--role x -dx", "there is no option -dx; options begin with --");
    assert_refused("--role x -mwarn", "--mode: \"warn\" is none of Deny, Warn");
}
END_TEST

START_TEST(options__the_flag_wins_over_the_environment_and_that_over_the_file)
{
    ck_assert_int_eq(parse_with_config("workers: 5\n", ""), 0);
    ck_assert_int_eq(demo.workers, 5);
    env_name = "SLUICE_WORKERS";
    env_value = "6";
    ck_assert_int_eq(parse_with_config("workers: 5\n", ""), 0);
    ck_assert_int_eq(demo.workers, 6);
    ck_assert_int_eq(parse_with_config("workers: 5\n", "--workers 7"), 0);
    ck_assert_int_eq(demo.workers, 7);
}
END_TEST

START_TEST(options__the_environment_can_name_the_file)
{
    write_config("role: from-file\n");
    env_name = "SLUICE_CONFIG";
    env_value = config;
    ck_assert_int_eq(parse(""), 0);
    ck_assert_str_eq(demo.role, "from-file");
}
END_TEST

START_TEST(options__lists_are_split_and_a_repeated_flag_adds)
{
    ck_assert_int_eq(parse("--role x --namespaces a,b --namespaces=c"), 0);
    ck_assert_uint_eq(demo.namespaces.count, 3);
    ck_assert_str_eq(demo.namespaces.items[2], "c");
    env_name = "SLUICE_NAMESPACES";
    env_value = "x, y";
    ck_assert_int_eq(parse("--role x"), 0);
    ck_assert_uint_eq(demo.namespaces.count, 2);
    ck_assert_str_eq(demo.namespaces.items[1], "y");
    ck_assert_int_eq(parse("--role x --namespaces z"), 0);
    ck_assert_uint_eq(demo.namespaces.count, 1);
    ck_assert_int_eq(parse("--role x --namespaces a,,b"), -1);
    assert_refused("--role x --namespaces a,b --namespaces c,d",
                   "--namespaces: 4 items are more than 3");
}
END_TEST

START_TEST(options__faults_name_the_option_and_its_bounds)
{
    assert_refused("--role x --workers 0", "--workers: 0 is not between 1 and 64");
    assert_refused("--role x --workers 4x", "--workers: \"4x\" is not a whole number");
    assert_refused("--role x --grace 10", "--grace: \"10\" is not a duration such as 500ms, 10s or "
                                          "1m30s");
    assert_refused("--role x --grace 2h", "--grace: 2h is not between 100ms and 1h");
    assert_refused("--role x --dry-run=yes", "--dry-run: \"yes\" is neither true nor false");
    assert_refused("--role x --mode Audit", "--mode: \"Audit\" is none of Deny, Warn");
    assert_refused("--role x --workers", "--workers needs a value");
    assert_refused("", "--role is required");
    assert_refused("--role=", "--role is required");
}
END_TEST

START_TEST(options__an_unknown_flag_names_the_nearest)
{
    assert_refused("--lisen :1", "there is no option --lisen; did you mean --listen?");
    assert_refused("--helpp", "there is no option --helpp; did you mean --help?");
    assert_refused("--dryrun=true", "there is no option --dryrun; did you mean --dry-run?");
    assert_refused("--frobnicate", "there is no option --frobnicate");
    assert_refused("-w", "there is no option -w; options begin with --");
}
END_TEST

START_TEST(options__a_fault_in_the_environment_names_the_variable)
{
    env_name = "SLUICE_DRY_RUN";
    env_value = "1";
    assert_refused("--role x", "SLUICE_DRY_RUN: \"1\" is neither true nor false");
}
END_TEST

START_TEST(options__operands_are_taken_only_where_they_are_expected)
{
    assert_refused("--role x file.yaml", "nothing is expected where \"file.yaml\" stands");
    program.operands = "FILE…";
    ck_assert_int_eq(parse("a --role x - -- --b"), 0);
    ck_assert_uint_eq(result.operand_count, 3);
    ck_assert_str_eq(result.operands[0], "a");
    ck_assert_str_eq(result.operands[1], "-");
    ck_assert_str_eq(result.operands[2], "--b");
}
END_TEST

START_TEST(options__help_and_version_win_over_later_faults)
{
    ck_assert_int_eq(parse("--help --nonsense"), 0);
    ck_assert_int_eq(result.verdict, OPTIONS_HELP);
    ck_assert_int_eq(parse("-h"), 0);
    ck_assert_int_eq(result.verdict, OPTIONS_HELP);
    ck_assert_int_eq(parse("--version"), 0);
    ck_assert_int_eq(result.verdict, OPTIONS_VERSION);
}
END_TEST

START_TEST(options__a_file_is_the_flat_subset_of_yaml)
{
    ck_assert_int_eq(parse_with_config("# a comment\n\nlisten: :8443   # why\nnamespaces: a, b\n"
                                       "mode: \"Warn\"  # quoted\ngrace:\t2s\ndry-run: true",
                                       ""),
                     0);
    ck_assert_str_eq(demo.listen, ":8443");
    ck_assert_uint_eq(demo.namespaces.count, 2);
    ck_assert_str_eq(demo.mode, "Warn");
    ck_assert_int_eq(demo.grace_ms, 2000);
    ck_assert(demo.dry_run);
}
END_TEST

START_TEST(options__other_forms_of_yaml_are_refused_with_their_line)
{
    static const char *const bad[] = {
        "x\nlisten: [a]",
        "x\nlisten: 'a'",
        "x\nlisten: |",
        "x\nlisten: *a",
        "x\nlisten: &a b",
        "x\n- listen",
        "x\nlisten",
        "x\nlisten:a",
        "x\nlisten: a: b",
        "x\nlisten: \"a",
        "x\nlisten: \"a\" b",
        "x\nlisten: \"\\n\"",
        "x\n  listen: nested",
        "x\n---",
        "x\n{\"listen\": \"a\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[64];
        snprintf(text, sizeof(text), "workers: 3%s", bad[i] + 1);
        ck_assert_msg(parse_with_config(text, "") == -1, "%s", bad[i]);
        ck_assert_msg(strstr(err.msg, ":2: ") != NULL, "%s: %s", bad[i], err.msg);
    }
}
END_TEST

START_TEST(options__faults_of_a_file_tell_file_line_and_name)
{
    char want[128];
    ck_assert_int_eq(parse_with_config("workers: 3\nlissten: x\n", ""), -1);
    snprintf(want, sizeof(want), "%s:2: there is no option lissten; did you mean listen?", config);
    ck_assert_str_eq(err.msg, want);
    ck_assert_int_eq(parse_with_config("workers: 3\nworkers: 4\n", ""), -1);
    snprintf(want, sizeof(want), "%s:2: workers is set twice", config);
    ck_assert_str_eq(err.msg, want);
    ck_assert_int_eq(parse_with_config("workers: 300\n", "--workers 3"), -1);
    snprintf(want, sizeof(want), "%s:1: workers: 300 is not between 1 and 64", config);
    ck_assert_str_eq(err.msg, want);
    ck_assert_int_eq(parse("--role x --config /nowhere"), -1);
    ck_assert_int_eq(err.code, E_NOT_FOUND);
}
END_TEST

START_TEST(options__durations_are_whole_and_in_order)
{
    static const struct {
        const char *text;
        int64_t ms; // -1: refused
    } cases[] = {
        {"0", 0},
        {"500ms", 500},
        {"10s", 10000},
        {"1m30s", 90000},
        {"2h", 7200000},
        {"1d", 86400000},
        {"1h1ms", 3600001},
        {"", -1},
        {"10", -1},
        {"s", -1},
        {"30s1m", -1},
        {"1s1s", -1},
        {"-1s", -1},
        {"1.5s", -1},
        {"1 s", -1},
        {"1S", -1},
        {"1sec", -1},
        {"9223372036854775807d", -1},
        {"99999999999999999999ms", -1},
        {"106751991168d", -1},
        {"1m5", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t ms = -1;
        bool ok = options_parse_duration(sv_from(cases[i].text), &ms);
        ck_assert_msg(ok == (cases[i].ms >= 0), "%s", cases[i].text);
        ck_assert_msg(!ok || ms == cases[i].ms, "%s gives %lld", cases[i].text, (long long)ms);
    }
}
END_TEST

START_TEST(options__durations_are_written_as_they_are_read)
{
    static const int64_t cases[] = {0, 1, 999, 1000, 90000, 3600001, 7776000000, INT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t back = -1;
        CLEANUP(strbuf_done) struct strbuf out = STRBUF(100);
        options_write_duration(cases[i], &out);
        ck_assert(options_parse_duration(strbuf_view(&out), &back));
        ck_assert_int_eq(back, cases[i]);
    }
}
END_TEST

START_TEST(options__a_full_arena_is_an_error)
{
    for (size_t max = 0; max < 1024; max += 16) {
        arena_done(&arena);
        arena = ARENA(max);
        if (parse("--role x --namespaces a,b,c --listen 0123456789") == 0) {
            ck_assert_str_eq(demo.namespaces.items[2], "c");
        } else {
            ck_assert_int_eq(err.code, E_NOMEM);
        }
    }
}
END_TEST

START_TEST(options__help_tells_bounds_and_defaults)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(1 << 16);
    options_write_help(&program, &out);
    ck_assert_ptr_nonnull(strstr(out.ptr, "Usage: sluice-demo [OPTION]…\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "  --workers N\n        Worker threads. From 1 to 64. "
                                          "Default: 4.\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "  -d, --dry-run\n        Change nothing.\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "What to do. One of Deny, Warn. Default: Deny.\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "  --version\n"));
    struct strview rest = strbuf_view(&out);
    struct strview line;
    while (sv_split(&rest, '\n', &line)) {
        ck_assert_uint_le(line.len, 104); // an ellipsis has three bytes
    }
}
END_TEST

START_TEST(options__the_man_page_escapes_what_roff_would_read)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(1 << 16);
    options_write_man(&program, 8, &out);
    ck_assert_ptr_nonnull(strstr(out.ptr, ".TH \"SLUICE-DEMO\" 8"));
    ck_assert_ptr_nonnull(strstr(out.ptr, ".PP\n\\&.Second with a \\e and a dash \\- here."));
    ck_assert_ptr_nonnull(strstr(out.ptr, ".BR \"\\-d, \\-\\-dry\\-run\"\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "SLUICE_DRY_RUN"));
}
END_TEST

START_TEST(options__a_program_of_commands_tells_of_no_configuration_file)
{
    static const struct option_program commands = {
        .name = "sluice-demo",
        .summary = "shows",
        .operands = "COMMAND [OPTION]…",
        .commands = true,
    };
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(1 << 16);
    options_write_help(&commands, &out);
    options_write_man(&commands, 1, &out);
    options_write_markdown(&commands, &out);
    ck_assert_ptr_nonnull(strstr(out.ptr, "Usage: sluice-demo COMMAND [OPTION]…\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "  --version\n"));
    ck_assert_ptr_null(strstr(out.ptr, "config"));
    ck_assert_ptr_null(strstr(out.ptr, "SLUICE_"));
}
END_TEST

START_TEST(options__the_reference_page_is_a_table)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(1 << 16);
    options_write_markdown(&program, &out);
    ck_assert_ptr_nonnull(strstr(out.ptr, "| `--role NAME` | `SLUICE_ROLE` |  | Who \\| what. "
                                          "Required. |\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "| `--grace TIME` | `SLUICE_GRACE` | `10s` | How long. "
                                          "From 100ms to 1h. |\n"));
}
END_TEST

UNIT_MAIN(
    setup, teardown, options__defaults_hold_where_nothing_is_said,
    options__a_value_stands_after_a_blank_or_an_equals_sign, options__a_letter_stands_for_its_flag,
    options__the_flag_wins_over_the_environment_and_that_over_the_file,
    options__the_environment_can_name_the_file, options__lists_are_split_and_a_repeated_flag_adds,
    options__faults_name_the_option_and_its_bounds, options__an_unknown_flag_names_the_nearest,
    options__a_fault_in_the_environment_names_the_variable,
    options__operands_are_taken_only_where_they_are_expected,
    options__help_and_version_win_over_later_faults, options__a_file_is_the_flat_subset_of_yaml,
    options__other_forms_of_yaml_are_refused_with_their_line,
    options__faults_of_a_file_tell_file_line_and_name, options__durations_are_whole_and_in_order,
    options__durations_are_written_as_they_are_read, options__a_full_arena_is_an_error,
    options__help_tells_bounds_and_defaults, options__the_man_page_escapes_what_roff_would_read,
    options__a_program_of_commands_tells_of_no_configuration_file,
    options__the_reference_page_is_a_table)
