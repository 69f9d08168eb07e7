// SPDX-License-Identifier: Apache-2.0
// The tree into instructions.
#include "common/policy/pattern_regex.h"

#include "common/policy/pattern_regex_tree.h"

#define SCRATCH ((size_t)1 << 20) // a tree of PATTERN_MAX bytes is far below

struct emitter {
    struct regex_step steps[PATTERN_REGEX_MAX];
    size_t n;
};

/// One more instruction, or NULL when there are too many.
static struct regex_step *add(struct emitter *e, enum regex_op op)
{
    if (e->n == PATTERN_REGEX_MAX) {
        return NULL;
    }
    e->steps[e->n] = (struct regex_step){.op = op};
    return &e->steps[e->n++];
}

static bool emit(struct emitter *e, const struct regex_node *n);

static bool emit_either(struct emitter *e, const struct regex_node *n)
{
    struct regex_step *split = add(e, REGEX_SPLIT);
    if (split == NULL) {
        return false;
    }
    split->x = (uint16_t)e->n;
    if (!emit(e, n->a)) {
        return false;
    }
    struct regex_step *jump = add(e, REGEX_JUMP);
    split->y = (uint16_t)e->n;
    if (jump == NULL || !emit(e, n->b)) {
        return false;
    }
    jump->x = (uint16_t)e->n;
    return true;
}

/// Any number of times.
static bool emit_star(struct emitter *e, const struct regex_node *n)
{
    size_t start = e->n;
    struct regex_step *split = add(e, REGEX_SPLIT);
    if (split == NULL) {
        return false;
    }
    split->x = (uint16_t)e->n;
    if (!emit(e, n)) {
        return false;
    }
    struct regex_step *jump = add(e, REGEX_JUMP);
    if (jump == NULL) {
        return false;
    }
    jump->x = (uint16_t)start;
    split->y = (uint16_t)e->n;
    return true;
}

static bool emit_maybe(struct emitter *e, const struct regex_node *n)
{
    struct regex_step *split = add(e, REGEX_SPLIT);
    if (split == NULL) {
        return false;
    }
    split->x = (uint16_t)e->n;
    if (!emit(e, n)) {
        return false;
    }
    split->y = (uint16_t)e->n;
    return true;
}

static bool emit_repeat(struct emitter *e, const struct regex_node *n)
{
    for (unsigned i = 0; i < n->min; i++) {
        size_t before = e->n;
        if (!emit(e, n->a)) {
            return false;
        }
        if (e->n == before) {
            return true; // what is empty stays so, however often
        }
    }
    if (n->max == REGEX_UNBOUNDED) {
        return emit_star(e, n->a);
    }
    for (unsigned i = n->min; i < n->max; i++) {
        if (!emit_maybe(e, n->a)) {
            return false;
        }
    }
    return true;
}

static bool emit(struct emitter *e, const struct regex_node *n)
{
    struct regex_step *step;
    switch (n->kind) {
    case NODE_STEP:
        step = add(e, n->step.op);
        if (step != NULL) {
            *step = n->step;
        }
        return step != NULL;
    case NODE_CONCAT:
        for (const struct regex_node *part = n->a; part != NULL; part = part->next) {
            if (!emit(e, part)) {
                return false;
            }
        }
        return true;
    case NODE_EITHER:
        return emit_either(e, n);
    case NODE_REPEAT:
        return emit_repeat(e, n);
    }
    return false;
}

int regex_compile(struct strview text, const struct byte_set *wild, struct arena *arena,
                  const struct regex **ret, struct err *err)
{
    CLEANUP(arena_done) struct arena scratch = ARENA(SCRATCH);
    const struct regex_node *tree = NULL;
    struct emitter *e = ARENA_NEW(&scratch, struct emitter);
    if (e == NULL) {
        return err_set(err, E_NOMEM, "no memory for a pattern");
    }
    if (regex_parse(text, wild, &scratch, arena, &tree, err) != 0) {
        return -1;
    }
    if (!emit(e, tree) || add(e, REGEX_MATCH) == NULL) {
        return err_set(err, E_INVALID,
                       "the regular expression is too large: with its repetitions written out it "
                       "has more than %d steps",
                       PATTERN_REGEX_MAX);
    }
    struct regex *r = arena_alloc(arena, sizeof(*r) + e->n * sizeof(e->steps[0]));
    if (r == NULL) {
        return err_set(err, E_NOMEM, "no memory for a pattern");
    }
    r->n = e->n;
    memcpy(r->steps, e->steps, e->n * sizeof(e->steps[0]));
    *ret = r;
    return 0;
}
