// SPDX-License-Identifier: Apache-2.0
#include "common/kind/reference.h"

#include <stdbool.h>

#include "common/base/macros.h"
#include "common/kind/explain.h"

#define PREFIX_MAX 256

/// A cell of a Markdown table: a bar would end it.
static void put_cell(struct strbuf *out, struct strview text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|') {
            strbuf_put_char(out, '\\');
        }
        strbuf_put_char(out, text.ptr[i]);
    }
}

static void put_row(struct strbuf *out, struct strview prefix, const struct field *f)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(4096);
    strbuf_printf(out, "| `%.*s%s` | ", SV_ARG(prefix), f->name);
    field_describe_type(f, &text);
    put_cell(out, strbuf_view(&text));
    strbuf_put_str(out, " | ");
    strbuf_reset(&text);
    field_describe(f, &text);
    put_cell(out, strbuf_view(&text));
    strbuf_put_str(out, " |\n");
}

/// The fields of TYPE and, after each object, those beneath it. Depth is the tables' own.
static void put_fields(struct strbuf *out, struct strview prefix, const struct object_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        if (f->kind == FIELD_REFUSED) {
            continue;
        }
        put_row(out, prefix, f);
        if (f->sub != NULL && f->kind != FIELD_ANY_MAP) {
            CLEANUP(strbuf_done) struct strbuf deeper = STRBUF(PREFIX_MAX);
            strbuf_printf(&deeper, "%.*s%s%s.", SV_ARG(prefix), f->name,
                          f->kind == FIELD_OBJECTS ? "[]" : "");
            put_fields(out, strbuf_view(&deeper), f->sub);
        }
    }
}

static void put_refused(struct strbuf *out, struct strview prefix, const struct object_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        if (f->kind == FIELD_REFUSED) {
            CLEANUP(strbuf_done) struct strbuf text = STRBUF(4096);
            field_describe(f, &text);
            strbuf_printf(out, "| `%.*s%s` | ", SV_ARG(prefix), f->name);
            put_cell(out, strbuf_view(&text));
            strbuf_put_str(out, " |\n");
        } else if (f->kind == FIELD_OBJECT) {
            CLEANUP(strbuf_done) struct strbuf deeper = STRBUF(PREFIX_MAX);
            strbuf_printf(&deeper, "%.*s%s.", SV_ARG(prefix), f->name);
            put_refused(out, strbuf_view(&deeper), f->sub);
        }
    }
}

static bool has_refused(const struct object_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        if (f->kind == FIELD_REFUSED || (f->kind == FIELD_OBJECT && has_refused(f->sub))) {
            return true;
        }
    }
    return false;
}

static void put_schema_rules(struct strbuf *out, const struct kind *kind)
{
    size_t n = 0;
    const struct schema_rule *rules = kind->rules != NULL ? kind->rules(&n) : NULL;
    if (n != 0) {
        strbuf_put_str(out, "\n## What the API server holds by itself\n\n"
                            "Beside types and bounds, these hold also while the webhook is "
                            "down.\n\n| field | rule | looked at on |\n|---|---|---|\n");
    }
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(out, "| `%s%s` | ", rules[i].node == SCHEMA_NODE_SPEC ? "spec" : "",
                      rules[i].node == SCHEMA_NODE_SPEC ? rules[i].field : rules[i].field + 1);
        put_cell(out, sv_from(rules[i].message));
        strbuf_printf(out, " | %s |\n", rules[i].transition ? "update" : "create, update");
    }
}

void kind_reference_write(const struct kind *kind, struct strbuf *out)
{
    static const char FIELD_HEAD[] = "| field | type | meaning |\n|---|---|---|\n";
    strbuf_printf(out,
                  "<!-- SPDX-License-Identifier: Apache-2.0\n"
                  "     Generated from %s: `ninja generate`. -->\n"
                  "# %s\n\n"
                  "`apiVersion: %s/%s`, `kind: %s`, %s, short name `%s`.\n"
                  "`sluice explain %s.FIELD` prints the same at a terminal.\n\n",
                  kind->sources, kind->name, kind->group, kind->version, kind->name,
                  kind->namespaced ? "namespaced" : "cluster-scoped", kind->short_name,
                  kind->explain_path);
    if (kind->about != NULL) {
        strbuf_put_str(out, kind->about);
        strbuf_put_char(out, '\n');
    }
    strbuf_put_str(out, "## Spec\n\n");
    strbuf_put_str(out, FIELD_HEAD);
    put_fields(out, SV("spec."), kind->spec);
    if (has_refused(kind->spec)) {
        strbuf_put_str(out, "\n## Names that are refused\n\n"
                            "Other operators have fields of these names; here each is refused with "
                            "what to use, never ignored.\n\n| field | instead |\n|---|---|\n");
        put_refused(out, SV("spec."), kind->spec);
    }
    put_schema_rules(out, kind);
    strbuf_put_str(out, "\n## Status\n\n");
    strbuf_put_str(out, FIELD_HEAD);
    put_fields(out, SV("status."), kind->status);
}

static void put_words(struct strbuf *out, const struct object_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        strbuf_printf(out, "\"\\\"%s\\\":\"\n", f->name);
        for (const char *const *e = f->enums; e != NULL && *e != NULL; e++) {
            strbuf_printf(out, "\"\\\"%s\\\"\"\n", *e);
        }
        if (f->sub != NULL) {
            put_words(out, f->sub);
        }
    }
}

/// TEXT as a line of the dictionary.
static void put_word(struct strbuf *out, const char *text)
{
    strbuf_put_char(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') {
            strbuf_put_char(out, '\\');
        }
        strbuf_put_char(out, *c);
    }
    strbuf_put_str(out, "\"\n");
}

void kind_dictionary_write(const struct kind *kind, struct strbuf *out)
{
    static const char *const WORDS[] = {
        "\"apiVersion\":",   "\"kind\":",        "\"metadata\":", "\"name\":", "\"namespace\":",
        "\"generateName\":", "\"annotations\":", "\"labels\":",   "\"spec\":", "\"status\":",
    };
    static const char *const VALUES[] = {
        "null", "true", "false", "{}", "[]", "1.0", "1e3", "9007199254740993",
    };
    strbuf_printf(out,
                  "# SPDX-License-Identifier: Apache-2.0\n"
                  "# Generated from %s: `ninja generate`.\n",
                  kind->spec_source);
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        put_word(out, WORDS[i]);
    }
    strbuf_printf(out, "\"\\\"%s/%s\\\"\"\n\"\\\"%s\\\"\"\n", kind->group, kind->version,
                  kind->name);
    for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
        put_word(out, VALUES[i]);
    }
    for (const char *const *s = kind->sample; s != NULL && *s != NULL; s++) {
        put_word(out, *s);
    }
    put_words(out, kind->spec);
}
