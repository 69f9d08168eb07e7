// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/rest.h"

#include <stdlib.h>

#include "common/json/view.h"
#include "controller/flink/root_cause.h"

/// What is more is no count or size of Flink's: 2 PiB. The sum of all TaskManagers' still fits.
#define NUMBER_MAX ((int64_t)1 << 51)
/// The last millisecond of the year 9999, the last that can be written.
#define TIME_MAX INT64_C(253402300799999)

const struct json_limits REST_JSON_LIMITS = {
    .max_bytes = REST_MAX_BODY, .max_values = 60000, .max_string = REST_MAX_BODY, .max_depth = 64};

static const struct {
    const char *label, *before, *after;
} ENDPOINTS[REST_ENDPOINT_COUNT] = {
#define X(id, label_, before_, after_) [REST_##id] = {label_, before_, after_},
    REST_ENDPOINTS(X)
#undef X
};

const char *rest_endpoint_label(enum rest_endpoint endpoint)
{
    return ENDPOINTS[endpoint].label;
}

void rest_path_put(struct strbuf *out, enum rest_endpoint endpoint, struct strview job_id)
{
    strbuf_put_str(out, ENDPOINTS[endpoint].before);
    if (ENDPOINTS[endpoint].after != NULL) {
        strbuf_put(out, job_id);
        strbuf_put_str(out, ENDPOINTS[endpoint].after);
    }
}

// ---- members ----------------------------------------------------------------------------

/// One answer as it is read: the first wrong type is kept in `err`, and all goes on.
struct reader {
    struct err *err;
    struct arena *arena;
    bool wrong;
};

static bool is_none(const struct json *v)
{
    return v == NULL || json_type(v) == JSON_NULL;
}

static void wrong(struct reader *r, const struct json *v, const char *key, const char *expected)
{
    if (!r->wrong) {
        err_set(r->err, E_PARSE, "%.64s: %s expected, not %s", key, expected, json_type_name(v));
    }
    r->wrong = true;
}

/// A count, a size, a time: 0 to MAX. Flink writes -1 for what it doesn't know, too.
static int64_t get_number(struct reader *r, const struct json *o, const char *key, int64_t max,
                          int64_t unknown)
{
    const struct json *v = json_get(o, sv_from(key));
    int64_t n;
    if (is_none(v)) {
        return unknown;
    }
    if (json_type(v) != JSON_NUMBER) {
        wrong(r, v, key, "a number");
        return unknown;
    }
    return json_int(v, &n) && n >= 0 && n <= max ? n : unknown;
}

static int64_t get_count(struct reader *r, const struct json *o, const char *key)
{
    return get_number(r, o, key, NUMBER_MAX, FLINK_UNKNOWN);
}

static int64_t get_time(struct reader *r, const struct json *o, const char *key)
{
    return get_number(r, o, key, TIME_MAX, 0);
}

static struct strview get_text(struct reader *r, const struct json *o, const char *key)
{
    const struct json *v = json_get(o, sv_from(key));
    if (is_none(v)) {
        return SV_NONE;
    }
    if (json_type(v) != JSON_STRING) {
        wrong(r, v, key, "a string");
        return SV_NONE;
    }
    return json_string(v);
}

/// For people: one line, without what a terminal would obey.
static struct strview get_line(struct reader *r, const struct json *o, const char *key)
{
    struct strview text = get_text(r, o, key);
    CLEANUP(strbuf_done) struct strbuf line = STRBUF(2 * FLINK_REST_NAME_MAX);
    one_line_put(&line, text, FLINK_REST_NAME_MAX);
    return sv_present(text) ? arena_copy(r->arena, strbuf_view(&line)) : SV_NONE;
}

/// Where state is. What can't be shown and kept as it is would lead elsewhere.
static struct strview get_path(struct reader *r, const struct json *o, const char *key)
{
    struct strview text = get_text(r, o, key);
    CLEANUP(strbuf_done) struct strbuf line = STRBUF(2 * FLINK_REST_PATH_MAX);
    one_line_put(&line, text, FLINK_REST_PATH_MAX);
    return sv_eq(text, strbuf_view(&line)) ? text : SV_NONE;
}

