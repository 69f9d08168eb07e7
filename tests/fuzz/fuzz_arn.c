// SPDX-License-Identifier: Apache-2.0
// The fields of a cloud identity, put together again, are its text.
#include "common/base/strbuf.h"
#include "common/refs/role.h"
#include "tests/fuzz/fuzz.h"

static void put(struct strbuf *b, const struct role *r)
{
    switch (r->form) {
    case ROLE_AWS:
        strbuf_printf(b, "arn:%.*s:iam::%.*s:role%.*s%.*s", SV_ARG(r->partition),
                      SV_ARG(r->account), SV_ARG(r->path), SV_ARG(r->name));
        break;
    case ROLE_GCP:
        strbuf_printf(b, "%.*s@%.*s.iam.gserviceaccount.com", SV_ARG(r->name), SV_ARG(r->account));
        break;
    case ROLE_AZURE:
        strbuf_put(b, r->name);
        break;
    case ROLE_FORM_COUNT:
        ASSERT(false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(ROLE_ARN_MAX + size);
    struct strview input = sv_make((const char *)data, size);
    struct role role;
    const char *why = NULL;
    if (!role_parse(input, &role, &why)) {
        ASSERT(why != NULL);
        return 0;
    }
    put(&text, &role);
    ASSERT(sv_eq(strbuf_view(&text), input));
    ASSERT(sv_eq(role.text, input));
    ASSERT(role.name.len != 0);
    return 0;
}
