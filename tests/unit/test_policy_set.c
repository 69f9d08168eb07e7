// SPDX-License-Identifier: Apache-2.0
#include "common/policy/set.h"

#include <limits.h>

#include "common/base/mem.h"
#include "common/k8s/timestamp.h"
#include "tests/unit/policy_made.h"

static struct labels labels_of(const struct label *items, size_t n)
{
    return (struct labels){.items = items, .count = n};
}

START_TEST(policy_compile__every_block_has_its_enforcement_or_the_policys)
{
    const struct policy *p = policy_of(
        "p", "{\"enforcement\":\"Warn\",\"priority\":-3,\"images\":{\"enforcement\":\"Audit\"},"
             "\"pods\":{\"hostPath\":\"Deny\",\"privileged\":\"Audit\"}}");
    ck_assert_int_eq(p->enforce.images, ENFORCE_AUDIT);
    ck_assert_int_eq(p->enforce.roles, ENFORCE_WARN);
    ck_assert_int_eq(p->enforce.pods, ENFORCE_WARN);
    ck_assert_int_eq(p->enforce.host_path, ENFORCE_DENY);
    ck_assert_int_eq(p->enforce.privileged, ENFORCE_AUDIT);
    ck_assert_int_eq(p->enforce.host_network, ENFORCE_ALLOW);
    ck_assert_int_eq(p->priority, -3);
    ck_assert_int_eq(p->generation, 7);
    p = policy_of("q", "{}");
    ck_assert_int_eq(p->enforce.storage, ENFORCE_DENY);
    ck_assert(!p->images_allowed.set && p->tag_pattern == NULL && p->n_versions == 0);
    ck_assert_str_eq(enforcement_name(ENFORCE_AUDIT), "Audit");
    ck_assert_str_eq(enforcement_name(ENFORCE_COUNT), "");
}
END_TEST

START_TEST(policy_compile__lists_keep_their_order)
{
    const struct policy *p = policy_of(
        "p", "{\"images\":{\"allowed\":[\"a.io/**\",\"b.io/x\"],\"tags\":{\"denied\":[],"
             "\"pattern\":\"{flinkVersion}*\"},\"flinkVersions\":[\"1.18..1.20\",\"2.x\"]},"
             "\"resources\":{\"taskManager\":{\"max\":{\"cpu\":\"8\",\"memory\":\"32Gi\"}},"
             "\"jobManager\":{\"default\":{\"cpu\":1}}},"
             "\"flinkConfiguration\":{\"denied\":[\"security.*\"],\"required\":{\"a.b\":1},"
             "\"defaults\":{\"x\":{\"y\":true}}},"
             "\"storage\":{\"allowed\":[\"s3://flink-{namespace}/**\"]},"
             "\"iamRoles\":{\"allowed\":[\"arn:aws:iam::123456789012:role/{namespace}/*\"]},"
             "\"pods\":{\"serviceAccounts\":[\"{name}-flink\"]}}");
    ck_assert_uint_eq(p->images_allowed.n, 2);
    ck_assert(sv_eq_lit(pattern_text(p->images_allowed.items[1]), "b.io/x"));
    ck_assert(p->tags_denied.set && p->tags_denied.n == 0);
    ck_assert_ptr_nonnull(p->tag_pattern);
    ck_assert_uint_eq(p->n_versions, 2);
    ck_assert_int_eq(p->versions[0].from.minor, 18);
    ck_assert_int_eq(p->versions[0].to.minor, 20);
    ck_assert_int_eq(p->versions[1].from.major, 2);
    ck_assert_int_eq(p->versions[1].to.minor, INT_MAX);
    ck_assert_uint_eq(p->tm_max.n, 2);
    ck_assert(sv_eq_lit(p->tm_max.items[1].text, "32Gi"));
    ck_assert_int_eq(quantity_whole(p->tm_max.items[1].value), (int64_t)32 << 30);
    ck_assert(p->jm_default.n == 1 && sv_eq_lit(p->jm_default.items[0].text, "1"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&p->conf_required, "a.b"), "1"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&p->conf_defaults, "x.y"), "true"));
    ck_assert(p->storage_allowed.n == 1 && p->roles_allowed.n == 1 && p->conf_denied.n == 1);
    ck_assert_uint_eq(p->service_accounts.n, 1);
}
END_TEST

