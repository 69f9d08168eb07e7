// SPDX-License-Identifier: Apache-2.0
#include "common/world/row_cluster.h"

#include "common/base/mem.h"
#include "common/flink/decode.h"
#include "common/flink/defaults_note.h"
#include "common/flink/effective.h"
#include "common/json/out.h"
#include "common/policy/set.h"

#define TEXT_MAX  ((size_t)64 << 10)
#define NOTED_MAX ((size_t)16 << 20)

struct cluster_row {
    struct row row;
    struct strview text;
    char bytes[]; // role, NUL, namespace, NUL, name, text
};

static const struct cluster_row *cluster_of(const struct row *r)
{
    return (const struct cluster_row *)r;
}

void row_cluster_put_key(struct strbuf *b, struct strview ns, struct strview name)
{
    strbuf_put(b, ns);
    strbuf_put_char(b, '\0');
    strbuf_put(b, name);
}

/// A parallelism that was filled in, but that the user has since taken for his own, is as if it had
/// never been noted. What tells is not kept, so it is told here.
static void read_note(const struct flink_cluster *c, struct strview managed_fields,
                      struct arena *scratch, struct flink_note *ret)
{
    struct flink_note note;
    flink_note_read(c, scratch, &note);
    // Of the note only the numbers: a policy's part in it matters to nobody who scales.
    *ret = (struct flink_note){.parallelism = note.parallelism, .replicas = note.replicas};
    if (ret->parallelism.value == 0) {
        return;
    }
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(NOTED_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    const struct json *annotations = json_get_lit(c->metadata, "annotations");
    if (annotations != NULL) {
        json_out_key(&o, SV("annotations"));
        json_out_value(&o, annotations);
    }
    if (sv_present(managed_fields)) {
        json_out_key(&o, SV("managedFields"));
        json_out_raw(&o, managed_fields);
    }
    json_out_end_object(&o);
    json_out_end_object(&o);
    const struct json *whole;
    if (!strbuf_ok(&b) ||
        json_parse(strbuf_view(&b), &JSON_LIMITS_DEFAULT, scratch, &whole, NULL) != 0) {
        return;
    }
    const struct flink_cluster owned = {
        .self = whole, .metadata = json_get_lit(whole, "metadata"), .spec = c->spec};
    if (flink_users_fields(&owned, FLINK_NOTED_BIT(FLINK_NOTED_PARALLELISM), scratch) != 0) {
        ret->parallelism = (struct flink_note_number){0};
    }
}

static void put_note(struct json_out *o, const struct flink_note *note)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(FLINK_NOTE_MAX);
    if (flink_note_is_empty(note)) {
        return;
    }
    flink_note_put(&text, note);
    json_out_key_object(o, "annotations");
    json_out_kv_string(o, FLINK_DEFAULTED_ANNOTATION, strbuf_view(&text));
    json_out_end_object(o);
}

static void put_int(struct json_out *o, const char *key, const struct field_int *v)
{
    if (v->set) {
        json_out_kv_int(o, key, v->v);
    }
}

static void put_spec(struct json_out *o, const struct flink_cluster *c,
                     const struct flink_effective *e)
{
    json_out_key_object(o, "spec");
    put_int(o, "parallelism", &c->spec.parallelism);
    json_out_key_object(o, "taskManager");
    put_int(o, "replicas", &c->spec.task_manager.replicas);
    put_int(o, "slots", &c->spec.task_manager.slots);
    json_out_end_object(o);
    // Of the Flink options only what changes the parallelism law, in one spelling.
    if (e->adaptive) {
        json_out_key_object(o, "flinkConfiguration");
        json_out_kv_str(o, e->reactive ? "scheduler-mode" : "jobmanager.scheduler",
                        e->reactive ? "reactive" : "adaptive");
        json_out_end_object(o);
    }
    if (!e->session) {
        json_out_key_object(o, "job");
        json_out_end_object(o);
    }
    json_out_end_object(o);
}

