// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/probe.h"

#include <string.h>

#include "controller/flink/probe_facts.h"
#include "controller/flink/shared.h"

#define BIT(endpoint) (1U << (endpoint))

// ---- life and target --------------------------------------------------------------------

int probe_init(struct probe *p, const struct probe_settings *settings, uint64_t seed,
               struct err *err)
{
    *p = (struct probe){.settings = *settings,
                        .random = seed,
                        .at = {.task_managers = FLINK_UNKNOWN},
                        .restarts = FLINK_UNKNOWN,
                        .next_ms = INT64_MAX,
                        .refresh_ms = PROBE_REFRESH_MS};
    p->seen = flink_observation_share(&FLINK_OBSERVATION_NONE);
    return p->seen != NULL ? 0 : err_set(err, E_NOMEM, "no memory for a probe");
}

void probe_done(struct probe *p)
{
    flink_observation_unref(p->seen);
    p->seen = NULL;
}

/// NEXT is what is known from now on; false: no memory, and it is as before.
static bool keep(struct probe *p, const struct flink_observation *next)
{
    const struct flink_observation *seen = flink_observation_share(next);
    if (seen == NULL) {
        return false;
    }
    flink_observation_unref(p->seen);
    p->seen = seen;
    return true;
}

const struct flink_observation *probe_observation(const struct probe *p)
{
    return p->seen;
}

/// Another process: what is known stays, until it has answered.
static void meet(struct probe *p, int64_t now_ms, int64_t wall_ms, struct flink_observation *next)
{
    p->in_round = false;
    p->todo = 0;
    p->answered = false;
    p->target_ms = now_ms;
    p->changed_ms = now_ms;
    p->details_ms = now_ms;
    p->refresh_ms = PROBE_REFRESH_MS;
    memset(p->asked_ms, 0, sizeof(p->asked_ms));
    p->next_ms = p->at.ip[0] != '\0' ? now_ms : INT64_MAX;
    next->pod = p->at.pod[0] != '\0' ? sv_from(p->at.pod) : SV_NONE;
    next->misses = 0;
    next->trouble = SV_NONE;
    if (next->contact != FLINK_CONTACT_NONE || next->contact_ms == 0) {
        next->contact = FLINK_CONTACT_NONE;
        next->contact_ms = wall_ms;
    }
}

void probe_set_address(struct probe *p, const struct probe_address *at, int64_t now_ms,
                       int64_t wall_ms, bool *ret_drop)
{
    const struct probe_address *was = &p->at;
    bool process = !probe_address_same_process(at, was);
    bool job = strcmp(at->job_id, was->job_id) != 0;
    *ret_drop = false;
    bool soon = at->task_managers != was->task_managers || at->hint != was->hint;
    p->at = *at;
    if (soon && !process) {
        int64_t by_ms = now_ms + p->settings.fast_ms;
        p->changed_ms = now_ms;
        p->hinted_ms = now_ms;
        p->next_ms = p->next_ms > by_ms && at->ip[0] != '\0' ? by_ms : p->next_ms;
    }
    if (!process && !job) {
        return;
    }
    struct flink_observation next = *p->seen;
    if (job) {
        probe_forget_job(p, &next);
    }
    *ret_drop = p->in_round;
    meet(p, now_ms, wall_ms, &next);
    (void)keep(p, &next); // without memory for it the next answer tells the same
}

// ---- when -------------------------------------------------------------------------------

static int64_t clamp(int64_t n, int64_t min, int64_t max)
{
    return n < min ? min : n > max ? max : n;
}

/// A tenth more or less, so that clusters that began together don't stay together.
static int64_t jitter(struct probe *p, int64_t ms)
{
    p->random = p->random * 6364136223846793005U + 1442695040888963407U;
    return ms - ms / 10 + (int64_t)(p->random >> 33) % (ms / 5 + 1);
}

static bool is_over(const struct flink_observation *o)
{
    return o->job_presence == FLINK_PRESENCE_PRESENT && flink_job_state_terminal(o->job.state);
}

bool probe_settled(const struct probe *p)
{
    const struct flink_observation *o = p->seen;
    if (o->contact != FLINK_CONTACT_ANSWERS) {
        return false;
    }
    bool job = p->at.job_id[0] == '\0' || is_over(o) || o->job.running;
    return job && (is_over(o) || o->task_manager_count >= p->at.task_managers);
}

bool probe_suspect(const struct probe *p)
{
    return !p->answered || p->seen->misses > 0;
}

