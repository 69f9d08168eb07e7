// SPDX-License-Identifier: Apache-2.0
#include "certs/secret_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/overview.h"
#include "certs/policy.h"
#include "certs/webhook_publisher.h"
#include "common/base/base64.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

#define NOW         INT64_C(1800000000000)
#define ONE_OF_NONE "{\"webhooks\":[{\"name\":\"a.b.c\",\"clientConfig\":{}}]}"
#define SECRETS     "/api/v1/namespaces/sluice-system/secrets"
#define SECRET      SECRETS "/sluice-webhook-ca"
#define WEBHOOKS    "/apis/admissionregistration.k8s.io/v1/"
#define MUTATING    WEBHOOKS "mutatingwebhookconfigurations/sluice"
#define VALIDATING                                                                                 \
    WEBHOOKS                                                                                       \
    "validatingwebhookconfigurations/sluice"

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube *kube;
static struct secret_store store;
static struct webhook_publisher publisher;
static struct certs_material ca, loaded;
static struct strbuf secret_text;
static struct strbuf served[2]; // what the stub answers, as long as it is there
static struct stub_seen seen;
static struct arena arena;
static struct err err;
static char dir[64];

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "token");
    ck_assert_int_eq(kube_open(config, NULL, &kube, &err), 0);
    secret_store_init(&store, kube, SV("sluice-system"), SV("sluice-webhook-ca"));
    webhook_publisher_init(&publisher, kube, SV("sluice"), SV("sluice"));
    ca = loaded = CERTS_MATERIAL;
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_CA_LIFE_MS, &ca.cert, &ca.key, &err), 0);
    strbuf_put(&ca.bundle, strbuf_view(&ca.cert));
    secret_text = STRBUF(65536);
    served[0] = served[1] = STRBUF(CERTS_PEM_MAX);
    arena = ARENA((size_t)1 << 20);
    err = (struct err){0};
}

static void teardown(void)
{
    char command[128];
    kube_close(kube);
    kube_config_free(config);
    stub_free(stub);
    certs_material_done(&ca);
    certs_material_done(&loaded);
    strbuf_done(&secret_text);
    strbuf_done(&served[0]);
    strbuf_done(&served[1]);
    arena_done(&arena);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static void answer(const char *method, const char *path, int status, const char *body)
{
    stub_add(stub, &(struct stub_answer){
                       .method = method, .path = path, .status = status, .body = sv_from(body)});
}

static int load(void)
{
    certs_material_done(&loaded);
    return store.store.load(store.store.ctx, &loaded, &err);
}

static void put_member(const char *key, struct strview value)
{
    strbuf_printf(&secret_text, "\"%s\":\"", key);
    base64_put(&secret_text, value);
    strbuf_put_str(&secret_text, "\"");
}

/// What the API server would answer for the Secret.
static const char *secret_json(struct strview cert, struct strview key, struct strview bundle)
{
    strbuf_reset(&secret_text);
    strbuf_put_str(&secret_text, "{\"kind\":\"Secret\",\"metadata\":{\"resourceVersion\":\"77\"},"
                                 "\"data\":{");
    put_member("tls.crt", cert);
    strbuf_put_char(&secret_text, ',');
    put_member("tls.key", key);
    strbuf_put_char(&secret_text, ',');
    put_member("ca.crt", bundle);
    strbuf_put_str(&secret_text, "}}");
    return secret_text.ptr;
}

/// The body of the Nth request, parsed.
static const struct json *body_of(size_t n)
{
    const struct json *v;
    ck_assert(stub_seen(stub, n, &seen));
    if (json_parse(sv_from(seen.body), &JSON_LIMITS_DEFAULT, &arena, &v, &err) < 0) {
        ck_abort_msg("%s: %s", err.msg, seen.body);
    }
    return v;
}

START_TEST(certs_secret__what_is_not_there_is_no_error)
{
    answer("GET", SECRET, 404, "{\"kind\":\"Status\",\"code\":404}");
    ck_assert_int_eq(load(), 0);
    ck_assert_str_eq(loaded.version, "");
}
END_TEST

START_TEST(certs_secret__a_ca_is_read_with_its_version)
{
    answer("GET", SECRET, 200,
           secret_json(strbuf_view(&ca.cert), strbuf_view(&ca.key), strbuf_view(&ca.bundle)));
    if (load() < 0) {
        ck_abort_msg("%s", err.msg);
    }
    ck_assert_str_eq(loaded.version, "77");
    ck_assert(sv_eq(strbuf_view(&loaded.key), strbuf_view(&ca.key)));
    ck_assert(sv_eq(strbuf_view(&loaded.bundle), strbuf_view(&ca.bundle)));
}
END_TEST

START_TEST(certs_secret__an_empty_secret_waits_to_be_filled)
{
    answer("GET", SECRET, 200, "{\"metadata\":{\"resourceVersion\":\"5\"}}");
    ck_assert_int_eq(load(), 0);
    ck_assert_str_eq(loaded.version, "5");
    ck_assert_uint_eq(loaded.cert.len, 0);
}
END_TEST

START_TEST(certs_secret__foreign_torn_and_damaged_content_is_refused)
{
    struct certs_material other = CERTS_MATERIAL;
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &other.cert, &other.key, &err), 0);
    static const char *const bodies[] = {
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"data\":{\"tls.crt\":\"***\"}}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"data\":{\"tls.crt\":\"aGVsbG8=\"}}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"data\":{\"tls.key\":\"aGVsbG8=\"}}",
        "{\"metadata\":{},\"data\":{}}",
        "{\"metadata\":7,\"data\":[]}",
        "[]",
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        stub_add(stub, &(struct stub_answer){.times = 1, .body = sv_from(bodies[i])});
        ck_assert_msg(load() == -1, "%s", bodies[i]);
        ck_assert_ptr_nonnull(strstr(err.msg, "sluice-webhook-ca"));
    }
    answer("GET", SECRET, 200,
           secret_json(strbuf_view(&ca.cert), strbuf_view(&other.key), strbuf_view(&ca.bundle)));
    ck_assert_int_eq(load(), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "does not belong"));
    certs_material_done(&other);
}
END_TEST

