// SPDX-License-Identifier: Apache-2.0
#include "controller/record.h"

#include <stdlib.h>

#include "common/flink/decode.h"
#include "common/json/out.h"
#include "controller/names.h"
#include "controller/objects.h"

bool record_runs(const struct record *r)
{
    return sv_present(r->run) && !sv_eq_lit(r->effective.state, "Suspended");
}

static void read_cluster(const struct reconcile *rc, const struct json *data, struct record *ret)
{
    struct violations faults = VIOLATIONS(rc->arena, 0);
    flink_decode(data, &ret->cluster, &faults);
    flink_effective_read(&ret->cluster, rc->arena, NULL, &ret->effective);
}

static bool read_record(const struct json *object, struct record *ret)
{
    const struct json *sluice = json_get_path(object, "data", "sluice", NULL);
    int64_t format;
    *ret = (struct record){
        .object = object,
        .pod_hash = json_get_string(sluice, SV("podHash")),
        .revision = json_get_string(sluice, SV("revision")),
        .run = json_get_string(sluice, SV("run")),
        .job_id = json_get_string(sluice, SV("jobId")),
        .ha_dir = json_get_string(sluice, SV("haDir")),
        .from_savepoint = json_get_string(sluice, SV("fromSavepoint")),
        .previous = json_get_string(sluice, SV("previousRevision")),
        .kube2iam = sv_eq_lit(json_get_string(sluice, SV("awsIdentity")), "kube2iam"),
    };
    if (!json_int(json_get_lit(object, "revision"), &ret->number) || ret->number < 1 ||
        !json_int(json_get_lit(sluice, "generation"), &ret->generation) ||
        !json_int(json_get_lit(sluice, "renderFormat"), &format) || format < 1 || format > 1000 ||
        ret->revision.len != REVISION_DIGITS || ret->pod_hash.len == 0) {
        return false;
    }
    ret->format = (unsigned)format;
    return true;
}

bool record_peek_last(const struct observed *observed, struct record *ret)
{
    const struct children *all = &observed->children[CHILD_REVISION];
    bool found = false;
    for (size_t i = 0; i < all->n; i++) {
        struct record r;
        if (read_record(all->items[i], &r) && (!found || r.number > ret->number)) {
            *ret = r;
            found = true;
        }
    }
    return found;
}

int64_t record_last_number(const struct observed *observed)
{
    struct record last;
    const struct flink_cluster *c = &observed->cluster;
    struct strview told = json_string(json_get_path(c->status, "accepted", "revision", NULL));
    int64_t n = sv_present(told) ? record_name_number(c->name, told) : 0;
    return record_peek_last(observed, &last) && last.number > n ? last.number : n;
}

bool record_read_last(const struct reconcile *rc, struct record *ret)
{
    if (!record_peek_last(rc->observed, ret)) {
        return false;
    }
    read_cluster(rc, json_get_lit(ret->object, "data"), ret);
    return true;
}

int record_set_spec(const struct reconcile *rc, struct strview text, struct record *next,
                    struct err *err)
{
    const struct json *data;
    // The record holds it one level deeper than the cluster does, and must be readable again.
    struct json_limits limits = JSON_LIMITS_DEFAULT;
    limits.max_depth--;
    if (json_parse(text, &limits, rc->arena, &data, err) != 0) {
        return -1;
    }
    read_cluster(rc, data, next);
    return arena_check(rc->arena, err);
}

static void put_data(const struct reconcile *rc, const struct record *r, struct json_out *o)
{
    json_out_begin_object(o);
    json_out_key(o, SV("metadata"));
    json_out_value(o, r->cluster.metadata);
    json_out_key(o, SV("spec"));
    json_out_value(o, r->cluster.spec.self);
    json_out_key_object(o, "sluice");
    json_out_kv_str(o, "version", rc->settings->version);
    json_out_kv_int(o, "generation", r->generation);
    json_out_kv_int(o, "renderFormat", r->format);
    json_out_kv_string(o, "podHash", r->pod_hash);
    json_out_kv_string(o, "revision", r->revision);
    json_out_kv_string(o, "run", r->run);
    json_out_kv_string(o, "jobId", r->job_id);
    json_out_kv_string(o, "haDir", r->ha_dir);
    json_out_kv_string(o, "fromSavepoint", r->from_savepoint);
    json_out_kv_string(o, "previousRevision", r->previous);
    if (r->kube2iam) {
        json_out_kv_str(o, "awsIdentity", "kube2iam");
    }
    json_out_end_object(o);
    json_out_end_object(o);
}

