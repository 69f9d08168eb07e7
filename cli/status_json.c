// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"
#include "common/json/out.h"
#include "common/k8s/timestamp.h"

static void put_time(struct json_out *o, const char *key, int64_t ms)
{
    if (ms != 0) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
        timestamp_put(&b, ms);
        json_out_kv_string(o, key, strbuf_view(&b));
    }
}

static void put_pod(struct json_out *o, const struct status_pod *p)
{
    json_out_begin_object(o);
    json_out_kv_string(o, "name", p->name);
    json_out_kv_string(o, "role", p->role);
    if (p->index >= 0) {
        json_out_kv_int(o, "index", p->index);
    }
    json_out_kv_bool(o, "ready", p->ready);
    json_out_kv_bool(o, "leads", p->leads);
    json_out_kv_string(o, "state", p->state);
    json_out_kv_string(o, "message", p->why);
    json_out_kv_int(o, "restarts", p->restarts);
    put_time(o, "createdAt", p->created_ms);
    json_out_kv_string(o, "node", p->node);
    json_out_end_object(o);
}

static void put_event(struct json_out *o, const struct status_event *e)
{
    json_out_begin_object(o);
    json_out_kv_string(o, "type", e->type);
    json_out_kv_string(o, "reason", e->reason);
    json_out_kv_string(o, "kind", e->kind);
    json_out_kv_string(o, "name", e->name);
    json_out_kv_string(o, "message", e->message);
    json_out_kv_int(o, "count", e->count);
    put_time(o, "lastAt", e->last_ms);
    json_out_end_object(o);
}

static void put_facts(struct json_out *o, const struct status_cluster *c)
{
    json_out_kv_string(o, "namespace", c->ns);
    json_out_kv_string(o, "name", c->name);
    put_time(o, "createdAt", c->created_ms);
    json_out_kv_string(o, "phase", c->phase);
    json_out_kv_bool(o, "ready", c->ready);
    if (sv_present(c->wait.reason)) {
        json_out_key_object(o, "waitsFor");
        json_out_kv_string(o, "reason", c->wait.reason);
        json_out_kv_string(o, "message", c->wait.message);
        put_time(o, "since", c->wait.since_ms);
        json_out_end_object(o);
    }
    if (c->status != NULL) {
        json_out_key(o, SV("status"));
        json_out_value(o, c->status);
    }
}

void status_put_json(const struct status_cluster *c, struct strbuf *b)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    put_facts(&o, c);
    json_out_key_array(&o, "pods");
    for (size_t i = 0; i < c->n_pods; i++) {
        put_pod(&o, &c->pods[i]);
    }
    json_out_end_array(&o);
    json_out_key_array(&o, "events");
    for (size_t i = 0; i < c->n_events; i++) {
        put_event(&o, &c->events[i]);
    }
    json_out_end_array(&o);
    json_out_end_object(&o);
    strbuf_put_char(b, '\n');
}

void status_put_json_list(const struct status_cluster *clusters, size_t n, struct strbuf *b)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    json_out_key_array(&o, "clusters");
    for (size_t i = 0; i < n; i++) {
        json_out_begin_object(&o);
        put_facts(&o, &clusters[i]);
        json_out_end_object(&o);
    }
    json_out_end_array(&o);
    json_out_end_object(&o);
    strbuf_put_char(b, '\n');
}
