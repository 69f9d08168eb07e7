// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/lease.h"

#include <inttypes.h>

#include "common/json/out.h"
#include "common/k8s/timestamp.h"

const struct lease_times LEASE_TIMES_DEFAULT = {
    .duration_ms = 15000, .renew_deadline_ms = 10000, .retry_ms = 2000};

static bool is_none(const struct json *v)
{
    return json_type(v) == JSON_ABSENT || json_type(v) == JSON_NULL;
}

static int read_text(const struct json *object, const char *key, char *to, size_t max,
                     struct err *err)
{
    const struct json *v = json_get(object, sv_from(key));
    struct strview s = json_string(v);
    if (!is_none(v) && !sv_present(s)) {
        return err_set(err, E_INVALID, "lease: %s must be a string", key);
    }
    // A NUL would end our copy, and make two holders look like one.
    if (s.len > max || sv_find_char(s, '\0') != SIZE_MAX) {
        return err_set(err, E_INVALID, "lease: %s must be no more than %zu plain bytes", key, max);
    }
    if (s.len != 0) {
        memcpy(to, s.ptr, s.len);
    }
    to[s.len] = '\0';
    return 0;
}

static int read_number(const struct json *spec, const char *key, int32_t *ret, struct err *err)
{
    const struct json *v = json_get(spec, sv_from(key));
    int64_t n = 0;
    if (!is_none(v) && (!json_int(v, &n) || n < 0 || n > INT32_MAX)) {
        return err_set(err, E_INVALID, "lease: %s must be a number from 0 to %" PRId32, key,
                       INT32_MAX);
    }
    *ret = (int32_t)n;
    return 0;
}

static int read_time(const struct json *spec, const char *key, int64_t *ret, struct err *err)
{
    const struct json *v = json_get(spec, sv_from(key));
    *ret = 0;
    if (!is_none(v) && !timestamp_parse_us(json_string(v), ret)) {
        return err_set(err, E_INVALID, "lease: %s must be a time", key);
    }
    return 0;
}

int lease_read(const struct json *v, struct lease *ret, struct err *err)
{
    const struct json *meta = json_get_lit(v, "metadata");
    const struct json *spec = json_get_lit(v, "spec");
    *ret = (struct lease){0};
    if (!sv_eq(json_get_string(v, SV("kind")), SV("Lease"))) {
        return err_set(err, E_INVALID, "lease: not an object of kind Lease");
    }
    if (read_text(meta, "resourceVersion", ret->resource_version, LEASE_VERSION_MAX, err) < 0 ||
        read_text(spec, "holderIdentity", ret->holder, LEASE_IDENTITY_MAX, err) < 0 ||
        read_number(spec, "leaseDurationSeconds", &ret->duration_s, err) < 0 ||
        read_number(spec, "leaseTransitions", &ret->transitions, err) < 0 ||
        read_time(spec, "acquireTime", &ret->acquire_us, err) < 0 ||
        read_time(spec, "renewTime", &ret->renew_us, err) < 0) {
        return -1;
    }
    return 0;
}

static void put_time(struct json_out *o, const char *key, int64_t us)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(32);
    if (us != 0) {
        timestamp_put_us(&text, us);
        json_out_kv_string(o, key, strbuf_view(&text));
    }
    if (!strbuf_ok(&text)) {
        o->buf->failed = true;
    }
}

void lease_put(struct strbuf *b, struct strview namespace_, struct strview name,
               const struct lease *l)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "apiVersion", "coordination.k8s.io/v1");
    json_out_kv_str(&o, "kind", "Lease");
    json_out_key_object(&o, "metadata");
    json_out_kv_string(&o, "name", name);
    json_out_kv_string(&o, "namespace", namespace_);
    if (l->resource_version[0] != '\0') {
        json_out_kv_str(&o, "resourceVersion", l->resource_version);
    }
    json_out_end_object(&o);
    json_out_key_object(&o, "spec");
    json_out_kv_str(&o, "holderIdentity", l->holder);
    json_out_kv_int(&o, "leaseDurationSeconds", l->duration_s);
    put_time(&o, "acquireTime", l->acquire_us);
    put_time(&o, "renewTime", l->renew_us);
    json_out_kv_int(&o, "leaseTransitions", l->transitions);
    json_out_end_object(&o);
    json_out_end_object(&o);
}

