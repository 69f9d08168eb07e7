// SPDX-License-Identifier: Apache-2.0
// Whatever the text: an error, or documents whose JSON our strict parser takes and whose every
// field has a line within the text.
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "common/yaml/yaml.h"
#include "tests/fuzz/fuzz.h"

static const struct yaml_limits LIMITS = {.max_bytes = 65536,
                                          .max_nodes = 20000,
                                          .max_json = (size_t)1 << 20,
                                          .max_documents = 100,
                                          .max_depth = 64};

static void check_lines(const struct yaml_document *doc, const struct json *v, struct strbuf *path,
                        unsigned last)
{
    unsigned line = yaml_line(doc, strbuf_view(path));
    ASSERT(line >= 1 && line <= last);
    size_t index = 0;
    json_each(child, v) {
        size_t at = path->len;
        struct strview key = json_key(child);
        strbuf_put_char(path, '[');
        if (sv_present(key)) {
            strbuf_put(path, key);
        } else {
            strbuf_put_u64(path, index++);
        }
        strbuf_put_char(path, ']');
        if (strbuf_ok(path)) {
            check_lines(doc, child, path, last);
        }
        strbuf_truncate(path, at);
        path->failed = false;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)64 << 20);
    CLEANUP(strbuf_done) struct strbuf path = STRBUF(4096);
    struct yaml_document *docs;
    size_t count;
    unsigned last = 1;
    // YAML has line ends beyond ASCII, too (NEL, LS, PS).
    for (size_t i = 0; i < size; i++) {
        last += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80 ? 1 : 0;
    }
    struct strview text = sv_make((const char *)data, size);
    struct err err = {.code = E_OK};
    int rc = yaml_to_json(text, &LIMITS, &arena, &docs, &count, &err);
    ASSERT(rc == 0 || err.code == E_PARSE || err.code == E_TOO_LARGE || err.code == E_NOMEM);
    for (size_t i = 0; i < count; i++) {
        const struct json *v = NULL;
        rc = json_parse(docs[i].json, &JSON_LIMITS_DEFAULT, &arena, &v, &err);
        ASSERT(rc == 0 || err.code == E_NOMEM || err.code == E_TOO_LARGE);
        if (rc == 0 && size < 2048) {
            check_lines(&docs[i], v, &path, last);
        }
    }
    return 0;
}
