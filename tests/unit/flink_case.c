// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/flink_case.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/flink/decode.h"
#include "common/json/out.h"

const struct json *case_parse(struct arena *a, struct strview text)
{
    const struct json *v = NULL;
    struct err err = {0};
    if (json_parse(text, &JSON_LIMITS_DEFAULT, a, &v, &err) != 0) {
        ck_abort_msg("no JSON: %s: %.*s", err.msg, SV_ARG(text));
    }
    return v;
}

const struct json *case_read(struct arena *a, const char *path)
{
    struct strview full = arena_printf(a, "%s/%s", SLUICE_SOURCE_DIR, path);
    FILE *f = fopen(full.ptr, "re");
    ck_assert_msg(f != NULL, "cannot open %s", path);
    size_t max = (size_t)1 << 20;
    char *bytes = arena_alloc(a, max);
    ck_assert_ptr_nonnull(bytes);
    size_t n = fread(bytes, 1, max, f);
    (void)fclose(f);
    return case_parse(a, sv_make(bytes, n));
}

struct strview case_text(struct arena *a, const struct json *v)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, v);
    ck_assert(strbuf_ok(&b));
    return arena_copy(a, strbuf_view(&b));
}

const struct flink_cluster *case_decode(struct arena *a, const struct json *object)
{
    if (object == NULL) {
        return NULL;
    }
    struct flink_cluster *c = ARENA_NEW(a, struct flink_cluster);
    ck_assert_ptr_nonnull(c);
    struct violations faults = VIOLATIONS(a, 0);
    flink_decode(object, c, &faults);
    return c;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *case_list(struct arena *a, const char *folder, size_t *count)
{
    struct strview full = arena_printf(a, "%s/%s", SLUICE_SOURCE_DIR, folder);
    DIR *d = opendir(full.ptr);
    ASSERT(d != NULL);
    const char **names = ARENA_NEW_N(a, const char *, 4096);
    ASSERT(names != NULL);
    size_t n = 0;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            ASSERT(n < 4096);
            names[n++] = arena_copy(a, sv_from(e->d_name)).ptr;
        }
    }
    (void)closedir(d);
    qsort(names, n, sizeof(*names), by_name);
    *count = n;
    return names;
}
