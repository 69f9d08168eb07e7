// SPDX-License-Identifier: Apache-2.0
#include "cli/test_case.h"

#include <stdlib.h>
#include <string.h>

#include "cli/offline.h"
#include "common/flink/cluster.h"
#include "common/json/out.h"

#define OBJECT_MAX   ((size_t)16 << 20)
#define FINDINGS_MAX 1000
#define FILES_MAX    1000

struct suite {
    const struct input_object *at;
    struct offline *offline;
    struct arena *arena;
    test_case_fn *tell;
    void *arg;
};

/// Nothing that is misspelt is passed over in silence.
static int check_members(const struct json *object, const char *const *known, const char *what,
                         struct err *err)
{
    if (json_type(object) != JSON_OBJECT) {
        return err_set(err, E_INVALID, "%s must be an object", what);
    }
    json_each(member, object) {
        const char *const *k = known;
        while (*k != NULL && !sv_eq_lit(json_key(member), *k)) {
            k++;
        }
        if (*k == NULL) {
            return err_set(err, E_INVALID, "%s has no member \"%.*s\"", what,
                           SV_ARG(json_key(member)));
        }
    }
    return 0;
}

// ---- files --------------------------------------------------------------------------------------

/// NAME as it lies beside the test's own file.
static const char *beside(const struct suite *s, struct strview name)
{
    const char *slash = strrchr(s->at->file, '/');
    bool absolute = name.len != 0 && name.ptr[0] == '/';
    int folder = absolute || slash == NULL ? 0 : (int)(slash - s->at->file + 1);
    return arena_printf(s->arena, "%.*s%.*s", folder, s->at->file, SV_ARG(name)).ptr;
}

struct finder {
    const struct suite *suite;
    const struct json *found;
    struct err err;
};

static bool take_first(void *arg, const struct input_object *o, struct arena *arena)
{
    struct finder *f = arg;
    bool foreign;
    (void)arena;
    if (!input_is_kind(o->object, FLINK_KIND, &foreign)) {
        return true;
    }
    // The file's tree goes with the file.
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(OBJECT_MAX);
    struct json_out out = JSON_OUT(&text);
    json_out_value(&out, o->object);
    if (json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, f->suite->arena, &f->found, &f->err) !=
        0) {
        f->found = NULL;
    }
    return false;
}

static void take_fault(void *arg, const char *file, const struct err *err)
{
    struct finder *f = arg;
    err_set(&f->err, E_INVALID, "%.200s: %.200s", file, err->msg);
}

/// GIVEN is a FlinkCluster, or the name of a file that has one.
static int read_cluster(const struct suite *s, const struct json *given, const struct json **ret,
                        struct err *err)
{
    *ret = given;
    if (json_type(given) == JSON_OBJECT) {
        return 0;
    }
    if (json_type(given) != JSON_STRING) {
        return err_set(err, E_INVALID, "a " FLINK_KIND ", or the name of its file, is meant");
    }
    const char *file = beside(s, json_string(given));
    struct finder f = {.suite = s};
    err_set(&f.err, E_INVALID, "%.200s has no " FLINK_KIND, file);
    struct input_handler h = {.object = take_first, .fail = take_fault, .arg = &f};
    input_read(file, &h);
    *ret = f.found;
    if (f.found == NULL) {
        *err = f.err;
        return -1;
    }
    return 0;
}

// ---- what a case is judged beside ---------------------------------------------------------------

static int open_policies(struct suite *s, const struct json *list, struct err *err)
{
    static const struct option_list NONE = {.count = 0};
    size_t n = json_count(list), i = 0;
    if (json_type(list) != JSON_ARRAY || n == 0 || n > FILES_MAX) {
        return err_set(err, E_INVALID, "policies must be a list of 1 to %d files", FILES_MAX);
    }
    const char **files = ARENA_NEW_N(s->arena, const char *, n);
    if (files == NULL) {
        return err_set(err, E_NOMEM, "no memory for a test");
    }
    json_each(file, list) {
        if (json_type(file) != JSON_STRING) {
            return err_set(err, E_INVALID, "policies[%zu] must be the name of a file", i);
        }
        files[i++] = beside(s, json_string(file));
    }
    const struct option_list policies = {.items = files, .count = n};
    return offline_open(&policies, &NONE, &s->offline, err);
}

