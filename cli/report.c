// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

#include "common/flink/rules.h"
#include "common/policy/admit.h"
#include "common/policy/check.h"

#define REPORT_MAX ((size_t)64 << 20)

const char *const REPORT_FORMAT_NAMES[] = {
#define X(id, name) [REPORT_##id] = name,
    REPORT_FORMATS(X)
#undef X
        NULL};

/// How hard a finding is, in the words of each format.
static const struct {
    const char *word;  // text, JSON, GitHub's commands but for the last
    const char *level; // SARIF
} SEVERITIES[] = {
    [SEVERITY_DENY] = {"error", "error"},
    [SEVERITY_WARN] = {"warning", "warning"},
    [SEVERITY_AUDIT] = {"note", "note"},
};

const char *report_severity_word(enum severity severity)
{
    return SEVERITIES[severity].word;
}

// ---- JSON ---------------------------------------------------------------------------------------

static void put_finding_json(struct report *r, const struct input_object *o,
                             const struct violation *v)
{
    json_out_begin_object(&r->out);
    json_out_kv_str(&r->out, "severity", SEVERITIES[v->severity].word);
    json_out_kv_str(&r->out, "rule", v->rule);
    json_out_kv_string(&r->out, "policy", v->policy);
    if (v->severity == SEVERITY_DENY) {
        json_out_kv_str(&r->out, "reason", cause_reason_name(v->reason));
    }
    json_out_kv_string(&r->out, "field", v->path);
    if (o->document != NULL) {
        json_out_kv_int(&r->out, "line", input_line(o, v->path));
    }
    json_out_kv_string(&r->out, "message", v->message);
    json_out_end_object(&r->out);
}

static void put_object_json(struct report *r, const struct input_object *o,
                            const struct violations *v)
{
    const struct json *meta = json_get_lit(o->object, "metadata");
    json_out_begin_object(&r->out);
    if (o->document != NULL) {
        json_out_kv_str(&r->out, "file", o->file);
        json_out_kv_int(&r->out, "line", input_line(o, SV("")));
    }
    json_out_kv_string(&r->out, "namespace", json_get_string(meta, SV("namespace")));
    json_out_kv_string(&r->out, "name", json_get_string(meta, SV("name")));
    json_out_kv_bool(&r->out, "valid", v->denials == 0);
    json_out_key_array(&r->out, "findings");
    for (size_t i = 0; i < v->count; i++) {
        put_finding_json(r, o, &v->items[i]);
    }
    json_out_end_array(&r->out);
    json_out_end_object(&r->out);
}

// ---- SARIF --------------------------------------------------------------------------------------

static void put_rule_sarif(struct report *r, const char *id, const char *summary, const char *why)
{
    json_out_begin_object(&r->out);
    json_out_kv_str(&r->out, "id", id);
    json_out_key_object(&r->out, "shortDescription");
    json_out_kv_str(&r->out, "text", summary);
    json_out_end_object(&r->out);
    json_out_key_object(&r->out, "help");
    json_out_kv_str(&r->out, "text", why);
    json_out_end_object(&r->out);
    json_out_end_object(&r->out);
}

static void begin_sarif(struct report *r)
{
    size_t n;
    json_out_kv_str(&r->out, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_out_kv_str(&r->out, "version", "2.1.0");
    json_out_key_array(&r->out, "runs");
    json_out_begin_object(&r->out);
    json_out_key_object(&r->out, "tool");
    json_out_key_object(&r->out, "driver");
    json_out_kv_str(&r->out, "name", "sluice");
    json_out_kv_str(&r->out, "version", SLUICE_VERSION);
    json_out_key_array(&r->out, "rules");
    const struct flink_rule_info *own = flink_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        put_rule_sarif(r, own[i].id, own[i].summary, own[i].why);
    }
    const struct policy_rule_info *of_policies = policy_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        put_rule_sarif(r, of_policies[i].id, of_policies[i].summary, of_policies[i].why);
    }
    const struct policy_admit_info *policies_own = policy_admit_infos(&n);
    for (size_t i = 0; i < n; i++) {
        put_rule_sarif(r, policies_own[i].id, policies_own[i].summary, policies_own[i].why);
    }
    json_out_end_array(&r->out);
    json_out_end_object(&r->out);
    json_out_end_object(&r->out);
    json_out_key_array(&r->out, "results");
}

/// FILE as a relative URI reference (RFC 3986): what isn't unreserved or a slash is escaped.
static void put_uri(struct report *r, const char *file)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(16384);
    for (const char *c = strcmp(file, "-") == 0 ? "stdin" : file; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~/", *c) != NULL;
        if (plain) {
            strbuf_put_char(&b, *c);
        } else {
            strbuf_printf(&b, "%%%02X", (unsigned char)*c);
        }
    }
    json_out_kv_string(&r->out, "uri", strbuf_view(&b));
}

static void put_result_sarif(struct report *r, const struct input_object *o,
                             const struct violation *v)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(8192);
    strbuf_printf(&text, "%.*s%s%.*s", SV_ARG(v->path), v->path.len != 0 ? ": " : "",
                  SV_ARG(v->message));
    json_out_begin_object(&r->out);
    json_out_kv_str(&r->out, "ruleId", v->rule);
    json_out_kv_str(&r->out, "level", SEVERITIES[v->severity].level);
    json_out_key_object(&r->out, "message");
    json_out_kv_string(&r->out, "text", strbuf_view(&text));
    json_out_end_object(&r->out);
    json_out_key_array(&r->out, "locations");
    json_out_begin_object(&r->out);
    json_out_key_object(&r->out, "physicalLocation");
    json_out_key_object(&r->out, "artifactLocation");
    put_uri(r, o->file);
    json_out_end_object(&r->out);
    json_out_key_object(&r->out, "region");
    json_out_kv_int(&r->out, "startLine", input_line(o, v->path));
    json_out_end_object(&r->out);
    json_out_end_object(&r->out);
    json_out_end_object(&r->out);
    json_out_end_array(&r->out);
    json_out_end_object(&r->out);
}