START_TEST(certs_secret__a_server_that_refuses_is_an_error)
{
    answer("GET", SECRET, 403, "{\"kind\":\"Status\",\"code\":403}");
    ck_assert_int_eq(load(), -1);
    ck_assert_int_eq(err.code, E_DENIED);
}
END_TEST

START_TEST(certs_secret__a_new_one_is_created_and_a_lost_race_told)
{
    stub_add(stub,
             &(struct stub_answer){
                 .method = "POST", .path = SECRETS, .times = 1, .status = 201, .body = SV("{}")});
    answer("POST", SECRETS, 409, "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"code\":409}");
    ck_assert_int_eq(store.store.save(store.store.ctx, &ca, &err), 0);
    const struct json *v = body_of(0);
    ck_assert(sv_eq_lit(json_get_string(v, SV("type")), "kubernetes.io/tls"));
    ck_assert(
        sv_eq_lit(json_string(json_get_path(v, "metadata", "name", NULL)), "sluice-webhook-ca"));
    struct strview cert;
    ck_assert(base64_decode(json_string(json_get_path(v, "data", "tls.crt", NULL)), &arena, &cert));
    ck_assert(sv_eq(cert, strbuf_view(&ca.cert)));
    ck_assert_int_eq(store.store.save(store.store.ctx, &ca, &err), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
}
END_TEST

START_TEST(certs_secret__an_old_one_is_patched_with_the_version_that_was_read)
{
    answer("PATCH", SECRET, 200, "{}");
    snprintf(ca.version, sizeof(ca.version), "77");
    ck_assert_int_eq(store.store.save(store.store.ctx, &ca, &err), 0);
    const struct json *v = body_of(0);
    ck_assert_str_eq(seen.content_type, "application/merge-patch+json");
    ck_assert(sv_eq_lit(json_string(json_get_path(v, "metadata", "resourceVersion", NULL)), "77"));
    ck_assert_ptr_null(json_get_lit(v, "type"));
}
END_TEST

START_TEST(certs_secret__the_notes_of_a_change_are_annotations)
{
    // A Secret that somebody annotated with kubectl.
    secret_json(strbuf_view(&ca.cert), strbuf_view(&ca.key), strbuf_view(&ca.bundle));
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(65536);
    strbuf_put_str(&text, "{\"metadata\":{\"resourceVersion\":\"77\",\"annotations\":{"
                          "\"sluice.dev/published-at\":\"2027-01-15T08:00:00.5Z\","
                          "\"sluice.dev/switched-at\":\"rubbish\",\"sluice.dev/rotate\":\"\","
                          "\"sluice.dev/rotate-leaves\":\"x\"}},");
    strbuf_put_str(&text, strstr(secret_text.ptr, "\"data\""));
    answer("GET", SECRET, 200, text.ptr);
    ck_assert_int_eq(load(), 0);
    ck_assert_int_eq(loaded.published_ms, NOW + 500);
    ck_assert_int_eq(loaded.switched_ms, 0);
    ck_assert(loaded.rotate);
    ck_assert_str_eq(loaded.leaves_wanted, "x");
    loaded.rotate = false;
    answer("PATCH", SECRET, 200, "{}");
    ck_assert_int_eq(store.store.save(store.store.ctx, &loaded, &err), 0);
    const struct json *notes = json_get_path(body_of(1), "metadata", "annotations", NULL);
    ck_assert(sv_eq_lit(json_get_string(notes, SV("sluice.dev/published-at")),
                        "2027-01-15T08:00:00.500000Z"));
    ck_assert_int_eq(json_type(json_get_lit(notes, "sluice.dev/rotate")), JSON_NULL);
    ck_assert_int_eq(json_type(json_get_lit(notes, "sluice.dev/switched-at")), JSON_NULL);
    ck_assert(sv_eq_lit(json_get_string(notes, SV("sluice.dev/rotate-leaves")), "x"));
}
END_TEST

static void put_configuration(struct strbuf *b, struct strview bundle)
{
    strbuf_put_str(b, "{\"webhooks\":[{\"name\":\"a.b.c\",\"clientConfig\":{\"caBundle\":\"");
    base64_put(b, bundle);
    strbuf_put_str(b, "\"}}]}");
}

START_TEST(certs_publisher__a_look_tells_who_is_trusted)
{
    static const char *const NAMES[] = {"localhost"};
    struct certs_material other = CERTS_MATERIAL;
    struct certs_published p;
    CLEANUP(strbuf_done) struct strbuf leaf = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_done) struct strbuf key = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_done) struct strbuf both = STRBUF(CERTS_PEM_MAX);
    struct strbuf *one = &served[0], *two = &served[1];
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &other.cert, &other.key, &err), 0);
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&ca.cert), strbuf_view(&ca.key), NAMES, 1, NOW,
                                     CERTS_DAY_MS, &leaf, &key, &err),
                     0);
    strbuf_put(&both, strbuf_view(&other.cert));
    strbuf_put(&both, strbuf_view(&ca.cert));
    put_configuration(one, strbuf_view(&both));
    put_configuration(two, strbuf_view(&ca.cert));
    stub_add(stub, &(struct stub_answer){.path = MUTATING, .body = strbuf_view(one)});
    stub_add(stub, &(struct stub_answer){.path = VALIDATING, .times = 1, .body = strbuf_view(one)});
    stub_add(stub, &(struct stub_answer){.path = VALIDATING, .times = 1, .body = strbuf_view(two)});
    answer("GET", VALIDATING, 200, ONE_OF_NONE);
