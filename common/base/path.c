// SPDX-License-Identifier: Apache-2.0
#include "common/base/path.h"

void path_put(struct strbuf *b, const struct path *p)
{
    if (p == NULL) {
        return;
    }
    path_put(b, p->up);
    switch (p->kind) {
    case PATH_FIELD:
        if (p->up != NULL) {
            strbuf_put_char(b, '.');
        }
        strbuf_put(b, p->key);
        break;
    case PATH_KEY:
        strbuf_put_char(b, '[');
        strbuf_put(b, p->key);
        strbuf_put_char(b, ']');
        break;
    case PATH_INDEX:
        strbuf_put_char(b, '[');
        strbuf_put_u64(b, p->index);
        strbuf_put_char(b, ']');
        break;
    }
}
