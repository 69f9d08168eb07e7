// SPDX-License-Identifier: Apache-2.0
// The machine: all states at once, byte by byte.
#include "common/policy/pattern_regex.h"

#include "common/policy/pattern_regex_code.h"

struct states {
    uint16_t items[PATTERN_REGEX_MAX];
    size_t n;
};

struct machine {
    const struct regex *r;
    uint64_t seen[PATTERN_REGEX_MAX / 64]; // at this byte
    uint16_t todo[PATTERN_REGEX_MAX];
    size_t n_todo;
};

static void push(struct machine *m, uint16_t pc)
{
    uint64_t bit = (uint64_t)1 << (pc % 64);
    if ((m->seen[pc / 64] & bit) == 0) {
        m->seen[pc / 64] |= bit;
        m->todo[m->n_todo++] = pc;
    }
}

/// Adds to OUT every state that is reached from PC without a byte.
static void follow(struct machine *m, uint16_t pc, bool begin, bool end, struct states *out)
{
    push(m, pc);
    while (m->n_todo != 0) {
        uint16_t at = m->todo[--m->n_todo];
        const struct regex_step *s = &m->r->steps[at];
        switch (s->op) {
        case REGEX_JUMP:
            push(m, s->x);
            break;
        case REGEX_SPLIT:
            push(m, s->x);
            push(m, s->y);
            break;
        case REGEX_BEGIN:
        case REGEX_END:
            if (s->op == REGEX_BEGIN ? begin : end) {
                push(m, (uint16_t)(at + 1));
            }
            break;
        case REGEX_BYTE:
        case REGEX_SET:
        case REGEX_MATCH:
            out->items[out->n++] = at;
            break;
        }
    }
}

static void step(struct machine *m, const struct states *from, unsigned char c, bool end,
                 struct states *to)
{
    to->n = 0;
    memset(m->seen, 0, sizeof(m->seen));
    for (size_t i = 0; i < from->n; i++) {
        const struct regex_step *s = &m->r->steps[from->items[i]];
        if ((s->op == REGEX_BYTE && s->byte == c) ||
            (s->op == REGEX_SET && byte_set_has(s->set, c))) {
            follow(m, (uint16_t)(from->items[i] + 1), false, end, to);
        }
    }
}

size_t regex_size(const struct regex *r)
{
    return r->n;
}

bool regex_match(const struct regex *r, const struct strview *pieces, size_t n)
{
    UNINITIALIZED struct states a, b;
    UNINITIALIZED struct machine m;
    struct states *now = &a, *next = &b;
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        left += pieces[i].len;
    }
    m.r = r;
    m.n_todo = 0;
    memset(m.seen, 0, sizeof(m.seen));
    now->n = 0;
    follow(&m, 0, true, left == 0, now);
    for (size_t i = 0; i < n; i++) {
        for (size_t at = 0; at < pieces[i].len && now->n != 0; at++) {
            left--;
            step(&m, now, (unsigned char)pieces[i].ptr[at], left == 0, next);
            struct states *swap = now;
            now = next;
            next = swap;
        }
    }
    for (size_t i = 0; i < now->n; i++) {
        if (r->steps[now->items[i]].op == REGEX_MATCH) {
            return left == 0;
        }
    }
    return false;
}
