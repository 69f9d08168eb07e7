// SPDX-License-Identifier: Apache-2.0
#include "common/base/os_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char folder[64];
static char path[128];
static struct strbuf text;
static struct err err;

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/sluice-os-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
    text = STRBUF(1 << 20);
    err = (struct err){0};
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
    strbuf_done(&text);
}

static unsigned entries(void)
{
    unsigned n = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        n += e->d_name[0] != '.';
    }
    closedir(d);
    return n;
}

START_TEST(os_file__what_was_written_is_read_back)
{
    static char big[100000];
    memset(big, 'x', sizeof(big));
    big[5] = '\0';
    ck_assert_int_eq(os_file_write_atomic(path, sv_make(big, sizeof(big)), 0600, &err), 0);
    ck_assert_int_eq(os_file_read(path, sizeof(big), &text, &err), 0);
    ck_assert(sv_eq(strbuf_view(&text), sv_make(big, sizeof(big))));
}
END_TEST

START_TEST(os_file__a_file_of_exactly_the_limit_is_read_and_one_more_byte_is_not)
{
    ck_assert_int_eq(os_file_write_atomic(path, SV("12345"), 0600, &err), 0);
    ck_assert_int_eq(os_file_read(path, 5, &text, &err), 0);
    ck_assert_int_eq(os_file_read(path, 4, &text, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

START_TEST(os_file__an_endless_file_is_cut_by_the_limit)
{
    ck_assert_int_eq(os_file_read("/dev/zero", 100000, &text, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

START_TEST(os_file__a_missing_file_is_told_from_an_unreadable_one)
{
    ck_assert_int_eq(os_file_read(path, 10, &text, &err), -1);
    ck_assert_int_eq(err.code, E_NOT_FOUND);
    ck_assert_int_eq(os_file_read(folder, 10, &text, &err), -1);
    ck_assert_int_eq(err.code, E_IO);
}
END_TEST

START_TEST(os_file__the_mode_does_not_depend_on_the_umask)
{
    struct stat st;
    umask(0777);
    ck_assert_int_eq(os_file_write_atomic(path, SV("x"), 0640, &err), 0);
    umask(022);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

START_TEST(os_file__writing_replaces_and_leaves_nothing_behind)
{
    ck_assert_int_eq(os_file_write_atomic(path, SV("old"), 0644, &err), 0);
    ck_assert_int_eq(os_file_write_atomic(path, SV("new"), 0600, &err), 0);
    ck_assert_int_eq(os_file_read(path, 10, &text, &err), 0);
    ck_assert_str_eq(text.ptr, "new");
    ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(os_file__a_failed_write_leaves_nothing_behind)
{
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(os_file_write_atomic(path, SV("x"), 0600, &err), -1);
    ck_assert_int_eq(err.code, E_IO);
    ck_assert_uint_eq(entries(), 1);
    ck_assert_int_eq(os_file_write_atomic("/nowhere/at/all", SV("x"), 0600, &err), -1);
}
END_TEST

START_TEST(os_file__folders_are_made_all_the_way)
{
    char deep[128];
    snprintf(deep, sizeof(deep), "%s/a/b//c/", folder);
    ck_assert_int_eq(os_mkdir_all(deep, 0700, &err), 0);
    ck_assert_int_eq(os_mkdir_all(deep, 0700, &err), 0);
    ck_assert_int_eq(os_file_write_atomic(path, SV("x"), 0600, &err), 0);
    ck_assert_int_eq(os_mkdir_all(path, 0700, &err), -1);
    ck_assert_int_eq(os_mkdir_all("", 0700, &err), -1);
}
END_TEST

START_TEST(os_file__random_bytes_differ)
{
    unsigned char a[32] = {0};
    unsigned char b[32] = {0};
    ck_assert_int_eq(os_random(a, sizeof(a), &err), 0);
    ck_assert_int_eq(os_random(b, sizeof(b), &err), 0);
    ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

UNIT_MAIN(setup, teardown, os_file__what_was_written_is_read_back,
          os_file__a_file_of_exactly_the_limit_is_read_and_one_more_byte_is_not,
          os_file__an_endless_file_is_cut_by_the_limit,
          os_file__a_missing_file_is_told_from_an_unreadable_one,
          os_file__the_mode_does_not_depend_on_the_umask,
          os_file__writing_replaces_and_leaves_nothing_behind,
          os_file__a_failed_write_leaves_nothing_behind, os_file__folders_are_made_all_the_way,
          os_file__random_bytes_differ)