#define LOOK(ca_)                                                                                  \
    publisher.publisher.look(publisher.publisher.ctx, strbuf_view(&both), strbuf_view(&leaf),      \
                             strbuf_view(ca_), &p, &err)
    ck_assert_int_eq(LOOK(&other.cert), 0);
    ck_assert(p.same && p.leaf && p.ca);
    ck_assert_int_eq(LOOK(&other.cert), 0); // of the new CA one of the two knows nothing
    ck_assert(!p.same && p.leaf && !p.ca);
    ck_assert_int_eq(LOOK(&ca.cert), 0);
    ck_assert(!p.same && !p.leaf && !p.ca);
    certs_material_done(&other);
}
END_TEST

static size_t patch_of(const char *configuration, const char *want)
{
    const struct json *v;
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(8192);
    ck_assert_int_eq(json_parse(sv_from(configuration), &JSON_LIMITS_DEFAULT, &arena, &v, &err), 0);
    size_t n = webhook_publisher_patch(v, SV("QUJD"), &out);
    ck_assert_str_eq(out.ptr, want);
    return n;
}

START_TEST(certs_publisher__only_the_bundle_of_each_webhook_is_patched)
{
    ck_assert_uint_eq(
        patch_of(
            "{\"webhooks\":[{\"name\":\"a.b.c\",\"clientConfig\":{\"service\":{}}},"
            "{\"name\":\"d.e.f\",\"clientConfig\":{\"caBundle\":\"QUJD\"}},"
            "{\"name\":\"g.h.i\",\"clientConfig\":{\"caBundle\":\"T0xE\"}}]}",
            "[{\"op\":\"test\",\"path\":\"/webhooks/0/name\",\"value\":\"a.b.c\"},"
            "{\"op\":\"add\",\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\"QUJD\"},"
            "{\"op\":\"test\",\"path\":\"/webhooks/2/name\",\"value\":\"g.h.i\"},"
            "{\"op\":\"add\",\"path\":\"/webhooks/2/clientConfig/caBundle\","
            "\"value\":\"QUJD\"}]"),
        2);
}
END_TEST