static int see_namespaces(const struct suite *s, const struct json *namespaces, struct err *err)
{
    json_each(labels, namespaces) {
        CLEANUP(strbuf_done) struct strbuf text = STRBUF(OBJECT_MAX);
        const struct json *object = NULL;
        struct json_out out = JSON_OUT(&text);
        json_out_begin_object(&out);
        json_out_key_object(&out, "metadata");
        json_out_kv_string(&out, "name", json_key(labels));
        json_out_key(&out, SV("labels"));
        json_out_value(&out, labels);
        json_out_end_object(&out);
        json_out_end_object(&out);
        if (json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, s->arena, &object, err) != 0 ||
            offline_see_namespace(s->offline, object, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static struct strview namespace_of(const struct json *object, struct strview otherwise)
{
    struct strview ns = json_get_string(json_get_lit(object, "metadata"), SV("namespace"));
    return ns.len != 0 ? ns : otherwise.len != 0 ? otherwise : SV("default");
}

static int see_stored(const struct suite *s, const struct json *stored, struct err *err)
{
    json_each(given, stored) {
        const struct json *object;
        if (read_cluster(s, given, &object, err) != 0 ||
            offline_see(s->offline, object, namespace_of(object, SV_NONE), err) != 0) {
            return -1;
        }
    }
    return 0;
}

// ---- expectations -------------------------------------------------------------------------------

static bool lists(const struct json *list, const char *rule)
{
    json_each(item, list) {
        if (sv_eq(json_string(item), sv_from(rule))) {
            return true;
        }
    }
    return false;
}

/// What is wrong with the rules that spoke with SEVERITY, or SV_NONE. LIST absent: none.
static struct strview compare(const struct suite *s, const struct json *list,
                              const struct violations *found, enum severity severity,
                              const char *what)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct violation *v = &found->items[i];
        if (v->severity == severity && !lists(list, v->rule)) {
            return arena_printf(s->arena, "%s lacks %s, which speaks", what, v->rule);
        }
    }
    json_each(item, list) {
        size_t i = 0;
        while (i < found->count && (found->items[i].severity != severity ||
                                    !sv_eq(json_string(item), sv_from(found->items[i].rule)))) {
            i++;
        }
        if (i == found->count) {
            return arena_printf(s->arena, "%s has %.*s, which doesn't speak", what,
                                SV_ARG(json_string(item)));
        }
    }
    return SV_NONE;
}

static struct strview judge(const struct suite *s, const struct json *it,
                            const struct violations *found)
{
    bool denied = sv_eq_lit(json_get_string(it, SV("expect")), "Denied");
    if (denied != (found->denials != 0)) {
        return denied ? SV("expected Denied, but it is allowed")
                      : SV("expected Allowed, but it is denied");
    }
    static const struct {
        const char *member;
        enum severity severity;
    } LISTS[] = {{"rules", SEVERITY_DENY}, {"warns", SEVERITY_WARN}, {"audits", SEVERITY_AUDIT}};
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        const struct json *list = json_get(it, sv_from(LISTS[i].member));
        struct strview why =
            list != NULL ? compare(s, list, found, LISTS[i].severity, LISTS[i].member) : SV_NONE;
        if (sv_present(why)) {
            return why;
        }
    }
    return SV_NONE;
}

// ---- cases --------------------------------------------------------------------------------------

