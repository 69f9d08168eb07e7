// SPDX-License-Identifier: Apache-2.0
// What one pod may take: its containers together, and each init container by itself.
#include "common/policy/judge_run.h"

#define NANO_MAX       ((quantity_nano)1 << 125)
#define CONTAINERS_MAX 64

#define STEPS_OF_CONTAINER 8

/// What of a pod is asked for: the answers of the first two are kept.
enum what { CPU, MEMORY, OTHER };
_Static_assert(2 * OTHER == JUDGE_AMOUNTS, "each has requests and limits");

static enum what what_named(struct strview name)
{
    return sv_eq(name, SV("cpu")) ? CPU : sv_eq(name, SV("memory")) ? MEMORY : OTHER;
}

/// What is asked of one role's pods under one name of `requests` or `limits`.
struct question {
    struct judge_facts *facts;
    enum flink_role role;
    bool limits; // else requests
    enum what what;
    struct strview name;
};

static bool amount_of(const struct json *resources, const struct question *q, struct quantity *ret)
{
    const struct json *list =
        q->limits ? json_get_lit(resources, "limits") : json_get_lit(resources, "requests");
    const struct json *v = json_get(list, q->name);
    return json_type(v) != JSON_ABSENT && json_type(v) != JSON_NULL && quantity_read(v, ret, NULL);
}

static struct quantity sum(struct quantity a, struct quantity b)
{
    a.nano = b.nano > 0 && a.nano > NANO_MAX - b.nano ? NANO_MAX : a.nano + b.nano;
    return a;
}

/// The role's template, and its index among the places.
static unsigned template_of(const struct question *q)
{
    return q->role == FLINK_JOB_MANAGER ? 1 : 2;
}

/// What Flink's own container takes by the spec, or what Sluice gives it.
static bool own_amount(const struct question *q, struct quantity *ret)
{
    const struct cluster_spec *c = &q->facts->c->spec;
    const struct resources_spec *spec =
        q->role == FLINK_JOB_MANAGER ? &c->job_manager.resources : &c->task_manager.resources;
    if (amount_of(spec->self, q, ret)) {
        return true;
    }
    if (q->what == MEMORY) {
        const struct flink_effective_resources *own = judge_resources(q->facts, q->role);
        bool ours =
            own->source == FLINK_MEMORY_FROM_DEFAULT || own->source == FLINK_MEMORY_FROM_CONF;
        *ret = QUANTITY_OF(own->memory, QUANTITY_BINARY_SI);
        return ours && own->memory > 0;
    }
    *ret = QUANTITY_OF(FLINK_DEFAULT_CPU_MILLI / 1000, QUANTITY_DECIMAL_SI);
    return !q->limits && q->what == CPU && !judge_stands(spec->limits, "cpu");
}

/// Whether the role's template says it of the same container again. Nobody has more containers in
/// one list than are looked at; of further ones both count.
static bool is_overlaid(const struct question *q, const struct place *p)
{
    struct quantity unused;
    const struct json *role = places_template(&q->facts->c->spec, template_of(q));
    const struct json *list =
        json_get(json_get_lit(role, "spec"), sv_from(place_list_name(p->list)));
    const struct json *over = p->template_index == 0 ? json_first(list) : NULL;
    for (size_t n = 0; over != NULL && n < CONTAINERS_MAX; n++, over = json_next(over)) {
        if (sv_eq(json_get_string(over, SV("name")), p->name) &&
            amount_of(json_get_lit(over, "resources"), q, &unused)) {
            return true;
        }
    }
    return false;
}

static bool restarts(const struct json *container)
{
    return sv_eq_lit(json_get_string(container, SV("restartPolicy")), "Always");
}

/// Whether the init container P is a sidecar, as any template says of its name.
static bool is_sidecar(const struct question *q, const struct place *p)
{
    const unsigned templates[] = {0, template_of(q)};
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        const struct json *pod =
            json_get_lit(places_template(&q->facts->c->spec, templates[i]), "spec");
        const struct json *it = json_first(json_get_lit(pod, "initContainers"));
        for (size_t n = 0; it != NULL; n++, it = json_next(it)) {
            bool same = n >= CONTAINERS_MAX || sv_eq(json_get_string(it, SV("name")), p->name);
            if (same && (n >= CONTAINERS_MAX || restarts(it))) {
                return true; // one that is not looked at counts as one
            }
        }
    }
    return restarts(p->json);
}

/// What a container, or (Kubernetes 1.32) a pod as a whole, says of resources.
static const struct json *resources_of(const struct place *p)
{
    bool is_pod = p->list == PLACE_LIST_COUNT;
    return json_get_lit(is_pod ? p->pod : p->json, "resources");
}

static bool has_resources(const struct place *p)
{
    return json_type(resources_of(p)) == JSON_OBJECT;
}

/// The pods and containers that say something of resources, of all templates: few do.
static const struct place *const *shares(struct judge_facts *f, size_t *n)
{
    if (!f->has_shares) {
        size_t count = 0;
        struct places walk = PLACES(f->c, PLACES_TEMPLATES | PLACES_OF_CONTAINERS);
        for (const struct place *p; (p = places_next(&walk)) != NULL;) {
            f->work += STEPS_OF_CONTAINER;
            count += has_resources(p);
        }
        const struct place **found =
            count != 0 ? ARENA_NEW_N(f->arena, const struct place *, count) : NULL;
        walk = PLACES(f->c, PLACES_TEMPLATES | PLACES_OF_CONTAINERS);
        for (const struct place *p; found != NULL && (p = places_next(&walk)) != NULL;) {
            if (has_resources(p)) {
                found[f->n_shares++] = p;
            }
        }
        f->shares = found;
        f->has_shares = true;
    }
    *n = f->n_shares;
    return f->shares;
}