START_TEST(certs_publisher__what_is_no_webhook_is_passed_over)
{
    static const char *const odd[] = {"{}",
                                      "[]",
                                      "null",
                                      "{\"webhooks\":{}}",
                                      "{\"webhooks\":7}",
                                      "{\"webhooks\":[7,null,[],{}]}",
                                      "{\"webhooks\":[{\"name\":\"x\",\"clientConfig\":[]}]}"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        ck_assert_uint_eq(patch_of(odd[i], "[]"), 0);
    }
}
END_TEST

#define ONE  "{\"webhooks\":[{\"name\":\"a.b.c\",\"clientConfig\":{}}]}"
#define DONE "{\"webhooks\":[{\"name\":\"a.b.c\",\"clientConfig\":{\"caBundle\":\"QUJD\"}}]}"

static int publish(bool *changed)
{
    return publisher.publisher.publish(publisher.publisher.ctx, SV("ABC"), changed, &err);
}

START_TEST(certs_publisher__both_configurations_are_patched)
{
    bool changed;
    answer("GET", MUTATING, 200, ONE);
    answer("GET", VALIDATING, 200, ONE);
    answer("PATCH", NULL, 200, "{}");
    ck_assert_int_eq(publish(&changed), 0);
    ck_assert(changed);
    ck_assert_uint_eq(stub_count(stub), 4);
    body_of(1);
    ck_assert_str_eq(seen.content_type, "application/json-patch+json");
}
END_TEST