START_TEST(policy_compile__each_fault_is_told_at_its_path)
{
    static const struct {
        const char *spec, *rule, *path, *text;
    } rows[] = {
        {"{\"images\":{\"allowed\":[\"a.io/b\",\"*\"]}}", "policy.pattern",
         "spec.images.allowed[1]", "Invalid value: \"*\": * is one part"},
        {"{\"images\":{\"tags\":{\"denied\":[\"[\"]}}}", "policy.pattern",
         "spec.images.tags.denied[0]", "a [ without"},
        {"{\"images\":{\"tags\":{\"pattern\":\"regex:(\"}}}", "policy.pattern",
         "spec.images.tags.pattern", "a ( without"},
        {"{\"images\":{\"flinkVersions\":[\"1.20\",\"1.20..1.18\"]}}", "policy.range",
         "spec.images.flinkVersions[1]", "the range is empty"},
        {"{\"iamRoles\":{\"allowed\":[\"arn:aws:iam::1:role/{flinkVersion}\"]}}", "policy.pattern",
         "spec.iamRoles.allowed[0]", "12 digits"},
        {"{\"storage\":{\"allowed\":[\"/x\"]}}", "policy.pattern", "spec.storage.allowed[0]",
         "begin with a scheme"},
        {"{\"pods\":{\"serviceAccounts\":[\"{unknown}\"]}}", "policy.pattern",
         "spec.pods.serviceAccounts[0]", "no such placeholder"},
        {"{\"flinkConfiguration\":{\"denied\":[\"{name}\"]}}", "policy.pattern",
         "spec.flinkConfiguration.denied[0]", "can't stand here"},
        {"{\"match\":{\"namespaces\":[\"\"]}}", "policy.pattern", "spec.match.namespaces[0]",
         "must not be empty"},
        {"{\"match\":{\"excludeNamespaces\":[\"a\",\"[b\"]}}", "policy.pattern",
         "spec.match.excludeNamespaces[1]", "a [ without"},
        {"{\"match\":{\"namespaceSelector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":"
         "\"In\"}]}}}",
         "policy.selector", "spec.match.namespaceSelector.matchExpressions[0].values",
         "must be specified"},
        {"{\"resources\":{\"taskManager\":{\"max\":{\"cpu\":\"x\"}}}}", "policy.quantity",
         "spec.resources.taskManager.max[cpu]", "Invalid value: \"x\""},
        {"{\"resources\":{\"jobManager\":{\"default\":{\"cpu\":\"-1\"}}}}", "policy.quantity",
         "spec.resources.jobManager.default[cpu]", "must not be negative"},
        {"{\"exempt\":[{\"namespace\":\"a\",\"name\":\"[\",\"reason\":\"r\"}]}", "policy.pattern",
         "spec.exempt[0].name", "a [ without"},
        {"{\"exempt\":[{\"namespace\":\"a\",\"name\":\"b\",\"reason\":\"r\",\"until\":\"soon\"}]}",
         "policy.time", "spec.exempt[0].until", "RFC 3339"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct violations faults = VIOLATIONS(&arena, 64);
        policy_with("p", rows[i].spec, &faults);
        ck_assert_msg(faults.count == 1, "%s: %s", rows[i].spec, violations_text(&faults));
        const struct violation *v = &faults.items[0];
        ck_assert_int_eq(v->severity, SEVERITY_DENY);
        ck_assert_str_eq(v->rule, rows[i].rule);
        ck_assert_msg(sv_eq_lit(v->path, rows[i].path), "%.*s", SV_ARG(v->path));
        ck_assert_msg(sv_find(v->message, sv_from(rows[i].text)) != SIZE_MAX, "%.*s",
                      SV_ARG(v->message));
    }
}
END_TEST

START_TEST(policy_compile__a_bad_stored_policy_lets_in_less)
{
    struct violations faults = VIOLATIONS(&arena, 64);
    const struct policy *p = policy_with(
        "p",
        "{\"match\":{\"namespaces\":[\"[\"],\"excludeNamespaces\":[\"[\"],\"namespaceSelector\":"
        "{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}},"
        "\"images\":{\"allowed\":[\"*\"],\"tags\":{\"pattern\":\"[\"},\"flinkVersions\":[\"x\"]},"
        "\"exempt\":[{\"namespace\":\"[\",\"name\":\"*\",\"reason\":\"r\"},"
        "{\"namespace\":\"*\",\"name\":\"*\",\"reason\":\"r\",\"until\":\"soon\"}]}",
        &faults);
    struct image_ref ref;
    ck_assert(image_parse(SV("a"), &arena, &ref, NULL));
    ck_assert(policy_matches(p, SV("any"), &(struct labels){0}));
    ck_assert(p->images_allowed.set && p->images_allowed.n == 1);
    ck_assert(!patterns_match_image(&p->images_allowed, &ref, NULL));
    ck_assert(p->tag_pattern != NULL && !pattern_match(p->tag_pattern, SV("["), NULL));
    ck_assert_uint_eq(p->n_versions, 1);
    ck_assert_int_gt(flink_version_cmp(p->versions[0].from, p->versions[0].to), 0);
    ck_assert_uint_eq(p->n_exempt, 0);
    ck_assert(!policy_exempts(p, SV("a"), SV("b"), "images.allowed", 0));
    ck_assert_uint_eq(faults.denials, 8);
}
END_TEST

START_TEST(policy_compile__a_full_arena_gives_no_policy)
{
    struct violations faults = VIOLATIONS(&arena, 64);
    struct flink_policy decoded;
    policy_decode(json_of(SV("{\"metadata\":{\"name\":\"p\"},\"spec\":{\"images\":{\"allowed\":"
                             "[\"a.io/**\"],\"tags\":{\"denied\":[\"latest\"]}}}}")),
                  &decoded, &faults);
    for (size_t max = 16; max < 4096; max += 64) {
        CLEANUP(arena_done) struct arena small = ARENA(max);
        const struct policy *p = policy_compile(&decoded, &small, &faults);
        ck_assert((p != NULL) == arena_ok(&small));
        ck_assert_uint_eq(faults.count, 0);
    }
}
END_TEST

START_TEST(policy_range__versions_are_read_as_written)
{
    static const struct {
        const char *text;
        int from_major, from_minor, to_major, to_minor;
    } good[] = {{"1.20", 1, 20, 1, 20},       {"2.x", 2, 0, 2, INT_MAX},
                {"1.18..1.20", 1, 18, 1, 20}, {"1.20..2.x", 1, 20, 2, INT_MAX},
                {"1.x..2.0", 1, 0, 2, 0},     {"1.20..1.20", 1, 20, 1, 20}};
    static const char *const bad[] = {
        "",      "1",    "x",         "1.20.1",        "v1_20",     "1.18..",
        "..1.2", "1..2", "1.18...20", "1.20 ",         "01.2",      "1.2..1.1",
        "*",     "1.*",  ".x",        "1.2..1.3..1.4", "2.x..1.20", "10000.x"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const char *spec =
            arena_printf(&arena, "{\"images\":{\"flinkVersions\":[\"%s\"]}}", good[i].text).ptr;
        const struct policy_versions v = policy_of("p", spec)->versions[0];
        ck_assert_msg(v.from.major == good[i].from_major && v.from.minor == good[i].from_minor &&
                          v.to.major == good[i].to_major && v.to.minor == good[i].to_minor,
                      "%s", good[i].text);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct violations faults = VIOLATIONS(&arena, 64);
        const char *spec =
            arena_printf(&arena, "{\"images\":{\"flinkVersions\":[\"%s\"]}}", bad[i]).ptr;
        policy_with("p", spec, &faults);
        ck_assert_msg(faults.denials == 1, "%s", bad[i]);
    }
}
END_TEST

START_TEST(policy_set__is_sorted_by_priority_then_name)
{
    const struct policy *policies[] = {
        policy_of("b", "{}"), policy_of("low", "{\"priority\":-1}"), policy_of("a", "{}"),
        policy_of("high", "{\"priority\":5}"),
        policy_of("c", "{\"match\":{\"namespaceSelector\":{\"matchLabels\":{\"a\":\"b\"}}},"
                       "\"iamRoles\":{\"unique\":true},\"parallelism\":{\"namespaceTotal\":3}}")};
    struct policy_set set = set_of(policies, ARRAY_LEN(policies));
    static const char *const want[] = {"high", "a", "b", "c", "low"};
    ck_assert_uint_eq(set.n, ARRAY_LEN(want));
    for (size_t i = 0; i < set.n; i++) {
        ck_assert(sv_eq_lit(set.items[i]->name, want[i]));
    }
    ck_assert(set.needs_labels && set.needs_roles && set.needs_totals);
    set = set_of(policies, 4);
    ck_assert(!set.needs_labels && !set.needs_roles && !set.needs_totals);
    set = set_of(NULL, 0);
    ck_assert_uint_eq(set.n, 0);
    CLEANUP(arena_done) struct arena small = ARENA(4);
    struct err err = {0};
    ck_assert_int_eq(policy_set_make(policies, 4, &small, &set, &err), -1);
    ck_assert_int_eq(err.code, E_NOMEM);
}
END_TEST

START_TEST(policy_set__a_failed_allocation_anywhere_is_an_error)
{
    const char *spec = "{\"images\":{\"allowed\":[\"r.io/**\"],\"tags\":{\"denied\":[\"dev\"]}},"
                       "\"parallelism\":{\"max\":4},\"pods\":{\"hostPID\":\"Deny\"}}";
    const struct policy *policies[] = {policy_of("a", spec), policy_of("b", spec),
                                       policy_of("c", "{\"parallelism\":{\"max\":5}}")};
    size_t n = 0;
    for (int rc = -1; rc != 0;) {
        CLEANUP(arena_done) struct arena own = ARENA(1 << 20);
        struct policy_set set;
        struct err err = {0};
        (void)mem_fail_after(++n);
        rc = policy_set_make(policies, ARRAY_LEN(policies), &own, &set, &err);
        (void)mem_fail_after(0);
        ck_assert_uint_lt(n, 100);
        ck_assert(rc == 0 || err.code == E_NOMEM);
        if (rc == 0) { // equal asks have equal numbers, others others
            ck_assert_uint_eq(set.items[0]->n_asks, 4);
            ck_assert_mem_eq(set.numbers[0], set.numbers[1], 4 * sizeof(uint32_t));
            ck_assert_uint_ne(set.numbers[2][0], set.numbers[0][2]);
        }
    }
    ck_assert_uint_gt(n, 1);
}
END_TEST

START_TEST(policy_matches__by_names_exclusions_and_labels)
{
    static const struct label prod_label[] = {{SV_INIT("tier"), SV_INIT("prod")}};
    const struct labels prod = labels_of(prod_label, 1), none = labels_of(NULL, 0);
    const struct policy *p = policy_of(
        "p",
        "{\"match\":{\"namespaces\":[\"team-*\",\"core\"],\"excludeNamespaces\":[\"team-x*\"]}}");
    ck_assert(policy_matches(p, SV("team-a"), NULL) && policy_matches(p, SV("core"), &none));
    ck_assert(!policy_matches(p, SV("team-x1"), &prod) && !policy_matches(p, SV("other"), &prod));
    p = policy_of("p", "{\"match\":{\"namespaceSelector\":{\"matchLabels\":{\"tier\":\"prod\"}}}}");
    ck_assert(policy_matches(p, SV("a"), &prod) && !policy_matches(p, SV("a"), &none));
    ck_assert(policy_matches(p, SV("a"), NULL)); // not known: stricter
    p = policy_of("p", "{}");
    ck_assert(policy_matches(p, SV("a"), NULL));
    p = policy_of("p", "{\"match\":{\"namespaces\":[],\"namespaceSelector\":{}}}");
    ck_assert(policy_matches(p, SV("a"), &none) && !p->match.has_selector);
}
END_TEST

START_TEST(policy_set_next__gives_those_that_match_in_their_order)
{
    static const char *const MATCHES[] = {
        "{}",
        "{\"namespaces\":[]}",
        "{\"namespaces\":[\"team-*\",\"core\"]}",
        "{\"namespaces\":[\"*\"],\"excludeNamespaces\":[\"t*\"]}",
        "{\"namespaces\":[\"?eam-a\"]}",
        "{\"namespaces\":[\"[c-t]*\"]}",
        "{\"namespaces\":[\"x\",\"regex:(team|core).*\"]}",
        "{\"namespaces\":[\"\\\\core\"]}",
        "{\"namespaces\":[\"z\"],\"namespaceSelector\":{\"matchLabels\":{\"tier\":\"prod\"}}}",
        "{\"namespaceSelector\":{\"matchLabels\":{\"tier\":\"prod\"}}}",
    };
    static const struct strview NAMES[] = {SV_INIT("team-a"), SV_INIT("core"),  SV_INIT("z"),
                                           SV_INIT("x"),      SV_INIT("other"), SV_INIT("")};
    static const struct label prod_label[] = {{SV_INIT("tier"), SV_INIT("prod")}};
    const struct labels prod = labels_of(prod_label, 1), none = labels_of(NULL, 0);
    const struct labels *const labels[] = {NULL, &prod, &none};
    const struct policy *policies[150];
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        struct strview name = arena_printf(&arena, "p%03zu", i);
        struct strview spec =
            arena_printf(&arena, "{\"match\":%s}", MATCHES[i * 7 % ARRAY_LEN(MATCHES)]);
        policies[i] = policy_of(name.ptr, spec.ptr);
    }
    for (size_t n = 0; n <= ARRAY_LEN(policies); n += 50) {
        struct policy_set set = set_of(policies, n);
        for (size_t k = 0; k < ARRAY_LEN(NAMES) * ARRAY_LEN(labels); k++) {
            struct strview ns = NAMES[k / ARRAY_LEN(labels)];
            const struct labels *known = labels[k % ARRAY_LEN(labels)];
            size_t at = 0;
            for (size_t i = 0; i < n; i++) {
                if (policy_matches(set.items[i], ns, known)) {
                    ck_assert_ptr_eq(policy_set_next(&set, ns, known, &at), set.items[i]);
                }
            }
            ck_assert_ptr_null(policy_set_next(&set, ns, known, &at));
        }
    }
}
END_TEST