static bool get_flag(struct reader *r, const struct json *o, const char *key)
{
    const struct json *v = json_get(o, sv_from(key));
    bool is = false;
    if (!is_none(v) && !json_bool(v, &is)) {
        wrong(r, v, key, "a boolean");
    }
    return is;
}

/// An array or object; NULL when absent.
static const struct json *get_container(struct reader *r, const struct json *o, const char *key,
                                        enum json_type type)
{
    const struct json *v = json_get(o, sv_from(key));
    if (is_none(v)) {
        return NULL;
    }
    if (json_type(v) != type) {
        wrong(r, v, key, type == JSON_ARRAY ? "an array" : "an object");
        return NULL;
    }
    return v;
}

static bool check_item(struct reader *r, const struct json *v, const char *of)
{
    if (json_type(v) != JSON_OBJECT) {
        wrong(r, v, of, "objects");
        return false;
    }
    return true;
}

static int open_answer(struct strview body, struct arena *arena, const struct json **ret,
                       struct err *err)
{
    if (json_parse(body, &REST_JSON_LIMITS, arena, ret, err) != 0) {
        return -1;
    }
    if (json_type(*ret) != JSON_OBJECT) {
        return err_set(err, E_PARSE, "an object expected, not %s", json_type_name(*ret));
    }
    return 0;
}

/// HAS is what makes it an answer of Flink's: an empty object from whomever must not mean that
/// there is nothing.
static int close_answer(const struct reader *r, bool has, const char *what)
{
    if (r->wrong) {
        return -1;
    }
    return has ? 0 : err_set(r->err, E_PARSE, "there is no %s in it", what);
}

// ---- the cluster ------------------------------------------------------------------------

int rest_decode_overview(struct strview body, struct arena *arena, struct rest_overview *ret,
                         struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    *ret = (struct rest_overview){
        .version = get_line(&r, o, "flink-version"),
        .commit = get_line(&r, o, "flink-commit"),
        .task_managers = get_count(&r, o, "taskmanagers"),
        .slots = get_count(&r, o, "slots-total"),
        .slots_free = get_count(&r, o, "slots-available"),
        .running = get_count(&r, o, "jobs-running"),
        .finished = get_count(&r, o, "jobs-finished"),
        .canceled = get_count(&r, o, "jobs-cancelled"),
        .failed = get_count(&r, o, "jobs-failed"),
    };
    return close_answer(&r, sv_present(ret->version), "flink-version");
}

int rest_decode_config(struct strview body, struct arena *arena, struct rest_config *ret,
                       struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    *ret = (struct rest_config){
        .version = get_line(&r, o, "flink-version"),
        .commit = get_line(&r, o, "flink-revision"),
        .refresh_ms = get_count(&r, o, "refresh-interval"),
    };
    return close_answer(&r, sv_present(ret->version), "flink-version");
}

static int by_id(const void *a, const void *b)
{
    const struct flink_task_manager *x = a, *y = b;
    return sv_cmp(x->id, y->id);
}

int rest_decode_task_managers(struct strview body, struct arena *arena,
                              struct rest_task_managers *ret, struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    const struct json *list = get_container(&r, o, "taskmanagers", JSON_ARRAY);
    size_t n = json_count(list);
    size_t max = n < FLINK_REST_TASK_MANAGERS_MAX ? n : FLINK_REST_TASK_MANAGERS_MAX;
    *ret = (struct rest_task_managers){.items = ARENA_NEW_N(arena, struct flink_task_manager, max),
                                       .cut = max < n};
    if (ret->items == NULL && max != 0) {
        return err_set(err, E_NOMEM, "no memory for the TaskManagers");
    }
    json_each(v, list) {
        if (ret->n == max || !check_item(&r, v, "taskmanagers")) {
            break;
        }
        struct flink_task_manager tm = {
            .id = get_text(&r, v, "id"),
            .slots = get_count(&r, v, "slotsNumber"),
            .slots_free = get_count(&r, v, "freeSlots"),
            // Its name lies: it is the time of the last heartbeat.
            .heartbeat_ms = get_time(&r, v, "timeSinceLastHeartbeat"),
        };
        if (tm.id.len != 0) {
            ret->items[ret->n++] = tm;
        }
    }
    if (ret->n > 1) {
        qsort(ret->items, ret->n, sizeof(ret->items[0]), by_id);
    }
    return close_answer(&r, list != NULL, "taskmanagers");
}