START_TEST(certs_publisher__where_it_is_already_nothing_is_written)
{
    bool changed;
    answer("GET", NULL, 200, DONE);
    ck_assert_int_eq(publish(&changed), 0);
    ck_assert(!changed);
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(certs_publisher__one_that_is_missing_does_not_keep_the_other_from_its_bundle)
{
    bool changed;
    answer("GET", MUTATING, 200, ONE);
    answer("PATCH", MUTATING, 200, "{}");
    ck_assert_int_eq(publish(&changed), -1);
    ck_assert_int_eq(err.code, E_NOT_FOUND);
    ck_assert(changed);
}
END_TEST

START_TEST(certs_publisher__a_list_that_changed_meanwhile_is_left_for_the_next_round)
{
    bool changed;
    answer("GET", MUTATING, 200, DONE);
    answer("GET", VALIDATING, 200, ONE);
    answer("PATCH", NULL, 422, "{\"kind\":\"Status\",\"code\":422,\"message\":\"test failed\"}");
    ck_assert_int_eq(publish(&changed), -1);
    ck_assert(!changed);
}
END_TEST

START_TEST(certs_publisher__a_configuration_without_a_name_is_not_looked_for)
{
    bool changed;
    webhook_publisher_init(&publisher, kube, SV(""), SV(""));
    ck_assert_int_eq(publish(&changed), 0);
    ck_assert_uint_eq(stub_count(stub), 0);
}
END_TEST

START_TEST(certs_overview__tells_how_things_stand_and_no_key)
{
    const struct overview_source from = {.kube = kube,
                                         .ns = SV("sluice-system"),
                                         .secret = SV("sluice-webhook-ca"),
                                         .lease = SV("w"),
                                         .mutating = SV("sluice"),
                                         .validating = SV("sluice")};
    CLEANUP(overview_done) struct overview v;
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(65536);
    CLEANUP(strbuf_done) struct strbuf json = STRBUF(65536);
    CLEANUP(strbuf_done) struct strbuf good = STRBUF(65536);
    char replica[512], issuer[65];
    const struct json *parsed;
    put_configuration(&good, strbuf_view(&ca.bundle));
    x509_issuer(strbuf_view(&ca.cert), strbuf_view(&ca.cert), issuer);
    snprintf(replica, sizeof(replica),
             "{\"kind\":\"Lease\",\"metadata\":{\"resourceVersion\":\"1\",\"annotations\":"
             "{\"sluice.dev/issuer\":\"%s\"}},\"spec\":{\"holderIdentity\":\"pod-1\","
             "\"leaseDurationSeconds\":40,\"renewTime\":\"2027-01-15T08:00:00.000000Z\"}}",
             issuer);
    answer("GET", SECRET, 200,
           secret_json(strbuf_view(&ca.cert), strbuf_view(&ca.key), strbuf_view(&ca.bundle)));
    answer("GET", "/apis/coordination.k8s.io/v1/namespaces/sluice-system/leases/w-3", 200, replica);
    answer("GET", MUTATING, 200, good.ptr);
    answer("GET", VALIDATING, 200, ONE_OF_NONE);
    ck_assert_int_eq(overview_read(&from, NOW + 39000, &v, &err), 0);
    ck_assert(v.live[3] && v.phase == CERTS_STABLE);
    overview_put_text(&v, NOW + 39000, &text);
    ck_assert_ptr_nonnull(strstr(text.ptr, "leader:     nobody"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "3  pod-1  leaf of the CA that signs"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "seen 39 s ago"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "MutatingWebhookConfiguration sluice: as it should be"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "ValidatingWebhookConfiguration sluice: ANOTHER"));
    overview_put_json(&v, &json);
    ck_assert_int_eq(json_parse(strbuf_view(&json), &JSON_LIMITS_DEFAULT, &arena, &parsed, &err),
                     0);
    ck_assert(sv_eq_lit(json_get_string(parsed, SV("phase")), "Stable"));
    ck_assert_ptr_null(strstr(json.ptr, "PRIVATE"));
    ck_assert_ptr_null(strstr(text.ptr, "PRIVATE"));
}
END_TEST

UNIT_MAIN(setup, teardown, certs_secret__what_is_not_there_is_no_error,
          certs_secret__a_ca_is_read_with_its_version,
          certs_secret__an_empty_secret_waits_to_be_filled,
          certs_secret__foreign_torn_and_damaged_content_is_refused,
          certs_secret__a_server_that_refuses_is_an_error,
          certs_secret__a_new_one_is_created_and_a_lost_race_told,
          certs_secret__an_old_one_is_patched_with_the_version_that_was_read,
          certs_secret__the_notes_of_a_change_are_annotations,
          certs_publisher__a_look_tells_who_is_trusted,
          certs_publisher__only_the_bundle_of_each_webhook_is_patched,
          certs_publisher__what_is_no_webhook_is_passed_over,
          certs_publisher__both_configurations_are_patched,
          certs_publisher__where_it_is_already_nothing_is_written,
          certs_publisher__one_that_is_missing_does_not_keep_the_other_from_its_bundle,
          certs_publisher__a_list_that_changed_meanwhile_is_left_for_the_next_round,
          certs_publisher__a_configuration_without_a_name_is_not_looked_for,
          certs_overview__tells_how_things_stand_and_no_key)
