// SPDX-License-Identifier: Apache-2.0
#include "common/kind/crd.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/macros.h"
#include "common/kind/explain.h"

static void put_schema(struct strbuf *b, unsigned indent, const struct field *f);

/// One line at INDENT (two blanks each).
PRINTF(3, 4)
static void line(struct strbuf *b, unsigned indent, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ASSERT(n >= 0 && (size_t)n < sizeof(text));
    for (unsigned i = 0; i < indent; i++) {
        strbuf_put_str(b, "  ");
    }
    strbuf_put(b, sv_make(text, (size_t)n));
    strbuf_put_char(b, '\n');
}

/// `key: 'text'`, the one YAML form in which only the quote is special.
static void quoted(struct strbuf *b, unsigned indent, const char *key, struct strview text)
{
    for (unsigned i = 0; i < indent; i++) {
        strbuf_put_str(b, "  ");
    }
    strbuf_put_str(b, key);
    strbuf_put_str(b, ": '");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'') {
            strbuf_put_char(b, '\'');
        }
        strbuf_put_char(b, text.ptr[i]);
    }
    strbuf_put_str(b, "'\n");
}

static void put_description(struct strbuf *b, unsigned indent, const struct field *f)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(4096);
    field_describe(f, &text);
    quoted(b, indent, "description", strbuf_view(&text));
}

static bool has_rules(const struct kind *kind, enum schema_node node)
{
    size_t n = 0;
    const struct schema_rule *rules = kind->rules != NULL ? kind->rules(&n) : NULL;
    for (size_t i = 0; i < n; i++) {
        if (rules[i].node == node) {
            return true;
        }
    }
    return false;
}

static void put_rules(struct strbuf *b, unsigned indent, const struct kind *kind,
                      enum schema_node node)
{
    if (!has_rules(kind, node)) {
        return;
    }
    size_t n;
    const struct schema_rule *rules = kind->rules(&n);
    line(b, indent, "x-kubernetes-validations:");
    for (size_t i = 0; i < n; i++) {
        if (rules[i].node != node) {
            continue;
        }
        line(b, indent, "- fieldPath: %s", rules[i].field);
        quoted(b, indent + 1, "message", sv_from(rules[i].message));
        line(b, indent + 1, "reason: %s", cause_reason_name(rules[i].reason));
        quoted(b, indent + 1, "rule", sv_from(rules[i].cel));
    }
}

static void put_properties(struct strbuf *b, unsigned indent, const struct object_type *type)
{
    line(b, indent, "properties:");
    bool required = false;
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        line(b, indent + 1, "%s:", f->name);
        put_schema(b, indent + 2, f);
        required = required || f->required;
    }
    if (required) {
        line(b, indent, "required:");
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        if (type->fields[i].required) {
            line(b, indent, "- %s", type->fields[i].name);
        }
    }
}

static void put_bounds(struct strbuf *b, unsigned indent, const char *min, const char *max,
                       const struct field *f)
{
    if (f->max > 0) {
        line(b, indent, "%s: %" PRId64, max, f->max);
    }
    if (f->min > 0 && min != NULL) {
        line(b, indent, "%s: %" PRId64, min, f->min);
    }
}

static void put_list(struct strbuf *b, unsigned indent, const struct field *f)
{
    line(b, indent, "items:");
    if (f->kind == FIELD_OBJECTS) {
        put_properties(b, indent + 1, f->sub);
        line(b, indent + 1, "type: object");
    } else {
        if (f->item_max > 0) {
            line(b, indent + 1, "maxLength: %" PRId64, f->item_max);
        }
        line(b, indent + 1, "type: string");
    }
    put_bounds(b, indent, NULL, "maxItems", f);
    if (f->list_key != NULL) {
        line(b, indent, "x-kubernetes-list-map-keys:");
        line(b, indent, "- %s", f->list_key);
        line(b, indent, "x-kubernetes-list-type: map");
    } else {
        line(b, indent, "x-kubernetes-list-type: atomic");
    }
}

static void put_map(struct strbuf *b, unsigned indent, const struct field *f)
{
    line(b, indent, "additionalProperties:");
    if (f->kind == FIELD_QUANTITY_MAP) {
        line(b, indent + 1, "x-kubernetes-int-or-string: true");
    } else {
        if (f->item_max > 0) {
            line(b, indent + 1, "maxLength: %" PRId64, f->item_max);
        }
        line(b, indent + 1, "type: string");
    }
    put_bounds(b, indent, NULL, "maxProperties", f);
}

static void put_kind(struct strbuf *b, unsigned indent, const struct field *f)
{
    switch (f->kind) {
    case FIELD_STRING:
    case FIELD_DURATION:
        put_bounds(b, indent, "minLength", "maxLength", f);
        return;
    case FIELD_ENUM:
        line(b, indent, "enum:");
        for (const char *const *e = f->enums; *e != NULL; e++) {
            // Quoted: "True" is a string here.
            line(b, indent, "- '%s'", *e);
        }
        return;
    case FIELD_INT:
        line(b, indent, "format: int64");
        line(b, indent, "maximum: %" PRId64, f->max);
        line(b, indent, "minimum: %" PRId64, f->min);
        return;
    case FIELD_STRINGS:
    case FIELD_OBJECTS:
        put_list(b, indent, f);
        return;
    case FIELD_STRING_MAP:
    case FIELD_QUANTITY_MAP:
        put_map(b, indent, f);
        return;
    case FIELD_ANY_MAP:
        put_bounds(b, indent, NULL, "maxProperties", f);
        if (f->sub != NULL) {
            put_properties(b, indent, f->sub);
        }
        line(b, indent, "x-kubernetes-preserve-unknown-fields: true");
        return;
    case FIELD_OBJECT:
        put_properties(b, indent, f->sub);
        return;
    case FIELD_REFUSED:
        line(b, indent, "x-kubernetes-preserve-unknown-fields: true");
        return;
    case FIELD_BOOL:
    case FIELD_KIND_COUNT:
        return;
    }
}

