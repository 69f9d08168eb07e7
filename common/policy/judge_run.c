// SPDX-License-Identifier: Apache-2.0
#include "common/policy/judge_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_MAX_BYTES 768
#define LISTED_MAX        4 // entries of a list that a message names
#define STEPS_OF_FINDING  64

// ---- facts --------------------------------------------------------------------------------------

const struct pattern_vars *judge_read_vars(struct judge_facts *f)
{
    const struct flink_effective *e = judge_effective(f);
    f->has_vars = true;
    f->vars.value[PATTERN_NAMESPACE] = f->ns;
    f->vars.value[PATTERN_NAME] = f->c->name;
    if (e->version_form == FLINK_FORM_PLAIN) { // as flink_version_text() would write it
        f->vars.value[PATTERN_FLINK_VERSION] = f->c->spec.flink_version;
    } else if (e->version_form != FLINK_FORM_NONE) {
        f->vars.value[PATTERN_FLINK_VERSION] = flink_version_text(f->arena, e->version);
    } else if (e->tag_tells) {
        f->vars.value[PATTERN_FLINK_VERSION] = flink_version_text(f->arena, e->tagged);
    }
    return &f->vars;
}

const struct flink_effective *judge_read_effective(struct judge_facts *f)
{
    flink_effective_read(f->c, f->arena, NULL, &f->room->effective);
    f->effective = &f->room->effective;
    return f->effective;
}

const struct flink_effective_resources *judge_resources(struct judge_facts *f, enum flink_role role)
{
    const struct flink_effective_resources *known = judge_effective(f)->resources;
    if (known != NULL) {
        return &known[role];
    }
    if (!f->has_resources) {
        f->has_resources = true;
        for (unsigned i = 0; i < ARRAY_LEN(f->room->resources); i++) {
            flink_effective_resources_read(f->c, judge_effective(f), (enum flink_role)i, f->arena,
                                           &f->room->resources[i]);
        }
    }
    return &f->room->resources[role];
}

#define IMAGE_PLACES (PLACES_OF_ANY_CONTAINERS | PLACES_OF(VOLUMES))

static struct strview image_at(const struct place *p)
{
    return p->list == PLACE_VOLUMES
               ? json_get_string(json_get_lit(p->json, "image"), SV("reference"))
               : json_get_string(p->json, SV("image"));
}

static size_t count_images(const struct judge_facts *f)
{
    size_t n = 1;
    struct places walk = PLACES(f->c, IMAGE_PLACES);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        n += sv_present(image_at(p));
    }
    return n;
}

static void read_images(struct judge_facts *f)
{
    struct judge_image *images = ARENA_NEW_N(f->arena, struct judge_image, count_images(f));
    size_t n = 0;
    if (images == NULL) {
        return;
    }
    const struct flink_effective *e = judge_effective(f);
    if (e->image_ok) {
        images[n++] = (struct judge_image){.text = f->c->spec.image, .ref = e->image};
    }
    struct places walk = PLACES(f->c, IMAGE_PLACES);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        struct strview text = image_at(p);
        if (sv_present(text) && image_parse(text, f->arena, &images[n].ref, NULL)) {
            images[n].text = text;
            images[n++].place = p;
        }
    }
    f->images = images;
    f->n_images = n;
}

const struct judge_image *judge_images(struct judge_facts *f, size_t *n)
{
    if (!f->has_images) {
        f->has_images = true;
        read_images(f);
    }
    *n = f->n_images;
    return f->images;
}

const struct way *judge_ways(struct judge_facts *f, size_t *n)
{
    if (!f->has_ways) {
        f->has_ways = true;
        f->ways = ways_find(f->c, judge_effective(f), f->arena, &f->n_ways);
    }
    *n = f->n_ways;
    return f->ways;
}

const struct judge_entries *judge_entries(struct judge_facts *f, struct judge_entries *entries,
                                          const struct strview *keys, size_t n)
{
    for (size_t i = 0; !entries->found && i < n && entries->n < JUDGE_ENTRIES_MAX; i++) {
        const struct flink_conf_entry *it =
            flink_conf_find_canonical(&judge_effective(f)->conf, keys[i]);
        if (it != NULL) {
            entries->items[entries->n++] = it;
        }
    }
    entries->found = true;
    return entries;
}

// ---- speaking -----------------------------------------------------------------------------------

struct shown judge_text(const struct judge_run *r, struct strview s)
{
    return (struct shown){.text = violation_quote(r->arena, s), .whole = s};
}