/// Adds the N shares: to TOTAL what runs side by side, to MOST what is there while an init
/// container runs. As if all sidecars were started before it. GIVEN: Flink's own container is in it
/// already.
static void add_shares(const struct question *q, const struct place *const *items, size_t n,
                       bool given, struct quantity *total, struct quantity *most)
{
    struct quantity sidecars, whole;
    sidecars = whole = QUANTITY_OF(0, QUANTITY_DECIMAL_SI);
    for (size_t i = 0; i < n; i++) {
        const struct place *p = items[i];
        struct quantity v;
        q->facts->work += STEPS_OF_CONTAINER;
        if ((p->template_index != 0 && p->template_index != template_of(q)) ||
            !amount_of(resources_of(p), q, &v)) {
            continue;
        }
        if (p->list == PLACE_LIST_COUNT) {
            whole = quantity_cmp(v, whole) > 0 ? v : whole;
        } else if (is_overlaid(q, p) || (place_is_main(p) && given)) {
            continue;
        } else if (p->list == PLACE_CONTAINERS) {
            *total = sum(*total, v);
        } else if (is_sidecar(q, p)) {
            *total = sum(*total, v);
            sidecars = sum(sidecars, v);
        } else if (quantity_cmp(v, *most) > 0) {
            *most = v;
        }
    }
    *most = sum(*most, sidecars);
    *most = quantity_cmp(whole, *most) > 0 ? whole : *most;
}

/// What the pod takes at most.
static void work_out(const struct question *q, struct quantity *ret)
{
    bool given = own_amount(q, ret);
    if (!given) {
        *ret = QUANTITY_OF(0, QUANTITY_DECIMAL_SI);
    }
    size_t n;
    const struct place *const *items = shares(q->facts, &n);
    struct quantity most = QUANTITY_OF(0, QUANTITY_DECIMAL_SI);
    if (n != 0) { // mostly Flink's container is all that there is
        add_shares(q, items, n, given, ret, &most);
    }
    if (quantity_cmp(most, *ret) > 0) {
        *ret = most;
    }
}

/// Where the answer is kept; from JUDGE_AMOUNTS on it is not.
static unsigned slot_of(const struct question *q)
{
    return 2U * q->what + (q->limits ? 1U : 0U);
}

/// What the pod takes at most: of CPU and memory worked out once for all policies; of others it is
/// in *OTHER.
static const struct quantity *pod_amount(const struct question *q, struct quantity *other)
{
    unsigned i = slot_of(q);
    if (i >= JUDGE_AMOUNTS) {
        work_out(q, other);
        return other;
    }
    if (!q->facts->has_amounts[q->role][i]) {
        q->facts->has_amounts[q->role][i] = true;
        work_out(q, &q->facts->amounts[q->role][i]);
    }
    return &q->facts->amounts[q->role][i];
}

static struct shown shown(const struct judge_run *r, struct quantity q)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(128);
    quantity_put(&b, q);
    return (struct shown){.text = arena_copy(r->arena, strbuf_view(&b))};
}

/// Q's answer, NOW, is over MAX.
static void say_over(struct judge_run *r, struct question q, struct quantity now,
                     const struct policy_quantity *max)
{
    struct quantity own;
    if (r->old != NULL) {
        q.facts = r->old;
        r->nearer = quantity_cmp(now, *pod_amount(&q, &own)) <= 0;
        q.facts = r->now;
    }
    bool alone = own_amount(&q, &own) && quantity_cmp(own, max->value) > 0;
    const struct path *role =
        q.role == FLINK_JOB_MANAGER ? UNDER(SPEC, "jobManager") : UNDER(SPEC, "taskManager");
    const struct path *resources = UNDER(role, "resources");
    const struct path *list = q.limits ? UNDER(resources, "limits") : UNDER(resources, "requests");
    judge_say(r, CAUSE_INVALID, &PATH_KEY_OF(list, q.name), shown(r, alone ? own : now),
              "must be at most %.*s%s", SV_ARG(max->text),
              alone ? "" : " for all containers of the pod together");
    r->nearer = false;
}

static void judge_one(struct judge_run *r, const struct question *q,
                      const struct policy_quantity *max)
{
    struct quantity other;
    const struct quantity *now = pod_amount(q, &other);
    if (quantity_cmp(*now, max->value) > 0) {
        say_over(r, *q, *now, max);
    }
}

/// Whether Q's answer is there already, and within MAX.
static bool is_known_within(const struct question *q, struct quantity max)
{
    unsigned i = slot_of(q);
    return i < JUDGE_AMOUNTS && q->facts->has_amounts[q->role][i] &&
           quantity_cmp(q->facts->amounts[q->role][i], max) <= 0;
}

static void judge_role(struct judge_run *r, enum flink_role role,
                       const struct policy_quantities *max)
{
    for (size_t i = 0; i < max->n; i++) {
        const struct policy_quantity *it = &max->items[i];
        struct question q = {
            .facts = r->now, .role = role, .what = what_named(it->name), .name = it->name};
        for (unsigned k = 0; k < 2; k++) {
            if (!judge_works(r, 1)) {
                return;
            }
            q.limits = k != 0;
            if (!is_known_within(&q, it->value)) {
                judge_one(r, &q, it);
            }
        }
    }
}

void judge_resources_job_manager_max(struct judge_run *r)
{
    judge_role(r, FLINK_JOB_MANAGER, &r->policy->jm_max);
}

void judge_resources_task_manager_max(struct judge_run *r)
{
    judge_role(r, FLINK_TASK_MANAGER, &r->policy->tm_max);
}