static int64_t pause_of(const struct probe *p, int64_t now_ms)
{
    const struct probe_settings *s = &p->settings;
    unsigned misses = p->seen->misses;
    int64_t lost = s->slow_ms > PROBE_LOST_MS ? s->slow_ms : PROBE_LOST_MS;
    int64_t most = p->seen->contact == FLINK_CONTACT_LOST ? lost : s->slow_ms;
    if (!p->answered) {
        return clamp((now_ms - p->target_ms) / PROBE_EASE, s->fast_ms, most);
    }
    if (misses > 0) {
        return clamp(s->fast_ms << (misses < 16 ? misses : 16), s->fast_ms, most);
    }
    if (probe_settled(p) && now_ms >= p->details_ms && now_ms - p->hinted_ms >= PROBE_HINT_MS) {
        return s->slow_ms;
    }
    return clamp((now_ms - p->changed_ms) / PROBE_EASE, s->fast_ms, s->slow_ms);
}

// ---- what -------------------------------------------------------------------------------

bool probe_next(struct probe *p, int64_t now_ms, enum rest_endpoint *ret_endpoint,
                int64_t *ret_at_ms)
{
    *ret_at_ms = p->next_ms;
    if (p->at.ip[0] == '\0' || (!p->in_round && now_ms < p->next_ms)) {
        return false;
    }
    if (!p->in_round) {
        p->in_round = true;
        p->rounds++;
        p->by_details = false;
        p->trouble = SV_NONE;
        p->todo = BIT(REST_OVERVIEW) | (p->at.job_id[0] != '\0' ? BIT(REST_JOBS) : 0);
    }
    unsigned e = 0;
    while ((p->todo & BIT(e)) == 0) {
        e++;
    }
    *ret_endpoint = (enum rest_endpoint)e;
    return true;
}

void probe_url_put(const struct probe *p, enum rest_endpoint endpoint, struct strbuf *out)
{
    bool named = p->at.https && p->at.tls_name[0] != '\0'; // the prober connects it to the IP
    bool v6 = !named && sv_find_char(sv_from(p->at.ip), ':') != SIZE_MAX;
    strbuf_printf(out, "%s://%s%s%s:%u", p->at.https ? "https" : "http", v6 ? "[" : "",
                  named ? p->at.tls_name : p->at.ip, v6 ? "]" : "", (unsigned)p->at.port);
    rest_path_put(out, endpoint, sv_from(p->at.job_id));
}

/// Whether ENDPOINT was last answered before what it tells about had changed.
static unsigned if_stale(const struct probe *p, enum rest_endpoint endpoint)
{
    return p->asked_ms[endpoint] < p->details_ms ? BIT(endpoint) : 0;
}

/// What the answer to AFTER shows to be needed.
static unsigned wanted(const struct probe *p, enum rest_endpoint after,
                       const struct flink_observation *o)
{
    unsigned todo = 0;
    bool full = p->rounds % PROBE_FULL_EVERY == 1;
    if (after == REST_OVERVIEW) {
        todo |= p->asked_ms[REST_CONFIG] == 0 ? BIT(REST_CONFIG) : 0;
        todo |= full || !probe_lists_all(o) ? BIT(REST_TASK_MANAGERS) : 0;
    } else if ((after == REST_JOBS || (after == REST_JOB && p->by_details)) &&
               o->job_presence == FLINK_PRESENCE_PRESENT) {
        todo |= p->by_details ? 0 : if_stale(p, REST_JOB);
        todo |= if_stale(p, REST_EXCEPTIONS) | if_stale(p, REST_CHECKPOINTS);
        todo |= o->job.state == FLINK_JOB_RUNNING ? BIT(REST_CHECKPOINTS) : 0;
    }
    return todo;
}

// ---- answers ----------------------------------------------------------------------------

/// Keeps what to tell about ENDPOINT: the first trouble of a round.
static void note_trouble(struct probe *p, enum rest_endpoint endpoint, struct strview what)
{
    if (sv_present(p->trouble)) {
        return;
    }
    struct strbuf line = STRBUF(2 * FLINK_REST_TEXT_MAX);
    strbuf_printf(&line, "%s: %.*s", rest_endpoint_label(endpoint), SV_ARG(what));
    struct strview text = sv_cut(strbuf_view(&line), sizeof(p->trouble_text));
    if (text.len != 0) {
        memcpy(p->trouble_text, text.ptr, text.len);
    }
    p->trouble = sv_make(p->trouble_text, text.len);
    strbuf_done(&line);
}

static enum probe_result judge_refusal(struct probe *p, enum rest_endpoint endpoint,
                                       const struct probe_reply *reply, struct arena *scratch)
{
    struct strbuf said = STRBUF(FLINK_REST_TEXT_MAX);
    strbuf_printf(&said, "answered %d", reply->status);
    if (reply->json && !reply->too_large) {
        strbuf_put_str(&said, " ");
        rest_put_errors(&said, reply->body, scratch);
    }
    note_trouble(p, endpoint, sv_trim(strbuf_view(&said)));
    strbuf_done(&said);
    return reply->status == 503   ? PROBE_NO_LEADER
           : reply->status == 404 ? PROBE_NOT_FOUND
                                  : PROBE_REFUSED;
}