static void put_schema(struct strbuf *b, unsigned indent, const struct field *f)
{
    put_description(b, indent, f);
    put_kind(b, indent, f);
    const char *type = field_kind_schema(f->kind);
    if (type[0] != '\0') {
        line(b, indent, "type: %s", type);
    }
}

static void put_columns(struct strbuf *b, unsigned indent, const struct kind *kind)
{
    line(b, indent, "additionalPrinterColumns:");
    for (size_t i = 0; i < kind->n_columns; i++) {
        const struct kind_column *column = &kind->columns[i];
        line(b, indent, "- name: %s", column->name);
        line(b, indent + 1, "type: %s", column->type);
        line(b, indent + 1, "jsonPath: %s", column->path);
        quoted(b, indent + 1, "description", sv_from(column->doc));
        if (column->wide) {
            line(b, indent + 1, "priority: 1");
        }
    }
}

static void put_strings(struct strbuf *b, unsigned indent, const char *const *names,
                        const char *max)
{
    line(b, indent, "properties:");
    for (const char *const *p = names; *p != NULL; p++) {
        line(b, indent + 1, "%s:", *p);
        if (max != NULL) {
            line(b, indent + 2, "maxLength: %s", max);
        }
        line(b, indent + 2, "type: string");
    }
}

static void put_root(struct strbuf *b, unsigned indent, const struct kind *kind)
{
    quoted(b, indent, "description", sv_from(kind->doc));
    put_strings(b, indent, (const char *const[]){"apiVersion", "kind", NULL}, NULL);
    line(b, indent + 1, "metadata:");
    if (has_rules(kind, SCHEMA_NODE_ROOT)) {
        // Declared so that a rule may point at the name; what a name may be says the rule.
        put_strings(b, indent + 2, (const char *const[]){"generateName", "name", NULL}, "253");
    }
    line(b, indent + 2, "type: object");
    line(b, indent + 1, "spec:");
    quoted(b, indent + 2, "description", sv_from(kind->spec_doc));
    put_properties(b, indent + 2, kind->spec);
    line(b, indent + 2, "type: object");
    put_rules(b, indent + 2, kind, SCHEMA_NODE_SPEC);
    line(b, indent + 1, "status:");
    quoted(b, indent + 2, "description", sv_from(kind->status_doc));
    put_properties(b, indent + 2, kind->status);
    line(b, indent + 2, "type: object");
    line(b, indent, "required:");
    line(b, indent, "- spec");
    line(b, indent, "type: object");
    put_rules(b, indent, kind, SCHEMA_NODE_ROOT);
}

static void put_names(struct strbuf *b, unsigned indent, const struct kind *kind)
{
    line(b, indent, "names:");
    if (kind->category != NULL) {
        line(b, indent + 1, "categories: [%s]", kind->category);
    }
    line(b, indent + 1, "kind: %s", kind->name);
    line(b, indent + 1, "listKind: %sList", kind->name);
    line(b, indent + 1, "plural: %s", kind->plural);
    line(b, indent + 1, "shortNames: [%s]", kind->short_name);
    line(b, indent + 1, "singular: %s", kind->singular);
    line(b, indent, "scope: %s", kind->namespaced ? "Namespaced" : "Cluster");
}

static void put_subresources(struct strbuf *b, unsigned indent, const struct kind *kind)
{
    line(b, indent, "subresources:");
    if (kind->scale != NULL) {
        line(b, indent + 1, "scale:");
        line(b, indent + 2, "labelSelectorPath: %s", kind->scale->selector);
        line(b, indent + 2, "specReplicasPath: %s", kind->scale->spec_replicas);
        line(b, indent + 2, "statusReplicasPath: %s", kind->scale->status_replicas);
    }
    line(b, indent + 1, "status: {}");
}

void kind_crd_write(const struct kind *kind, struct strbuf *b)
{
    line(b, 0, "# SPDX-License-Identifier: Apache-2.0");
    line(b, 0, "# Generated from %s: `ninja generate`.", kind->sources);
    line(b, 0, "# No `default:` on purpose: the webhook must see what the user left out.");
    line(b, 0, "apiVersion: apiextensions.k8s.io/v1");
    line(b, 0, "kind: CustomResourceDefinition");
    line(b, 0, "metadata:");
    line(b, 1, "name: %s.%s", kind->plural, kind->group);
    line(b, 0, "spec:");
    line(b, 1, "group: %s", kind->group);
    put_names(b, 1, kind);
    line(b, 1, "versions:");
    line(b, 1, "- name: %s", kind->version);
    line(b, 2, "served: true");
    line(b, 2, "storage: true");
    put_columns(b, 2, kind);
    put_subresources(b, 2, kind);
    line(b, 2, "schema:");
    line(b, 3, "openAPIV3Schema:");
    put_root(b, 4, kind);
}
