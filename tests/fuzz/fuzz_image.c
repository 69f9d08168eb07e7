// SPDX-License-Identifier: Apache-2.0
// What is read as an image reference names the same image after it was written out in full.
#include "common/refs/image.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_BYTES ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(TEXT_BYTES);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_BYTES);
    struct image_ref ref, again;
    const char *why = NULL;
    if (!image_parse(sv_make((const char *)data, size), &arena, &ref, &why)) {
        ASSERT(why != NULL);
        return 0;
    }
    ASSERT(ref.domain.len != 0 && ref.path.len != 0 && ref.path.len <= IMAGE_PATH_MAX);
    ASSERT(!sv_present(ref.tag) || (ref.tag.len != 0 && ref.tag.len <= IMAGE_TAG_MAX));
    image_put_name(&text, &ref);
    if (sv_present(ref.tag)) {
        strbuf_put_char(&text, ':');
        strbuf_put(&text, ref.tag);
    }
    if (sv_present(ref.digest)) {
        strbuf_put_char(&text, '@');
        strbuf_put(&text, ref.digest);
    }
    ASSERT(strbuf_ok(&text));
    ASSERT(image_parse(strbuf_view(&text), &arena, &again, &why));
    ASSERT(sv_eq(ref.domain, again.domain) && sv_eq(ref.path, again.path));
    ASSERT(sv_eq(ref.tag, again.tag) && sv_eq(ref.digest, again.digest));
    ASSERT(ref.implicit_latest == again.implicit_latest);
    return 0;
}