START_TEST(policy_exempts__by_rule_name_and_time)
{
    const struct policy *p = policy_of(
        "p", "{\"exempt\":[{\"namespace\":\"payments\",\"name\":\"legacy-*\",\"rules\":"
             "[\"images.tags\",\"job\"],\"until\":\"2027-01-01T00:00:00Z\",\"reason\":\"r\"},"
             "{\"namespace\":\"lab-*\",\"name\":\"*\",\"reason\":\"r\"},"
             "{\"namespace\":\"empty\",\"name\":\"*\",\"rules\":[],\"reason\":\"r\"}]}");
    int64_t end = 0;
    ck_assert(timestamp_parse(SV("2027-01-01T00:00:00Z"), &end));
    const struct strview ns = SV("payments"), name = SV("legacy-a");
    ck_assert(policy_exempts(p, ns, name, "images.tags.denied", end - 1));
    ck_assert(policy_exempts(p, ns, name, "images.tags", end - 1));
    ck_assert(policy_exempts(p, ns, name, "job.jarSchemes", end - 1));
    ck_assert(!policy_exempts(p, ns, name, "images.tags.denied", end));
    ck_assert(!policy_exempts(p, ns, name, "images.tagsx", end - 1));
    ck_assert(!policy_exempts(p, ns, name, "images.allowed", end - 1));
    ck_assert(!policy_exempts(p, ns, name, "images", end - 1));
    ck_assert(!policy_exempts(p, ns, SV("legacy"), "images.tags", end - 1));
    ck_assert(!policy_exempts(p, SV("payments2"), name, "images.tags", end - 1));
    ck_assert(!policy_exempts(p, ns, SV_NONE, "images.tags", end - 1));
    ck_assert(policy_exempts(p, SV("lab-1"), SV("x"), "anything", INT64_MAX - 1));
    ck_assert(policy_exempts(p, SV("lab-1"), SV_NONE, "anything", 0));
    ck_assert(!policy_exempts(p, SV("empty"), SV("x"), "images", 0));
}
END_TEST

