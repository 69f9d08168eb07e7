// SPDX-License-Identifier: Apache-2.0
// The prober alone, on one JobManager of this machine, for rest_reader_test.py: prints what is
// known of it as a line of JSON whenever that changes, until its standard input ends.
//   sluice-rest-reader PORT JOB_ID|- TASK_MANAGERS [TLS_NAME [CA_FILE [CERT_FILE KEY_FILE]]]
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/parse_num.h"
#include "common/json/out.h"
#include "common/kube/client.h"
#include "controller/flink/prober.h"

#define LOOK_MS 50
#define KEY     SV("lab/c")
#define UID     SV("1")

static const char *const CONTACTS[] = {"none", "answers", "no_leader", "missed", "lost"};
static const char *const PRESENCES[] = {"unknown", "absent", "present"};

static void put_checkpoint(struct json_out *o, const char *key, const struct flink_checkpoint *c)
{
    json_out_key_object(o, key);
    json_out_kv_int(o, "id", c->id);
    json_out_kv_string(o, "path", sv_present(c->path) ? c->path : SV(""));
    json_out_kv_int(o, "size", c->size);
    json_out_kv_int(o, "completedMs", c->completed_ms);
    json_out_end_object(o);
}

static void put_job(struct json_out *o, const struct flink_job *j)
{
    json_out_key_object(o, "job");
    json_out_kv_string(o, "id", sv_present(j->id) ? j->id : SV(""));
    json_out_kv_string(o, "name", sv_present(j->name) ? j->name : SV(""));
    json_out_kv_str(o, "state", flink_job_state_name(j->state));
    json_out_kv_int(o, "startedMs", j->started_ms);
    json_out_kv_int(o, "endedMs", j->ended_ms);
    json_out_kv_int(o, "tasks", j->tasks.total);
    json_out_kv_bool(o, "running", j->running);
    json_out_kv_bool(o, "batch", j->batch);
    json_out_kv_int(o, "maxParallelism", j->max_parallelism);
    put_checkpoint(o, "checkpoint", &j->checkpoint);
    put_checkpoint(o, "restored", &j->restored);
    json_out_kv_int(o, "restarts", j->restarts);
    json_out_kv_string(o, "failure", sv_present(j->failure) ? j->failure : SV(""));
    json_out_kv_int(o, "failedMs", j->failed_ms);
    json_out_end_object(o);
}

static void print(const struct flink_observation *f)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF((size_t)1 << 20);
    struct json_out o = JSON_OUT(&text);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "contact", CONTACTS[f->contact]);
    json_out_kv_string(&o, "trouble", sv_present(f->trouble) ? f->trouble : SV(""));
    json_out_kv_bool(&o, "seen", f->seen_ms != 0);
    json_out_kv_string(&o, "version", sv_present(f->version) ? f->version : SV(""));
    json_out_kv_int(&o, "slots", f->slots);
    json_out_kv_int(&o, "slotsFree", f->slots_free);
    json_out_key_array(&o, "taskManagers");
    for (size_t i = 0; i < f->n_task_managers; i++) {
        json_out_string(&o, f->task_managers[i].id);
    }
    json_out_end_array(&o);
    json_out_kv_str(&o, "presence", PRESENCES[f->job_presence]);
    put_job(&o, &f->job);
    json_out_end_object(&o);
    printf("%s\n", text.ptr);
    fflush(stdout);
}

static bool input_ended(void)
{
    char byte;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, LOOK_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void watch(struct prober *p)
{
    const struct flink_observation *last = NULL;
    while (!input_ended()) {
        const struct flink_observation *o = prober_get(p, KEY, UID);
        if (o != NULL && (last == NULL || flink_observation_differs(last, o, true))) {
            print(o);
        }
        flink_observation_unref(last);
        last = o;
    }
    flink_observation_unref(last);
}

int main(int argc, char **argv)
{
    struct err err = {.code = E_OK};
    struct prober *p;
    uint64_t port = 0, wanted = 0;
    if (argc < 4 || !parse_u64(sv_from(argv[1]), &port) || !parse_u64(sv_from(argv[3]), &wanted)) {
        return 2;
    }
    struct prober_settings s = {.probe = {.fast_ms = 500, .slow_ms = 2000, .misses_lost = 3},
                                .timeout_ms = 5000,
                                .requests = 4,
                                .ca_file = argc > 5 ? argv[5] : NULL,
                                .cert_file = argc > 7 ? argv[6] : NULL,
                                .key_file = argc > 7 ? argv[7] : NULL,
                                .allow_loopback = true};
    struct probe_target target = {.pod = SV("jm-0"),
                                  .ip = SV("127.0.0.1"),
                                  .port = (uint16_t)port,
                                  .https = argc > 4,
                                  .tls_name = sv_from(argc > 4 ? argv[4] : NULL),
                                  .job_id = strcmp(argv[2], "-") != 0 ? sv_from(argv[2]) : SV_NONE,
                                  .task_managers = (int64_t)wanted};
    if (kube_global_init(&err) != 0 || prober_start(&s, &p, &err) != 0 ||
        prober_set(p, KEY, UID, &target, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    watch(p);
    prober_stop(p);
    return 0;
}