// ---- the job ----------------------------------------------------------------------------

/// The numbers of tasks by state, in lower case in both answers that have them.
static struct flink_tasks read_tasks(struct reader *r, const struct json *o)
{
    return (struct flink_tasks){
        .total = get_count(r, o, "total"),
        .running = get_count(r, o, "running"),
        .finished = get_count(r, o, "finished"),
        .scheduled = get_count(r, o, "scheduled"),
    };
}

static void read_type(struct reader *r, const struct json *o, const char *key, struct rest_job *job)
{
    struct strview type = get_text(r, o, key);
    job->typed = job->typed || sv_present(type);
    job->batch = job->batch || sv_eq_lit(type, "BATCH");
}

static struct rest_job read_job(struct reader *r, const struct json *o)
{
    struct rest_job job = {
        .found = true,
        .id = get_text(r, o, "jid"),
        .name = get_line(r, o, "name"),
        .state = flink_job_state_parse(get_text(r, o, "state")),
        .started_ms = get_time(r, o, "start-time"),
        .ended_ms = get_time(r, o, "end-time"),
        .modified_ms = get_time(r, o, "last-modification"),
        .tasks = read_tasks(r, get_container(r, o, "tasks", JSON_OBJECT)),
        .max_parallelism = FLINK_UNKNOWN,
    };
    read_type(r, o, "job-type", &job); // /jobs/:id
    read_type(r, o, "jobType", &job);  // /jobs/overview
    return job;
}

int rest_decode_jobs(struct strview body, struct strview job_id, struct arena *arena,
                     struct rest_job *ret, struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    *ret = (struct rest_job){.found = false};
    const struct json *list = get_container(&r, o, "jobs", JSON_ARRAY);
    json_each(v, list) {
        if (!check_item(&r, v, "jobs")) {
            break;
        }
        if (sv_eq(get_text(&r, v, "jid"), job_id)) {
            *ret = read_job(&r, v);
        }
    }
    return close_answer(&r, list != NULL, "jobs");
}

static void add(int64_t *sum, int64_t n, bool first)
{
    bool known = n >= 0 && (first || *sum >= 0) && (first || n <= NUMBER_MAX - *sum);
    *sum = known ? (first ? n : *sum + n) : FLINK_UNKNOWN;
}

/// /jobs/:id counts the tasks of each vertex by state, in capitals.
static void read_vertices(struct reader *r, const struct json *list, struct rest_job *job)
{
    bool first = true;
    json_each(v, list) {
        if (!check_item(r, v, "vertices")) {
            return;
        }
        const struct json *tasks = get_container(r, v, "tasks", JSON_OBJECT);
        add(&job->tasks.total, get_count(r, v, "parallelism"), first);
        add(&job->tasks.running, get_count(r, tasks, "RUNNING"), first);
        add(&job->tasks.finished, get_count(r, tasks, "FINISHED"), first);
        add(&job->tasks.scheduled, get_count(r, tasks, "SCHEDULED"), first);
        int64_t max = get_count(r, v, "maxParallelism");
        if (max > 0 && (job->max_parallelism < 0 || max < job->max_parallelism)) {
            job->max_parallelism = max;
        }
        first = false;
    }
}

