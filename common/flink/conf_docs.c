// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "common/flink/conf_keys.h"
#include "common/flink/conf_render.h"

static const char *when_text(enum conf_when when)
{
    switch (when) {
    case CONF_APPLICATION:
        return " (with `spec.job`)";
    case CONF_HA:
        return " (when storage is known)";
    case CONF_HA_APPLICATION:
        return " (with `spec.job`, when storage is known)";
    case CONF_STANDBY:
        return " (with more than one JobManager)";
    case CONF_ALWAYS:
        break;
    }
    return "";
}

/// TEXT in a cell of a table: `|` would end it, `<` would begin HTML.
static void put_cell(struct strbuf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '<') {
            strbuf_put_char(b, '\\');
        }
        strbuf_put_char(b, *text);
    }
}

static void put_row(struct strbuf *b, const struct conf_key *row)
{
    strbuf_printf(b, "| `%.*s` | ", SV_ARG(row->key));
    if (conf_key_is_literal(row)) {
        strbuf_printf(b, "`%s`", row->text);
    } else if (row->text != NULL) {
        put_cell(b, row->text);
    }
    strbuf_put_str(b, when_text(row->when));
    strbuf_put_str(b, " | ");
    put_cell(b, row->why);
    if (row->instead != NULL) {
        strbuf_printf(b, "; use `%s`", row->instead);
    }
    strbuf_put_str(b, " |\n");
}

static void put_table(struct strbuf *b, const char *title, const char *words, unsigned modes)
{
    strbuf_printf(b, "\n## %s\n\n%s\n\n| key | value | why |\n|---|---|---|\n", title, words);
    for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
        if ((modes >> CONF_KEYS[i].mode & 1u) != 0) {
            put_row(b, &CONF_KEYS[i]);
        }
    }
}

void flink_conf_docs(struct strbuf *b)
{
    strbuf_put_str(
        b, "# What Sluice writes into Flink's configuration\n\n"
           "Made from the table that the code uses. Keys stand in their newest spelling; each "
           "cluster's file has the spelling that its Flink version knows: `flink-conf.yaml` for "
           "1.x, `config.yaml` for 2.x. A value that a line of `flink-conf.yaml` can't hold (`#`, "
           "a line end, white space at its ends, nothing at all) is passed by `-D`.\n");
    put_table(b, "Fixed", "In `flinkConfiguration` these are refused, unless with the same value.",
              1u << CONF_FIXED);
    put_table(b, "Defaults", "`flinkConfiguration` wins.", 1u << CONF_DEFAULT);
    put_table(b, "Put before the user's value", "Both count.",
              1u << CONF_JOIN_LIST | 1u << CONF_JOIN_WORDS);
    put_table(b, "Refused", "Nobody writes these into the file.", 1u << CONF_REFUSED);
    strbuf_put_str(b, "\n## Without effect\n\nWarned of, and handed to Flink as they are.\n\n"
                      "| key | what to know |\n|---|---|\n");
    for (size_t i = 0; i < CONF_HINT_COUNT; i++) {
        if (CONF_HINTS[i].text != NULL) {
            strbuf_printf(b, "| `%.*s` | %s |\n", SV_ARG(CONF_HINTS[i].key), CONF_HINTS[i].text);
        }
    }
}
