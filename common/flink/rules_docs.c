// SPDX-License-Identifier: Apache-2.0
#include "common/flink/rules_docs.h"

#include "common/base/macros.h"
#include "common/flink/rules.h"

static const char HEAD[] =
    "<!-- Made from common/flink/rules.def by sluice-gen-kind; don't edit. -->\n"
    "# Rules of a FlinkCluster\n\n"
    "What admission demands beyond the schema, and why; `sluice explain RULE` prints the same. All "
    "faults are reported at once. On an update a fault that the stored object has already (same "
    "rule, "
    "field and value) is a warning.\n";

/// A cell of a table: a pipe would end it.
static void put_cell(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '<') {
            strbuf_put_char(out, '\\');
        }
        strbuf_put_char(out, *text);
    }
}

void rules_docs_put_row(struct strbuf *out, const char *id, const char *summary, const char *why)
{
    strbuf_printf(out, "| `%s` | ", id);
    put_cell(out, summary);
    strbuf_put_str(out, " | ");
    put_cell(out, why);
    strbuf_put_str(out, " |\n");
}

void flink_rules_docs(struct strbuf *out)
{
    static const struct {
        const char *title;
        bool create, update, deletion;
    } PARTS[] = {
        {"On every create and update", true, true, false},
        {"On an update, beside the stored object", false, true, false},
        {"On a deletion", false, false, true},
    };
    size_t n = 0;
    const struct flink_rule_info *rules = flink_rule_infos(&n);
    strbuf_put_str(out, HEAD);
    for (size_t p = 0; p < ARRAY_LEN(PARTS); p++) {
        strbuf_printf(out, "\n## %s\n\n| rule | demands | why |\n|---|---|---|\n", PARTS[p].title);
        for (size_t i = 0; i < n; i++) {
            if (rules[i].on_create == PARTS[p].create && rules[i].on_update == PARTS[p].update &&
                rules[i].on_delete == PARTS[p].deletion) {
                rules_docs_put_row(out, rules[i].id, rules[i].summary, rules[i].why);
            }
        }
    }
}