static int check_case(const struct json *it, struct err *err)
{
    static const char *const MEMBERS[] = {"name",  "object", "old",    "namespace", "expect",
                                          "rules", "warns",  "audits", NULL};
    static const char *const LISTS[] = {"rules", "warns", "audits"};
    if (check_members(it, MEMBERS, "a case", err) != 0) {
        return -1;
    }
    struct strview expect = json_get_string(it, SV("expect"));
    bool denied = sv_eq_lit(expect, "Denied");
    if (json_get_string(it, SV("name")).len == 0 || json_get_lit(it, "object") == NULL ||
        (!denied && !sv_eq_lit(expect, "Allowed"))) {
        return err_set(err, E_INVALID, "a case needs name, object and expect: Allowed or Denied");
    }
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        const struct json *list = json_get(it, sv_from(LISTS[i]));
        if (list != NULL && json_type(list) != JSON_ARRAY) {
            return err_set(err, E_INVALID, "%s must be a list of rules", LISTS[i]);
        }
    }
    if (denied && json_count(json_get_lit(it, "rules")) == 0) {
        return err_set(err, E_INVALID, "a case that is Denied says by which rules");
    }
    return 0;
}

static int run_case(const struct suite *s, const struct json *it, size_t index, struct err *err)
{
    const struct json *object = NULL, *old = NULL, *given = json_get_lit(it, "old");
    struct violations found = VIOLATIONS(s->arena, FINDINGS_MAX);
    struct review_context context;
    if (check_case(it, err) != 0 ||
        read_cluster(s, json_get_lit(it, "object"), &object, err) != 0 ||
        (given != NULL && read_cluster(s, given, &old, err) != 0)) {
        return -1;
    }
    struct strview ns = namespace_of(object, json_get_string(it, SV("namespace")));
    offline_context(s->offline, &context);
    if (review_write(&context, object, old, ns, &found, NULL, err) != 0) {
        return err->code != E_INVALID
                   ? -1
                   : err_set(err, E_INVALID,
                             "policies depend on the labels of namespace \"%.*s\": tell them under "
                             "namespaces",
                             SV_ARG(ns));
    }
    struct strview why = judge(s, it, &found);
    struct strview path = arena_printf(s->arena, "cases[%zu]", index);
    const struct test_case_result result = {.file = s->at->file,
                                            .line = input_line(s->at, path),
                                            .name = json_get_string(it, SV("name")),
                                            .passed = !sv_present(why),
                                            .why = why,
                                            .found = &found};
    s->tell(s->arg, &result);
    return arena_ok(s->arena) ? 0 : err_set(err, E_NOMEM, "no memory for a case");
}

static int run_suite(struct suite *s, struct err *err)
{
    static const char *const MEMBERS[] = {"apiVersion", "kind",   "metadata", "policies",
                                          "namespaces", "stored", "cases",    NULL};
    const struct json *object = s->at->object;
    const struct json *cases = json_get_lit(object, "cases");
    if (check_members(object, MEMBERS, "a " TEST_KIND, err) != 0 ||
        open_policies(s, json_get_lit(object, "policies"), err) != 0 ||
        see_namespaces(s, json_get_lit(object, "namespaces"), err) != 0 ||
        see_stored(s, json_get_lit(object, "stored"), err) != 0) {
        return -1;
    }
    if (json_type(cases) != JSON_ARRAY || json_count(cases) == 0) {
        return err_set(err, E_INVALID, "cases must be a list");
    }
    size_t i = 0;
    json_each(it, cases) {
        if (run_case(s, it, i, err) != 0) {
            return err_wrap(err, "cases[%zu]", i);
        }
        i++;
    }
    return 0;
}

int test_run(const struct input_object *o, test_case_fn *tell, void *arg, struct arena *arena,
             struct err *err)
{
    struct suite s = {.at = o, .arena = arena, .tell = tell, .arg = arg};
    int rc = run_suite(&s, err);
    offline_close(s.offline);
    return rc;
}
