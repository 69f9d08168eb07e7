// SPDX-License-Identifier: Apache-2.0
#include "common/world/row_policy.h"

#include "common/base/mem.h"
#include "common/json/out.h"
#include "common/kube/span.h"

#define TEXT_MAX        ((size_t)8 << 20)
#define FAULTS_MAX      16
#define FAULTS_TEXT_MAX 4096

struct policy_row {
    struct row row;
    struct arena arena; // of all that follows
    const struct policy *policy;
    struct strview uid;
    int64_t generation;
    size_t faults;
    struct strview fault, all_faults;
};

static const struct policy_row *policy_of(const struct row *r)
{
    return (const struct policy_row *)r;
}

static void release(struct row *r)
{
    struct policy_row *p = (struct policy_row *)r;
    arena_done(&p->arena);
    mem_free(p);
}

static void put_member(struct json_out *o, struct strview object, const char *key)
{
    struct strview value = span_member(object, sv_from(key));
    if (sv_present(value)) {
        json_out_key(o, sv_from(key));
        json_out_raw(o, value);
    }
}

/// Without the status, and what else there is in the metadata.
static void put_kept(struct strbuf *b, struct strview text, bool with_spec)
{
    struct json_out o = JSON_OUT(b);
    struct strview metadata = span_member(text, SV("metadata"));
    json_out_begin_object(&o);
    put_member(&o, text, "apiVersion");
    put_member(&o, text, "kind");
    json_out_key_object(&o, "metadata");
    put_member(&o, metadata, "name");
    put_member(&o, metadata, "uid");
    put_member(&o, metadata, "generation");
    json_out_end_object(&o);
    if (with_spec) {
        put_member(&o, text, "spec");
    }
    json_out_end_object(&o);
}

static void read_faults(struct policy_row *p, const struct violations *faults)
{
    CLEANUP(strbuf_done) struct strbuf all = STRBUF(TEXT_MAX);
    size_t told = 0;
    for (size_t i = 0; i < faults->count && all.len < FAULTS_TEXT_MAX; i++) {
        const struct violation *v = &faults->items[i];
        if (v->severity == SEVERITY_DENY) {
            size_t at = all.len + (told != 0 ? 2 : 0);
            strbuf_printf(&all, "%s%.*s: %.*s", told != 0 ? "; " : "", SV_ARG(v->path),
                          SV_ARG(v->message));
            if (told++ == 0) {
                p->fault = arena_copy(&p->arena, sv_from_pos(strbuf_view(&all), at));
            }
        }
    }
    p->faults = faults->denials;
    if (told < p->faults) {
        strbuf_printf(&all, "; and %zu more", p->faults - told);
    }
    p->all_faults = p->faults > 1 ? arena_copy(&p->arena, strbuf_view(&all)) : p->fault;
}

static int fill(struct policy_row *p, struct strview text, bool with_spec, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf kept = STRBUF(TEXT_MAX);
    struct violations faults = VIOLATIONS(&p->arena, FAULTS_MAX);
    struct flink_policy decoded;
    const struct json *object;
    put_kept(&kept, text, with_spec);
    if (!strbuf_ok(&kept)) {
        return err_set(err, E_TOO_LARGE, "a FlinkPolicy of %zu bytes", text.len);
    }
    if (json_parse(strbuf_view(&kept), &JSON_LIMITS_DEFAULT, &p->arena, &object, err) != 0) {
        return -1;
    }
    policy_decode(object, &decoded, &faults);
    const struct json *metadata = json_get_lit(object, "metadata");
    decoded.name = json_get_string(metadata, SV("name"));
    if (decoded.name.len == 0) {
        return err_set(err, E_INVALID, "a FlinkPolicy without a name");
    }
    p->policy = policy_compile(&decoded, &p->arena, &faults);
    p->row.keys[ROW_BY_NAME] = decoded.name;
    p->uid = json_get_string(metadata, SV("uid"));
    (void)json_int(json_get_lit(metadata, "generation"), &p->generation);
    read_faults(p, &faults);
    return p->policy != NULL && arena_ok(&p->arena)
               ? 0
               : err_set(err, E_NOMEM, "no memory for FlinkPolicy %.*s", SV_ARG(decoded.name));
}

int row_policy_new(struct strview text, struct row **ret, struct err *err)
{
    struct policy_row *p = mem_alloc(sizeof(*p));
    if (p == NULL) {
        return err_set(err, E_NOMEM, "no memory for a FlinkPolicy");
    }
    *p = (struct policy_row){.row = {.done = release}, .arena = ARENA(ROW_POLICY_MAX)};
    atomic_init(&p->row.refs, 1);
    struct err why = {.code = E_OK};
    int rc = fill(p, text, true, &why);
    if (rc != 0 && (why.code == E_PARSE || why.code == E_TOO_LARGE)) {
        // One such object must not stop the watch of all others.
        arena_reset(&p->arena, 0);
        rc = fill(p, text, false, &why);
        p->faults++;
        p->fault = arena_printf(&p->arena, "spec: %s", why.msg);
        p->all_faults = p->fault;
    }
    if (rc != 0) {
        row_unref(&p->row);
        return err_set(err, why.code, "%s", why.msg);
    }
    *ret = &p->row;
    return 0;
}

const struct policy *row_policy_compiled(const struct row *r)
{
    return policy_of(r)->policy;
}

size_t row_policy_faults(const struct row *r)
{
    return policy_of(r)->faults;
}

struct strview row_policy_fault(const struct row *r)
{
    return policy_of(r)->fault;
}

struct strview row_policy_all_faults(const struct row *r)
{
    return policy_of(r)->all_faults;
}

struct strview row_policy_uid(const struct row *r)
{
    return policy_of(r)->uid;
}

bool row_policy_is(const struct row *r, struct strview uid, int64_t generation)
{
    const struct policy_row *p = policy_of(r);
    return generation != 0 && p->generation == generation && sv_eq(p->uid, uid);
}