/// What REPLY is; a good one's facts go into NEXT. *RET_LARGE: it is Flink's, but too large.
static enum probe_result judge(struct probe *p, enum rest_endpoint endpoint,
                               const struct probe_reply *reply, int64_t now_ms,
                               struct arena *scratch, struct flink_observation *next,
                               bool *ret_large)
{
    struct err err = {.code = E_OK};
    if (reply->status == 0) {
        bool late = reply->err != NULL && reply->err->code == E_TIMEOUT;
        note_trouble(p, endpoint, sv_from(reply->err != NULL ? reply->err->msg : "no answer"));
        return late ? PROBE_TIMEOUT : PROBE_TRANSPORT;
    }
    if (reply->status != 200) {
        return judge_refusal(p, endpoint, reply, scratch);
    }
    if (!reply->json) {
        note_trouble(p, endpoint, SV("the answer is not JSON by its content type"));
        return PROBE_UNUSABLE;
    }
    if (reply->too_large) {
        *ret_large = true;
        note_trouble(p, endpoint, SV("the answer has more than 1 MiB"));
        return PROBE_UNUSABLE;
    }
    if (probe_read(p, endpoint, reply->body, now_ms, scratch, next, &err) != 0) {
        *ret_large = err.code == E_TOO_LARGE;
        note_trouble(p, endpoint, sv_from(err.msg));
        return PROBE_UNUSABLE;
    }
    return PROBE_OK;
}

static void set_contact(struct flink_observation *next, enum flink_contact contact, int64_t wall_ms)
{
    if (next->contact != contact) {
        next->contact = contact;
        next->contact_ms = wall_ms;
    }
}

/// The process did not show itself to be a JobManager that works.
static void miss(struct probe *p, struct flink_observation *next, int64_t now_ms, int64_t wall_ms)
{
    next->misses += next->misses < UINT32_MAX;
    bool waited = p->answered || now_ms - p->target_ms >= PROBE_START_MS;
    if (next->contact == FLINK_CONTACT_LOST) {
        return; // until it answers
    }
    if (next->misses >= p->settings.misses_lost && waited) {
        set_contact(next, FLINK_CONTACT_LOST, wall_ms);
    } else {
        set_contact(next, p->answered ? FLINK_CONTACT_MISSED : FLINK_CONTACT_NONE, wall_ms);
    }
}

/// Draws the conclusions of a failed request; whether the round goes on.
static bool conclude(struct probe *p, enum rest_endpoint endpoint, enum probe_result result,
                     bool large, int64_t now_ms, int64_t wall_ms, struct flink_observation *next)
{
    bool vital = endpoint == REST_OVERVIEW || endpoint == REST_JOBS ||
                 (endpoint == REST_JOB && p->by_details);
    if (result == PROBE_NO_LEADER) {
        p->answered = true;
        next->misses = 0;
        set_contact(next, FLINK_CONTACT_NO_LEADER, wall_ms);
        return false;
    }
    if (endpoint == REST_JOBS && large) {
        p->by_details = true; // thousands of jobs: ask for the one
        p->todo |= BIT(REST_JOB);
        return true;
    }
    if (result == PROBE_NOT_FOUND && endpoint != REST_OVERVIEW && endpoint != REST_JOBS) {
        p->trouble = SV_NONE;
        probe_not_found(p, endpoint, next);
        return true;
    }
    if (vital) {
        miss(p, next, now_ms, wall_ms);
    }
    return !vital;
}

static void end_round(struct probe *p, int64_t now_ms)
{
    p->in_round = false;
    p->todo = 0;
    p->next_ms = now_ms + jitter(p, pause_of(p, now_ms));
}

enum probe_result probe_take(struct probe *p, enum rest_endpoint endpoint,
                             const struct probe_reply *reply, int64_t now_ms, int64_t wall_ms,
                             struct arena *scratch, bool *ret_ended)
{
    struct flink_observation next = *p->seen;
    bool large = false;
    enum probe_result result = judge(p, endpoint, reply, now_ms, scratch, &next, &large);
    p->todo &= ~BIT(endpoint);
    if (result != PROBE_TIMEOUT && result != PROBE_TRANSPORT) {
        p->asked_ms[endpoint] = now_ms;
    }
    bool on = true;
    if (result != PROBE_OK) {
        on = conclude(p, endpoint, result, large, now_ms, wall_ms, &next);
    } else {
        p->todo |= wanted(p, endpoint, &next);
    }
    *ret_ended = !on || p->todo == 0;
    if (*ret_ended) {
        if (on) {
            p->answered = true;
            next.misses = 0;
            next.seen_ms = wall_ms;
            set_contact(&next, FLINK_CONTACT_ANSWERS, wall_ms);
        }
        next.trouble = p->trouble;
    }
    if (flink_observation_differs(p->seen, &next, false)) {
        p->changed_ms = now_ms;
    }
    (void)keep(p, &next); // likewise
    if (*ret_ended) {
        end_round(p, now_ms);
    }
    return result;
}