int rest_decode_job(struct strview body, struct arena *arena, struct rest_job *ret, struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    *ret = read_job(&r, o);
    if (!ret->typed) { // told by itself only since 1.18
        read_type(&r, get_container(&r, o, "plan", JSON_OBJECT), "type", ret);
    }
    read_vertices(&r, get_container(&r, o, "vertices", JSON_ARRAY), ret);
    return close_answer(&r, ret->id.len != 0, "jid");
}

static struct flink_checkpoint read_completed(struct reader *r, const struct json *o)
{
    struct flink_checkpoint c = {
        .id = get_count(r, o, "id"),
        .triggered_ms = get_time(r, o, "trigger_timestamp"),
        .completed_ms = get_time(r, o, "latest_ack_timestamp"),
        .size = get_count(r, o, "state_size"),
        .path = get_path(r, o, "external_path"),
        .savepoint = get_flag(r, o, "is_savepoint"),
    };
    return c.id >= 0 ? c : FLINK_CHECKPOINT_UNKNOWN;
}

static struct flink_checkpoint read_restored(struct reader *r, const struct json *o)
{
    struct flink_checkpoint c = {
        .id = get_count(r, o, "id"),
        .completed_ms = get_time(r, o, "restore_timestamp"),
        .size = FLINK_UNKNOWN,
        .path = get_path(r, o, "external_path"),
        .savepoint = get_flag(r, o, "is_savepoint"),
    };
    return c.id >= 0 ? c : FLINK_CHECKPOINT_UNKNOWN;
}

int rest_decode_checkpoints(struct strview body, struct arena *arena, struct rest_checkpoints *ret,
                            struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    const struct json *counts = get_container(&r, o, "counts", JSON_OBJECT);
    const struct json *latest = get_container(&r, o, "latest", JSON_OBJECT);
    *ret = (struct rest_checkpoints){
        .completed = get_count(&r, counts, "completed"),
        .failed = get_count(&r, counts, "failed"),
        .last = read_completed(&r, get_container(&r, latest, "completed", JSON_OBJECT)),
        .restored = read_restored(&r, get_container(&r, latest, "restored", JSON_OBJECT)),
    };
    struct flink_checkpoint savepoint =
        read_completed(&r, get_container(&r, latest, "savepoint", JSON_OBJECT));
    if (savepoint.id > ret->last.id) {
        ret->last = savepoint;
    }
    return close_answer(&r, latest != NULL, "latest");
}

static int newest_first(const void *a, const void *b)
{
    const struct rest_failure *x = a, *y = b;
    return (x->time_ms < y->time_ms) - (x->time_ms > y->time_ms);
}

int rest_decode_exceptions(struct strview body, struct arena *arena, struct rest_exceptions *ret,
                           struct err *err)
{
    const struct json *o;
    struct reader r = {.err = err, .arena = arena};
    if (open_answer(body, arena, &o, err) != 0) {
        return -1;
    }
    *ret = (struct rest_exceptions){.n = 0};
    const struct json *list = get_container(
        &r, get_container(&r, o, "exceptionHistory", JSON_OBJECT), "entries", JSON_ARRAY);
    json_each(v, list) {
        if (ret->n == REST_MAX_EXCEPTIONS || !check_item(&r, v, "entries")) {
            break;
        }
        struct strview trace = get_text(&r, v, "stacktrace");
        struct strview name = get_text(&r, v, "exceptionName");
        ret->items[ret->n++] = (struct rest_failure){.time_ms = get_time(&r, v, "timestamp"),
                                                     .trace = trace.len != 0 ? trace : name};
    }
    if (ret->n > 1) {
        qsort(ret->items, ret->n, sizeof(ret->items[0]), newest_first);
    }
    return close_answer(&r, list != NULL, "exceptionHistory.entries");
}

void rest_put_errors(struct strbuf *out, struct strview body, struct arena *arena)
{
    const struct json *o;
    struct err ignored = {.code = E_OK};
    if (json_parse(body, &REST_JSON_LIMITS, arena, &o, &ignored) == 0) {
        root_cause_put(out, json_string(json_first(json_get_lit(o, "errors"))),
                       FLINK_REST_TEXT_MAX / 2);
    }
}
