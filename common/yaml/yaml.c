// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/yaml.h"

#include <stdint.h>
#include <string.h>
#include <yaml.h>

#include "common/base/mem.h"
#include "common/yaml/node.h"

#define MAX_ANCHORS 1000 // of one document

const struct yaml_limits YAML_LIMITS_DEFAULT = {
    .max_bytes = (size_t)16 << 20,
    .max_nodes = 500000,
    .max_json = (size_t)16 << 20,
    .max_documents = 10000,
    .max_depth = 64,
};

struct anchor {
    struct strview name;
    struct yaml_node *node;
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool have_event;
    const struct yaml_limits *limits;
    struct arena *arena;
    size_t nodes; // left of the budget, as written
    struct anchor *anchors;
    size_t anchor_count;
    struct err *err;
};

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "the documents do not fit their memory");
}

static struct strview from_yaml(const yaml_char_t *s)
{
    return sv_from((const char *)s);
}

/// The next event into r->event.
static int pull(struct reader *r)
{
    if (r->have_event) {
        yaml_event_delete(&r->event);
        r->have_event = false;
    }
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        if (r->parser.error == YAML_MEMORY_ERROR) {
            return no_memory(r->err);
        }
        const char *problem = r->parser.problem != NULL ? r->parser.problem : "not YAML";
        return err_set(r->err, E_PARSE, "line %zu: %s%s%s", r->parser.problem_mark.line + 1,
                       r->parser.context != NULL ? r->parser.context : "",
                       r->parser.context != NULL ? ", " : "", problem);
    }
    r->have_event = true;
    return 0;
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind)
{
    unsigned line = (unsigned)r->event.start_mark.line + 1;
    if (r->nodes == 0) {
        err_set(r->err, E_TOO_LARGE, "line %u: more than %zu values", line, r->limits->max_nodes);
        return NULL;
    }
    r->nodes--;
    struct yaml_node *n = ARENA_NEW(r->arena, struct yaml_node);
    if (n == NULL) {
        no_memory(r->err);
        return NULL;
    }
    n->kind = kind;
    n->line = line;
    return n;
}

static int set_anchor(struct reader *r, const yaml_char_t *name, struct yaml_node *n)
{
    if (name == NULL) {
        return 0;
    }
    if (r->anchor_count == MAX_ANCHORS) {
        return err_set(r->err, E_TOO_LARGE, "line %u: more than %d anchors", n->line, MAX_ANCHORS);
    }
    struct strview copy = arena_copy(r->arena, from_yaml(name));
    if (!sv_present(copy)) {
        return no_memory(r->err);
    }
    n->text = n->kind == YAML_SCALAR ? n->text : copy;
    r->anchors[r->anchor_count++] = (struct anchor){.name = copy, .node = n};
    return 0;
}

static struct yaml_node *read_alias(struct reader *r)
{
    struct yaml_node *n = new_node(r, YAML_ALIAS);
    if (n == NULL) {
        return NULL;
    }
    struct strview name = from_yaml(r->event.data.alias.anchor);
    // An anchor may be set again; the latest counts.
    for (size_t i = r->anchor_count; i-- > 0;) {
        if (sv_eq(r->anchors[i].name, name)) {
            n->target = r->anchors[i].node;
            n->text = r->anchors[i].name;
            return n;
        }
    }
    err_set(r->err, E_PARSE, "line %u: unknown anchor \"%.*s\"", n->line,
            SV_ARG(sv_sub(name, 0, 64)));
    return NULL;
}

static struct yaml_node *read_scalar(struct reader *r)
{
    struct yaml_node *n = new_node(r, YAML_SCALAR);
    if (n == NULL) {
        return NULL;
    }
    const yaml_char_t *anchor = r->event.data.scalar.anchor;
    const yaml_char_t *tag = r->event.data.scalar.tag;
    n->plain = tag == NULL && r->event.data.scalar.plain_implicit;
    n->tag = tag != NULL ? arena_copy(r->arena, from_yaml(tag)) : SV_NONE;
    n->text = arena_copy(
        r->arena, sv_make((const char *)r->event.data.scalar.value, r->event.data.scalar.length));
    if (!arena_ok(r->arena)) {
        no_memory(r->err);
        return NULL;
    }
    return set_anchor(r, anchor, n) == 0 ? n : NULL;
}

static struct yaml_node *read_node(struct reader *r, unsigned depth);

/// Children up to the end event; in a mapping each value carries its key.
static int read_children(struct reader *r, struct yaml_node *parent, unsigned depth)
{
    bool mapping = parent->kind == YAML_MAPPING;
    yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    struct yaml_node **tail = &parent->child;
    for (;;) {
        if (pull(r) != 0) {
            return -1;
        }
        if (r->event.type == end) {
            return 0;
        }
        struct yaml_node *key = NULL;
        if (mapping) {
            key = read_node(r, depth + 1);
            if (key == NULL || pull(r) != 0) {
                return -1;
            }
        }
        struct yaml_node *value = read_node(r, depth + 1);
        if (value == NULL) {
            return -1;
        }
        value->key = key;
        *tail = value;
        tail = &value->next;
    }
}