struct shown judge_number(const struct judge_run *r, int64_t n)
{
    return (struct shown){.text = arena_printf(r->arena, "%" PRId64, n)};
}

static enum severity severity_of(const struct judge_run *r)
{
    switch (r->enforcement) {
    case ENFORCE_WARN:
        return SEVERITY_WARN;
    case ENFORCE_AUDIT:
    case ENFORCE_ALLOW: // its rules are not asked
        return SEVERITY_AUDIT;
    case ENFORCE_DENY:
    case ENFORCE_COUNT:
        break;
    }
    return r->nearer ? SEVERITY_WARN : SEVERITY_DENY;
}

static const char REST[] = "more than 64";
static const char UNSEEN[] = "images, variables, options and other parts";
_Static_assert(JUDGE_FINDINGS_MAX == 64, "as REST says");

/// WHAT is REST or UNSEEN, of which nobody knows whether it was there before.
static void say_rest(struct judge_run *r, const char *what, const char *text)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    r->enough = true;
    struct violation *it = violation_report(r->out, severity_of(r), r->rule,
                                            r->policy != NULL ? r->policy->name : SV_NONE,
                                            CAUSE_TOO_MANY, &spec, sv_from(what), "%s", text);
    if (it != NULL) {
        it->alone = true;
    }
}

/// At the first finding of a rule.
static void look_for_exemption(struct judge_run *r)
{
    const struct policy *p = r->policy;
    if (r->said != 0 || p == NULL) {
        return;
    }
    r->now->work += p->n_exempt;
    if (policy_exempts(p, r->now->ns, r->now->c->name, r->rule, r->in->now_ms)) {
        r->exempt = true;
        r->enough = r->in->exempted == NULL;
    }
}

bool judge_works(struct judge_run *r, size_t steps)
{
    r->now->work += steps;
    if (r->now->work <= JUDGE_WORK_MAX) {
        return true;
    }
    look_for_exemption(r);
    if (!r->enough && !r->exempt) {
        say_rest(r, UNSEEN, "for the policies of this namespace: not all of it was looked at");
    }
    r->enough = true;
    return false;
}

void judge_say(struct judge_run *r, enum cause_reason reason, const struct path *path,
               struct shown value, const char *fmt, ...)
{
    const struct policy *p = r->policy;
    look_for_exemption(r);
    if (r->enough) {
        return;
    }
    r->now->work += STEPS_OF_FINDING;
    if (++r->said > JUDGE_FINDINGS_MAX) {
        r->enough = true;
        if (!r->exempt) {
            say_rest(r, REST, "faults of one rule; the others are not told");
        }
        return;
    }
    if (r->exempt) {
        r->in->exempted(r->in->exempted_ctx, p);
        return;
    }
    char text[MESSAGE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    struct violation *it =
        violation_report(r->out, severity_of(r), r->rule, p != NULL ? p->name : SV_NONE, reason,
                         path, value.text, "%.*s", (int)len, text);
    if (it != NULL) {
        it->whole = value.whole;
    }
}

/// Joins up to LISTED_MAX texts; N is how many there are.
static struct strview join(const struct judge_run *r, const struct strview *texts, size_t n)
{
    struct strview text = n != 0 ? texts[0] : SV("none");
    for (size_t i = 1; i < n && i < LISTED_MAX; i++) {
        text = arena_printf(r->arena, "%.*s, %.*s", SV_ARG(text), SV_ARG(texts[i]));
    }
    return n <= LISTED_MAX
               ? text
               : arena_printf(r->arena, "%.*s and %zu more", SV_ARG(text), n - LISTED_MAX);
}

struct strview judge_patterns(const struct judge_run *r, const struct patterns *list)
{
    struct strview texts[LISTED_MAX];
    for (size_t i = 0; i < list->n && i < LISTED_MAX; i++) {
        struct strview raw = pattern_text(list->items[i]);
        struct strview filled =
            sv_starts(raw, SV("regex:"))
                ? raw
                : pattern_fill(raw, PATTERN_ALL, judge_vars(r->now), r->arena, NULL);
        texts[i] = sv_present(filled) ? filled : raw;
    }
    return join(r, texts, list->n);
}

struct strview judge_strings(const struct judge_run *r, const struct strview *list, size_t n)
{
    return join(r, list, n);
}

bool judge_stands(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, sv_from(key));
    return v != NULL && json_type(v) != JSON_NULL;
}