int elector_init(struct elector *e, struct strview identity, const struct lease_times *times,
                 struct err *err)
{
    if (identity.len == 0 || identity.len > LEASE_IDENTITY_MAX) {
        return err_set(err, E_INVALID, "identity must have 1 to %d bytes", LEASE_IDENTITY_MAX);
    }
    // Whole seconds go into the record, at least one.
    if (times->retry_ms <= 0 || times->retry_ms >= times->renew_deadline_ms ||
        times->renew_deadline_ms >= times->duration_ms || times->duration_ms < 1000 ||
        times->duration_ms / 1000 >= INT32_MAX) {
        return err_set(err, E_INVALID,
                       "retry period < renew deadline < lease duration (1 s or more) must hold");
    }
    *e = (struct elector){.times = *times};
    memcpy(e->identity, identity.ptr, identity.len);
    return 0;
}

static bool is_mine(const struct elector *e, const struct lease *l)
{
    return strcmp(e->identity, l->holder) == 0;
}

static bool same_record(const struct lease *a, const struct lease *b)
{
    return strcmp(a->holder, b->holder) == 0 && a->acquire_us == b->acquire_us &&
           a->renew_us == b->renew_us && a->duration_s == b->duration_s &&
           a->transitions == b->transitions;
}

/// The clock of a lease starts anew only when its record changed, not its labels.
static void observe(struct elector *e, const struct lease *l, int64_t now_ms)
{
    if (!e->observed || !same_record(&e->seen, l)) {
        e->seen_ms = now_ms;
    }
    e->seen = *l;
    e->observed = true;
}

static bool is_held_by_another(const struct elector *e, int64_t now_ms)
{
    return e->seen.holder[0] != '\0' && !is_mine(e, &e->seen) &&
           now_ms - e->seen_ms < (int64_t)e->seen.duration_s * 1000;
}

bool elector_leads(const struct elector *e, int64_t now_ms)
{
    return e->leads && now_ms - e->renewed_ms < e->times.renew_deadline_ms;
}

/// The record that says "we, now": a continued term keeps its beginning and its count.
static struct lease next_record(const struct elector *e, bool create, int64_t wall_us)
{
    // Rounded up: the others must not come before our own deadline.
    struct lease l = {.acquire_us = wall_us,
                      .renew_us = wall_us,
                      .duration_s = (int32_t)((e->times.duration_ms + 999) / 1000)};
    memcpy(l.holder, e->identity, sizeof(l.holder));
    if (create) {
        return l;
    }
    memcpy(l.resource_version, e->seen.resource_version, sizeof(l.resource_version));
    l.transitions = e->seen.transitions;
    if (is_mine(e, &e->seen)) {
        l.acquire_us = e->seen.acquire_us;
    } else if (l.transitions < INT32_MAX) {
        l.transitions++;
    }
    return l;
}

static void call(struct elector *e, enum lease_call what, int64_t now_ms, int64_t wall_us,
                 struct lease_output *out)
{
    e->pending = what;
    e->sent_ms = now_ms;
    out->call = what;
    if (what == LEASE_CALL_CREATE || what == LEASE_CALL_UPDATE) {
        out->write = next_record(e, what == LEASE_CALL_CREATE, wall_us);
    }
}

static void lose(struct elector *e, int64_t now_ms, struct lease_output *out)
{
    e->leads = false;
    e->retry_ms = now_ms + e->times.retry_ms;
    out->lost = true;
}

