// SPDX-License-Identifier: Apache-2.0
// For the differential tests: reads lines {"object": …, "oldObject": …} or {"podTemplate": …} and
// answers each with a line {"denied": [[rule, path], …], "warned": […]}: the verdict as the webhook
// finds it.
#include <stdio.h>
#include <stdlib.h>

#include "common/flink/decode.h"
#include "common/flink/podtemplate.h"
#include "common/json/out.h"
#include "common/policy/policy.h"

#define ARENA_MAX  ((size_t)256 << 20)
#define ANSWER_MAX ((size_t)4 << 20)
#define FAULTS_MAX 10000

static void put_faults(struct json_out *o, const char *key, enum severity severity,
                       const struct violations *faults)
{
    json_out_key_array(o, key);
    for (size_t i = 0; i < faults->count; i++) {
        if (faults->items[i].severity == severity) {
            json_out_begin_array(o);
            json_out_string(o, sv_from(faults->items[i].rule));
            json_out_string(o, faults->items[i].path);
            json_out_end_array(o);
        }
    }
    json_out_end_array(o);
}

static void judge_cluster(const struct json *pair, struct violations *faults)
{
    const struct json *old = json_get_lit(pair, "oldObject");
    struct flink_cluster now;
    struct flink_cluster was;
    struct violations ignored = VIOLATIONS(faults->arena, 0);
    flink_decode_update(json_get_lit(pair, "object"), old, &now, faults);
    if (old != NULL) {
        flink_decode(old, &was, &ignored);
    }
    flink_schema_rules(&now, old != NULL ? &was : NULL, faults);
}

static void judge_policy(const struct json *pair, struct violations *faults)
{
    struct flink_policy now;
    policy_decode_update(json_get_lit(pair, "object"), json_get_lit(pair, "oldObject"), &now,
                         faults);
}

static void judge(struct strview line, struct arena *arena, struct strbuf *out)
{
    struct json_out o = JSON_OUT(out);
    const struct json *pair;
    struct err err = {0};
    json_out_begin_object(&o);
    if (json_parse(line, &JSON_LIMITS_DEFAULT, arena, &pair, &err) != 0) {
        json_out_kv_str(&o, "error", err.msg);
        json_out_end_object(&o);
        return;
    }
    struct violations faults = VIOLATIONS(arena, FAULTS_MAX);
    const struct json *template = json_get_lit(pair, "podTemplate");
    if (template != NULL) {
        const struct path path = PATH_FIELD_OF(NULL, SV("template"));
        podtemplate_check(template, &path, "podtemplate", &faults);
    } else if (sv_eq_lit(json_get_string(json_get_lit(pair, "object"), SV("kind")), POLICY_KIND)) {
        judge_policy(pair, &faults);
    } else {
        judge_cluster(pair, &faults);
    }
    put_faults(&o, "denied", SEVERITY_DENY, &faults);
    put_faults(&o, "warned", SEVERITY_WARN, &faults);
    json_out_end_object(&o);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_MAX);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(ANSWER_MAX);
    while ((n = getline(&line, &cap, stdin)) > 0) {
        judge(sv_make(line, (size_t)n - (line[n - 1] == '\n')), &arena, &out);
        if (!strbuf_ok(&out) || puts(out.ptr) < 0 || fflush(stdout) != 0) {
            free(line);
            return EXIT_FAILURE;
        }
        strbuf_reset(&out);
        arena_reset(&arena, (size_t)1 << 20);
    }
    free(line);
    return EXIT_SUCCESS;
}
