// SPDX-License-Identifier: Apache-2.0
// What is read as a quantity means the same after it was written in its canonical form.
#include "common/base/macros.h"
#include "common/k8s/quantity.h"
#include "tests/fuzz/fuzz.h"

#define CANONICAL_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CANONICAL_MAX);
    struct quantity q, again;
    const char *why = NULL;
    if (!quantity_parse(sv_make((const char *)data, size), &q, &why)) {
        ASSERT(why != NULL);
        return 0;
    }
    quantity_put(&text, q);
    ASSERT(strbuf_ok(&text));
    ASSERT(quantity_parse(strbuf_view(&text), &again, &why));
    ASSERT(quantity_cmp(q, again) == 0 && q.saturated == again.saturated);

    int sign = quantity_sign(q);
    int64_t whole = quantity_whole(q);
    ASSERT((whole > 0) - (whole < 0) == sign);
    return 0;
}