/// What a GET gave.
static void after_get(struct elector *e, enum lease_answer answer, const struct lease *l,
                      int64_t now_ms, int64_t wall_us, struct lease_output *out)
{
    e->retry_ms = now_ms + e->times.retry_ms;
    if (answer == LEASE_ANSWER_NOT_FOUND && !e->leads) {
        call(e, LEASE_CALL_CREATE, now_ms, wall_us, out);
        return;
    }
    if (answer == LEASE_ANSWER_OK) {
        observe(e, l, now_ms);
    }
    // Who deletes the Lease or takes it out of our hand has ended our term: another may lead by
    // now.
    if (e->leads && (answer == LEASE_ANSWER_NOT_FOUND ||
                     (answer == LEASE_ANSWER_OK && !is_mine(e, &e->seen)))) {
        lose(e, now_ms, out);
    } else if (answer == LEASE_ANSWER_OK && !is_held_by_another(e, now_ms)) {
        call(e, LEASE_CALL_UPDATE, now_ms, wall_us, out);
    }
}

/// What a POST or PUT gave.
static void after_write(struct elector *e, enum lease_answer answer, const struct lease *l,
                        int64_t now_ms, int64_t wall_us, struct lease_output *out)
{
    e->retry_ms = now_ms + e->times.retry_ms;
    if (answer == LEASE_ANSWER_OK && is_mine(e, l)) {
        observe(e, l, now_ms);
        if (now_ms - e->sent_ms >= e->times.renew_deadline_ms) {
            return; // our time stood still behind the call: this is no news
        }
        // Counted from before the call: the others count from after it.
        e->renewed_ms = e->sent_ms;
        out->gained = !e->leads;
        e->leads = true;
    } else if (e->leads && answer != LEASE_ANSWER_FAILED) {
        // We lead by what we last saw, which is not the last version: look at once.
        call(e, LEASE_CALL_GET, now_ms, wall_us, out);
    }
}

struct lease_output lease_step(struct elector *e, enum lease_answer answer,
                               const struct lease *lease, int64_t now_ms, int64_t wall_us)
{
    struct lease_output out = {.call = LEASE_CALL_NONE};
    enum lease_call pending = e->pending;
    if (e->leads && !elector_leads(e, now_ms)) {
        // Too late, whatever the call under way says: a gap in our time may lie before its answer.
        e->pending = LEASE_CALL_NONE;
        lose(e, now_ms, &out);
    } else if (pending != LEASE_CALL_NONE && answer != LEASE_ANSWER_NONE) {
        e->pending = LEASE_CALL_NONE;
        if (pending == LEASE_CALL_GET) {
            after_get(e, answer, lease, now_ms, wall_us, &out);
        } else {
            after_write(e, answer, lease, now_ms, wall_us, &out);
        }
    } else if (pending == LEASE_CALL_NONE && now_ms >= e->retry_ms) {
        call(e, e->leads ? LEASE_CALL_UPDATE : LEASE_CALL_GET, now_ms, wall_us, &out);
    }
    out.leads = elector_leads(e, now_ms);
    int64_t due = e->pending == LEASE_CALL_NONE ? e->retry_ms : e->sent_ms + e->times.retry_ms;
    int64_t deadline = e->renewed_ms + e->times.renew_deadline_ms;
    due = due > now_ms ? due : now_ms + e->times.retry_ms;
    out.next_ms = e->leads && deadline < due ? deadline : due;
    return out;
}

bool elector_release(struct elector *e, int64_t now_ms, int64_t wall_us, struct lease *ret)
{
    if (!elector_leads(e, now_ms)) {
        e->leads = false;
        return false;
    }
    *ret = e->seen;
    ret->holder[0] = '\0';
    ret->duration_s = 1;
    ret->acquire_us = wall_us;
    ret->renew_us = wall_us;
    e->leads = false;
    e->pending = LEASE_CALL_NONE;
    return true;
}