START_TEST(policy_role_key__is_one_for_one_identity)
{
    ck_assert(sv_eq_lit(policy_role_key(SV("ABCDEF11-2222-3333-4444-55555555555F"), &arena),
                        "abcdef11-2222-3333-4444-55555555555f"));
    ck_assert(sv_eq_lit(policy_role_key(SV("arn:aws:iam::123456789012:role/A"), &arena),
                        "arn:aws:iam::123456789012:role/A"));
    ck_assert(sv_eq_lit(policy_role_key(SV("No Role"), &arena), "No Role"));
}
END_TEST

UNIT_MAIN(setup, teardown, policy_compile__every_block_has_its_enforcement_or_the_policys,
          policy_compile__lists_keep_their_order, policy_compile__each_fault_is_told_at_its_path,
          policy_compile__a_bad_stored_policy_lets_in_less,
          policy_compile__a_full_arena_gives_no_policy, policy_range__versions_are_read_as_written,
          policy_set__is_sorted_by_priority_then_name,
          policy_set__a_failed_allocation_anywhere_is_an_error,
          policy_matches__by_names_exclusions_and_labels, policy_exempts__by_rule_name_and_time,
          policy_set_next__gives_those_that_match_in_their_order,
          policy_exempts__by_rule_name_and_time, policy_role_key__is_one_for_one_identity)
