// SPDX-License-Identifier: Apache-2.0
#include "cli/input.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define LIMIT 100000

/// What input_slurp() says of LEN bytes on stdin.
static int slurp(size_t len, struct strbuf *out, struct err *err)
{
    static char text[LIMIT + 1];
    memset(text, 'x', sizeof(text));
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, len, f), len);
    rewind(f);
    ck_assert_int_ge(dup2(fileno(f), STDIN_FILENO), 0);
    fclose(f);
    return input_slurp("-", LIMIT, out, err);
}

START_TEST(input__stdin_is_read_up_to_its_limit)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(LIMIT);
    struct err err = {0};
    ck_assert_int_eq(slurp(LIMIT, &out, &err), 0);
    ck_assert_uint_eq(out.len, LIMIT);
    ck_assert_uint_eq(strlen(out.ptr), LIMIT);
}
END_TEST

START_TEST(input__a_byte_more_is_too_large)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(LIMIT);
    struct err err = {0};
    ck_assert_int_eq(slurp(LIMIT + 1, &out, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

UNIT_MAIN(NULL, NULL, input__stdin_is_read_up_to_its_limit, input__a_byte_more_is_too_large)