/// What is kept of C.
static void put_cluster(struct strbuf *b, const struct flink_cluster *c, const struct flink_note *n,
                        const struct flink_effective *e)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    json_out_kv_string(&o, "name", c->name);
    json_out_kv_string(&o, "namespace", c->ns);
    put_note(&o, n);
    json_out_end_object(&o);
    put_spec(&o, c, e);
    json_out_end_object(&o);
}

/// The parallelism in effect of what is kept: as whoever reads that works it out.
static bool read_weight(struct strview text, struct arena *scratch, int64_t *ret)
{
    const struct json *kept;
    struct flink_cluster c;
    struct violations none = VIOLATIONS(scratch, 0);
    struct flink_effective e;
    if (json_parse(text, &JSON_LIMITS_DEFAULT, scratch, &kept, NULL) != 0) {
        return false;
    }
    flink_decode(kept, &c, &none);
    flink_effective_read(&c, scratch, NULL, &e);
    *ret = e.numbers.parallelism;
    return arena_ok(scratch);
}

static struct strview copy(char **at, struct strview s)
{
    struct strview ret = sv_make(*at, s.len);
    if (s.len != 0) {
        memcpy(*at, s.ptr, s.len);
    }
    *at += s.len;
    return ret;
}

static void release(struct row *r)
{
    mem_free(r);
}

int row_cluster_new(const struct json *object, struct strview managed_fields, struct arena *scratch,
                    struct row **ret, struct err *err)
{
    const struct json *metadata = json_get_lit(object, "metadata");
    struct flink_cluster c;
    struct flink_note note;
    struct flink_effective e;
    struct violations none = VIOLATIONS(scratch, 0);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_MAX);
    int64_t weight;
    flink_decode(object, &c, &none);
    // Also of what the decoder doesn't take, such as a name that is too long.
    c.name = json_get_string(metadata, SV("name"));
    c.ns = json_get_string(metadata, SV("namespace"));
    if (c.name.len == 0) {
        return err_set(err, E_INVALID, "a FlinkCluster without a name");
    }
    read_note(&c, managed_fields, scratch, &note);
    flink_effective_read(&c, scratch, NULL, &e);
    put_cluster(&text, &c, &note, &e);
    struct strview role = sv_present(c.spec.iam_role) && c.spec.iam_role.len != 0
                              ? policy_role_key(c.spec.iam_role, scratch)
                              : SV_NONE;
    if (!arena_ok(scratch) || !strbuf_ok(&text) ||
        !read_weight(strbuf_view(&text), scratch, &weight)) {
        return err_set(err, E_NOMEM, "no memory for a FlinkCluster");
    }
    struct cluster_row *r = mem_alloc(sizeof(*r) + role.len + c.ns.len + c.name.len + 2 + text.len);
    if (r == NULL) {
        return err_set(err, E_NOMEM, "no memory for a FlinkCluster");
    }
    *r = (struct cluster_row){.row = {.weight = weight, .done = release}};
    atomic_init(&r->row.refs, 1);
    char *at = r->bytes;
    copy(&at, role);
    *at++ = '\0';
    char *key = at;
    copy(&at, c.ns);
    *at++ = '\0';
    copy(&at, c.name);
    r->row.keys[ROW_BY_NAME] = sv_make(key, (size_t)(at - key));
    r->row.keys[ROW_BY_ROLE] =
        sv_present(role) ? sv_make(r->bytes, (size_t)(at - r->bytes)) : SV_NONE;
    r->text = copy(&at, strbuf_view(&text));
    *ret = &r->row;
    return 0;
}

struct strview row_cluster_text(const struct row *r)
{
    return cluster_of(r)->text;
}

struct strview row_cluster_ns(const struct row *r)
{
    struct strview key = r->keys[ROW_BY_NAME];
    return sv_sub(key, 0, sv_find_char(key, '\0'));
}

struct strview row_cluster_name(const struct row *r)
{
    struct strview key = r->keys[ROW_BY_NAME];
    return sv_from_pos(key, sv_find_char(key, '\0') + 1);
}

bool row_cluster_equal(const struct row *a, const struct row *b)
{
    return sv_eq(a->keys[ROW_BY_ROLE], b->keys[ROW_BY_ROLE]) &&
           sv_eq(cluster_of(a)->text, cluster_of(b)->text);
}