/// The node that the current event starts; reads up to its last event.
static struct yaml_node *read_node(struct reader *r, unsigned depth)
{
    if (r->event.type == YAML_ALIAS_EVENT) {
        return read_alias(r);
    }
    if (r->event.type == YAML_SCALAR_EVENT) {
        return read_scalar(r);
    }
    bool mapping = r->event.type == YAML_MAPPING_START_EVENT;
    struct yaml_node *n = new_node(r, mapping ? YAML_MAPPING : YAML_SEQUENCE);
    if (n == NULL) {
        return NULL;
    }
    if (depth > r->limits->max_depth) {
        err_set(r->err, E_TOO_LARGE, "line %u: deeper than %u levels", n->line,
                r->limits->max_depth);
        return NULL;
    }
    const yaml_char_t *anchor =
        mapping ? r->event.data.mapping_start.anchor : r->event.data.sequence_start.anchor;
    if (set_anchor(r, anchor, n) != 0 || read_children(r, n, depth) != 0) {
        return NULL;
    }
    return n;
}

/// One document; *RET->root stays NULL for an empty one.
static int read_document(struct reader *r, size_t *budget, struct strbuf *json,
                         struct yaml_document *ret)
{
    *ret = (struct yaml_document){.line = 0};
    r->anchor_count = 0;
    if (pull(r) != 0) {
        return -1;
    }
    struct yaml_node *root = read_node(r, 1);
    if (root == NULL || pull(r) != 0) { // the document's end
        return -1;
    }
    strbuf_reset(json);
    if (yaml_emit(root, r->limits->max_depth, budget, r->arena, json, r->err) != 0) {
        return -1;
    }
    if (sv_eq_lit(strbuf_view(json), "null")) {
        return 0;
    }
    ret->json = arena_copy(r->arena, strbuf_view(json));
    ret->line = root->line;
    ret->root = root;
    return sv_present(ret->json) ? 0 : no_memory(r->err);
}

static int add_document(struct reader *r, struct yaml_document **list, size_t *count, size_t *cap,
                        const struct yaml_document *doc)
{
    if (*count == r->limits->max_documents) {
        return err_set(r->err, E_TOO_LARGE, "line %u: more than %zu documents", doc->line,
                       r->limits->max_documents);
    }
    if (*count == *cap) {
        size_t more = *cap != 0 ? *cap * 2 : 8;
        struct yaml_document *grown = ARENA_NEW_N(r->arena, struct yaml_document, more);
        if (grown == NULL) {
            return no_memory(r->err);
        }
        if (*count != 0) {
            memcpy(grown, *list, *count * sizeof(*grown));
        }
        *list = grown;
        *cap = more;
    }
    (*list)[(*count)++] = *doc;
    return 0;
}

static int read_stream(struct reader *r, struct yaml_document **list, size_t *count)
{
    CLEANUP(strbuf_done) struct strbuf json = STRBUF(r->limits->max_json);
    size_t budget = r->limits->max_nodes;
    size_t cap = 0;
    if (pull(r) != 0) { // the stream's start
        return -1;
    }
    for (;;) {
        if (pull(r) != 0) {
            return -1;
        }
        if (r->event.type == YAML_STREAM_END_EVENT) {
            return 0;
        }
        struct yaml_document doc;
        if (read_document(r, &budget, &json, &doc) != 0 ||
            (doc.root != NULL && add_document(r, list, count, &cap, &doc) != 0)) {
            return -1;
        }
    }
}

int yaml_to_json(struct strview text, const struct yaml_limits *limits, struct arena *arena,
                 struct yaml_document **ret, size_t *ret_count, struct err *err)
{
    *ret = NULL;
    *ret_count = 0;
    limits = limits != NULL ? limits : &YAML_LIMITS_DEFAULT;
    if (text.len > limits->max_bytes) {
        return err_set(err, E_TOO_LARGE, "more than %zu bytes", limits->max_bytes);
    }
    if (sv_starts(text, SV("\xEF\xBB\xBF"))) {
        text = sv_from_pos(text, 3);
    }
    struct reader r = {.limits = limits, .arena = arena, .nodes = limits->max_nodes, .err = err};
    r.anchors = ARENA_NEW_N(arena, struct anchor, MAX_ANCHORS);
    if (r.anchors == NULL || !yaml_parser_initialize(&r.parser)) {
        return no_memory(err);
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &r.parser, (const unsigned char *)(text.ptr != NULL ? text.ptr : ""), text.len);
    int rc = read_stream(&r, ret, ret_count);
    if (r.have_event) {
        yaml_event_delete(&r.event);
    }
    yaml_parser_delete(&r.parser);
    return rc;
}
