// SPDX-License-Identifier: Apache-2.0
#include "common/kube/page.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct strbuf got = {.max = 4096};
static struct page page;
static struct err err;

static void setup(void)
{
    page = PAGE(200, 40);
}

static void teardown(void)
{
    page_done(&page);
    strbuf_done(&got);
}

static int keep(void *ctx, struct strview item)
{
    const char *stop_at = ctx;
    strbuf_put_char(&got, '<');
    strbuf_put(&got, item);
    strbuf_put_char(&got, '>');
    return stop_at != NULL && sv_eq_lit(item, stop_at) ? 7 : 0;
}

/// Feeds TEXT in pieces of CHUNK bytes.
static int feed(const char *text, size_t chunk)
{
    int rc = 0;
    page_done(&page);
    strbuf_reset(&got);
    for (struct strview rest = sv_from(text); rest.len != 0 && rc == 0;
         rest = sv_from_pos(rest, chunk)) {
        rc = page_feed(&page, sv_sub(rest, 0, chunk), keep, NULL, &err);
    }
    return rc;
}

static void assert_split(const char *text, const char *items, const char *rest)
{
    for (size_t chunk = 1; chunk <= strlen(text) + 1; chunk++) {
        ck_assert_int_eq(feed(text, chunk), 0);
        ck_assert(sv_eq(strbuf_view(&got), sv_from(items)));
        ck_assert(sv_eq(strbuf_view(&page.rest), sv_from(rest)));
    }
}

START_TEST(page__any_chunking_gives_the_same_objects)
{
    assert_split("{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"]}\"},\"items\":["
                 "{\"a\":[{},\"\\\"]}\"]},{\"b\":{}} , {}]}\n",
                 "<{\"a\":[{},\"\\\"]}\"]}><{\"b\":{}}><{}>",
                 "{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"]}\"},\"items\":[]}\n");
}
END_TEST

START_TEST(page__what_is_no_list_stays_as_it_is)
{
    static const char *const TEXTS[] = {
        "{\"items\":null}",
        "{\"items\": [{}]}",
        "{\"metadata\":{\"items\":[{}]}}",
        "[\"items\",[{}]]",
        "{\"x\":\"\\\"items\\\":[\",\"y\":[{}]}",
        "]]]}}{[\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        assert_split(TEXTS[i], "", TEXTS[i]);
    }
}
END_TEST

START_TEST(page__an_empty_list_has_no_objects)
{
    assert_split("{\"items\":[],\"metadata\":{}}", "", "{\"items\":[],\"metadata\":{}}");
}
END_TEST

START_TEST(page__a_list_that_ends_in_its_middle_shows_it)
{
    assert_split("{\"items\":[{\"a\":1},{\"b\"", "<{\"a\":1}>", "{\"items\":[");
}
END_TEST

START_TEST(page__an_object_over_the_limit_is_an_error_in_any_chunking)
{
    for (size_t chunk = 1; chunk <= 80; chunk++) {
        int rc =
            feed("{\"items\":[{\"a\":\"0123456789012345678901234567890123456789\"},{}]}", chunk);
        // One that comes in one piece needs no memory.
        ck_assert(rc == -1 ? err.code == E_TOO_LARGE : chunk > 40);
    }
}
END_TEST

START_TEST(page__the_receiver_can_end_it)
{
    char stop[] = "{\"b\":1}";
    strbuf_reset(&got);
    ck_assert_int_eq(
        page_feed(&page, SV("{\"items\":[{\"a\":1},{\"b\":1},{\"c\":1}]}"), keep, stop, &err), 7);
    ck_assert_str_eq(got.ptr, "<{\"a\":1}><{\"b\":1}>");
}
END_TEST

UNIT_MAIN(setup, teardown, page__any_chunking_gives_the_same_objects,
          page__what_is_no_list_stays_as_it_is, page__an_empty_list_has_no_objects,
          page__a_list_that_ends_in_its_middle_shows_it,
          page__an_object_over_the_limit_is_an_error_in_any_chunking, page__the_receiver_can_end_it)