static int by_key(const void *left, const void *right)
{
    const struct json *const *a = left;
    const struct json *const *b = right;
    return sv_cmp(json_key(*a), json_key(*b));
}

/// V with the members of each object sorted by their keys. Depth is bounded by the parse.
static void put_sorted(struct json_out *o, const struct json *v, struct arena *arena)
{
    bool object = json_type(v) == JSON_OBJECT;
    if (!object && json_type(v) != JSON_ARRAY) {
        json_out_value(o, v);
        return;
    }
    size_t n = json_count(v);
    const struct json **items = ARENA_NEW_N(arena, const struct json *, n + 1);
    if (items == NULL) {
        return;
    }
    n = 0;
    json_each(item, v) {
        items[n++] = item;
    }
    if (object) {
        qsort(items, n, sizeof(const struct json *), by_key);
        json_out_begin_object(o);
    } else {
        json_out_begin_array(o);
    }
    for (size_t i = 0; i < n; i++) {
        if (object) {
            json_out_key(o, json_key(items[i]));
        }
        put_sorted(o, items[i], arena);
    }
    if (object) {
        json_out_end_object(o);
    } else {
        json_out_end_array(o);
    }
}

/// JSON text with the characters escaped that Go escapes for HTML's and JavaScript's sake; outside
/// of strings there are none of them.
static void put_escaped(struct strbuf *b, struct strview text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        struct strview rest = sv_from_pos(text, i);
        if (c == '<' || c == '>' || c == '&') {
            strbuf_printf(b, "\\u%04x", (unsigned)c);
        } else if (sv_starts(rest, SV("\xE2\x80\xA8")) || sv_starts(rest, SV("\xE2\x80\xA9"))) {
            strbuf_put_str(b, text.ptr[i + 2] == '\xA8' ? "\\u2028" : "\\u2029");
            i += 2;
        } else {
            strbuf_put_char(b, (char)c);
        }
    }
}

/// The data as Go would write them: the API server writes them so on every patch of the metadata,
/// and then calls data changed, which it refuses, when they came in another order or spelling. (So
/// it would be for `kubectl label`, and for the garbage collector under --cascade=orphan.)
static struct strview data_text(const struct reconcile *rc, const struct record *r)
{
    struct strbuf first = STRBUF(OBJECT_TEXT_MAX);
    struct strbuf sorted = STRBUF(OBJECT_TEXT_MAX);
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&first);
    struct json_out again = JSON_OUT(&sorted);
    const struct json *tree;
    struct err ignored;
    put_data(rc, r, &o);
    struct strview text = text_take(rc->arena, &first);
    if (sv_present(text) &&
        json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, &tree, &ignored) == 0) {
        put_sorted(&again, tree, rc->arena);
    } else {
        rc->arena->failed = true;
    }
    put_escaped(&b, strbuf_view(&sorted));
    if (!strbuf_ok(&sorted)) {
        rc->arena->failed = true;
    }
    strbuf_done(&sorted);
    return text_take(rc->arena, &b);
}

static void put_head(const struct reconcile *rc, const struct record *r, struct json_out *o)
{
    const struct object_head head = {
        .kind = CHILD_REVISION,
        .name = record_name_make(rc->arena, rc->observed->cluster.name, r->number),
        .component = "revision",
        .revision = r->revision,
        .run = r->run,
    };
    object_head_put(rc, &head, o);
}

struct strview record_head_text(const struct reconcile *rc, const struct record *r)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    put_head(rc, r, &o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

struct strview record_text(const struct reconcile *rc, const struct record *r)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    put_head(rc, r, &o);
    json_out_kv_int(&o, "revision", r->number);
    json_out_key(&o, SV("data"));
    struct strview data = data_text(rc, r);
    json_out_raw(&o, sv_present(data) ? data : SV("null"));
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}