// ---- GitHub -------------------------------------------------------------------------------------

// Source: GitHub, "Workflow commands for GitHub Actions".

/// A command's text, or the value of one of its PROPERTIES, in which more is escaped.
static void print_escaped(struct strview s, bool property)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','))) {
            printf("%%%02X", (unsigned char)c);
        } else {
            putchar(c);
        }
    }
}

static void print_github(const struct input_object *o, const struct violation *v)
{
    printf("::%s file=", v->severity == SEVERITY_AUDIT ? "notice" : SEVERITIES[v->severity].word);
    print_escaped(sv_from(o->file), true);
    printf(",line=%u,title=", input_line(o, v->path));
    print_escaped(sv_from(v->rule), true);
    printf("::");
    print_escaped(v->path, false);
    printf("%s", v->path.len != 0 ? ": " : "");
    print_escaped(v->message, false);
    printf("\n");
}

// ---- text ---------------------------------------------------------------------------------------

/// Where that is: "file:line: ", of an object of no file only its name.
static void print_place(const struct input_object *o, struct strview path)
{
    if (o->document != NULL) {
        printf("%s:%u: ", o->file, input_line(o, path));
    } else {
        printf("%s: ", o->file);
    }
}

static void print_object(const struct report *r, const struct input_object *o,
                         const struct violations *v)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct violation *it = &v->items[i];
        print_place(o, it->path);
        printf("%s: %.*s%s%.*s\n", SEVERITIES[it->severity].word, SV_ARG(it->path),
               it->path.len != 0 ? ": " : "", SV_ARG(it->message));
    }
    if (v->dropped != 0) {
        printf("%s: and %zu more\n", o->file, v->dropped);
    }
    if (v->count == 0 && !r->quiet) {
        struct strview name = json_get_string(json_get_lit(o->object, "metadata"), SV("name"));
        print_place(o, SV(""));
        printf("ok: %.*s\n", SV_ARG(name));
    }
}

static void print_summary(const struct report *r, size_t unreadable)
{
    if (r->checked == 0 && unreadable == 0) {
        fprintf(stderr, "%s: no FlinkCluster and no FlinkPolicy found\n", r->program);
    } else if (!r->quiet || r->faults != 0) {
        printf("%zu object%s checked, %zu with faults: %zu error%s, %zu warning%s", r->checked,
               r->checked == 1 ? "" : "s", r->faulty, r->faults, r->faults == 1 ? "" : "s",
               r->warnings, r->warnings == 1 ? "" : "s");
        if (r->notes != 0) {
            printf(", %zu note%s", r->notes, r->notes == 1 ? "" : "s");
        }
        printf("\n");
    }
}

// ---- all ----------------------------------------------------------------------------------------

void report_begin(struct report *r, const char *program, const char *format, bool quiet)
{
    *r = (struct report){.quiet = quiet, .program = program, .text = STRBUF(REPORT_MAX)};
    while (strcmp(format, REPORT_FORMAT_NAMES[r->format]) != 0) {
        r->format++;
    }
    r->out = JSON_OUT(&r->text);
    if (r->format == REPORT_JSON || r->format == REPORT_SARIF) {
        json_out_begin_object(&r->out);
    }
    if (r->format == REPORT_JSON) {
        json_out_key_array(&r->out, "objects");
    } else if (r->format == REPORT_SARIF) {
        begin_sarif(r);
    }
}

void report_object(struct report *r, const struct input_object *o, const struct violations *v)
{
    r->checked++;
    r->faulty += v->denials != 0;
    r->faults += v->denials;
    r->notes += v->audits;
    r->warnings += v->count + v->dropped - v->denials - v->audits;
    switch (r->format) {
    case REPORT_JSON:
        put_object_json(r, o, v);
        return;
    case REPORT_SARIF:
        for (size_t i = 0; i < v->count; i++) {
            put_result_sarif(r, o, &v->items[i]);
        }
        return;
    case REPORT_GITHUB:
        for (size_t i = 0; i < v->count; i++) {
            print_github(o, &v->items[i]);
        }
        return;
    case REPORT_TEXT:
    case REPORT_FORMAT_COUNT:
        print_object(r, o, v);
        return;
    }
}

static void finish_json(struct report *r, size_t unreadable)
{
    json_out_end_array(&r->out);
    if (r->format == REPORT_SARIF) {
        json_out_end_object(&r->out);
        json_out_end_array(&r->out);
    } else {
        json_out_kv_int(&r->out, "checked", (int64_t)r->checked);
        json_out_kv_int(&r->out, "invalid", (int64_t)r->faulty);
        json_out_kv_int(&r->out, "unreadable", (int64_t)unreadable);
    }
    json_out_end_object(&r->out);
}

int report_end(struct report *r, size_t unreadable)
{
    int rc = 0;
    if (r->format == REPORT_TEXT || r->format == REPORT_GITHUB) {
        print_summary(r, unreadable);
    } else {
        finish_json(r, unreadable);
        if (strbuf_ok(&r->text)) {
            printf("%s\n", r->text.ptr);
        } else {
            fprintf(stderr, "%s: the report is larger than %zu bytes\n", r->program, REPORT_MAX);
            rc = -1;
        }
    }
    strbuf_done(&r->text);
    return rc;
}
