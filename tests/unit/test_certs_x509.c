// SPDX-License-Identifier: Apache-2.0
#include "certs/x509.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/pair.h"
#include "certs/policy.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1800000000000)

static const char *const NAMES[] = {"sluice-webhook.sluice-system.svc", "*.example.com",
                                    "127.0.0.1", "fd00::1"};
static struct strbuf ca_cert, ca_key, leaf_cert, leaf_key;
static struct err err;

static void setup(void)
{
    ca_cert = ca_key = leaf_cert = leaf_key = STRBUF(CERTS_PEM_MAX);
    err = (struct err){0};
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_CA_LIFE_MS, &ca_cert, &ca_key, &err), 0);
    if (x509_issue_leaf(strbuf_view(&ca_cert), strbuf_view(&ca_key), NAMES, ARRAY_LEN(NAMES), NOW,
                        CERTS_LEAF_LIFE_MS, &leaf_cert, &leaf_key, &err) < 0) {
        ck_abort_msg("%s", err.msg);
    }
}

static void teardown(void)
{
    strbuf_done(&ca_cert);
    strbuf_done(&ca_key);
    strbuf_done(&leaf_cert);
    strbuf_done(&leaf_key);
}

static X509 *load(const struct strbuf *pem)
{
    BIO *b = BIO_new_mem_buf(pem->ptr, (int)pem->len);
    X509 *c = PEM_read_bio_X509(b, NULL, NULL, NULL);
    BIO_free(b);
    ck_assert_ptr_nonnull(c);
    return c;
}

static struct x509_info info_of(const struct strbuf *pem)
{
    struct x509_info info;
    size_t n;
    ck_assert_int_eq(x509_read(strbuf_view(pem), &info, 1, &n, &err), 0);
    ck_assert_uint_eq(n, 1);
    return info;
}

START_TEST(certs_x509__the_chain_verifies_as_openssl_sees_it)
{
    X509 *ca = load(&ca_cert);
    X509 *leaf = load(&leaf_cert);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, ca);
    ck_assert_int_eq(X509_STORE_CTX_init(ctx, store, leaf, NULL), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(param, (time_t)(NOW / 1000));
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set1_host(param, NAMES[0], 0);
    ck_assert_msg(X509_verify_cert(ctx) == 1, "%s",
                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    ck_assert_int_eq(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(ca);
    X509_free(leaf);
}
END_TEST

START_TEST(certs_x509__names_and_addresses_are_those_asked_for)
{
    X509 *leaf = load(&leaf_cert);
    ck_assert_int_eq(X509_check_host(leaf, "sluice-webhook.sluice-system.svc", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(leaf, "a.example.com", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(leaf, "fd00::1", 0), 1);
    ck_assert_int_ne(X509_check_ip_asc(leaf, "127.0.0.2", 0), 1);
    ck_assert_int_ne(X509_check_host(leaf, "other.svc", 0, 0, NULL), 1);
    X509_free(leaf);
    ck_assert_str_eq(info_of(&leaf_cert).names, "sluice-webhook.sluice-system.svc, *.example.com, "
                                                "127.0.0.1, fd00:0:0:0:0:0:0:1");
}
END_TEST

START_TEST(certs_x509__covers_compares_names_as_written)
{
    static const char *const other[] = {"a.example.com"};
    struct strview leaf = strbuf_view(&leaf_cert);
    ck_assert(x509_covers(leaf, NAMES, ARRAY_LEN(NAMES)));
    ck_assert(x509_covers(leaf, NAMES + 1, 1));
    ck_assert(!x509_covers(leaf, other, 1));
    ck_assert(!x509_covers(SV("garbage"), NAMES, 1));
}
END_TEST

START_TEST(certs_x509__keys_are_p256_and_signatures_sha256)
{
    const struct strbuf *both[] = {&ca_cert, &leaf_cert};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        char group[32] = "";
        X509 *c = load(both[i]);
        ck_assert_int_eq(X509_get_signature_nid(c), NID_ecdsa_with_SHA256);
        EVP_PKEY_get_group_name(X509_get0_pubkey(c), group, sizeof(group), NULL);
        ck_assert_str_eq(group, "prime256v1");
        X509_free(c);
    }
}
END_TEST

START_TEST(certs_x509__validity_begins_an_hour_ago_and_ends_with_the_ca)
{
    struct x509_info ca = info_of(&ca_cert);
    struct x509_info leaf = info_of(&leaf_cert);
    ck_assert_int_eq(leaf.not_before_ms, NOW - CERTS_BACKDATE_MS);
    ck_assert_int_eq(leaf.not_after_ms, NOW - CERTS_BACKDATE_MS + CERTS_LEAF_LIFE_MS);
    ck_assert(ca.is_ca && !leaf.is_ca);
    strbuf_reset(&leaf_cert);
    strbuf_reset(&leaf_key);
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&ca_cert), strbuf_view(&ca_key), NAMES, 1, NOW,
                                     CERTS_CA_LIFE_MS * 2, &leaf_cert, &leaf_key, &err),
                     0);
    ck_assert_int_eq(info_of(&leaf_cert).not_after_ms, ca.not_after_ms);
}
END_TEST

START_TEST(certs_x509__times_beyond_2050_are_kept)
{
    struct strbuf cert = STRBUF(CERTS_PEM_MAX);
    struct strbuf key = STRBUF(CERTS_PEM_MAX);
    int64_t in_2060 = INT64_C(2840140800000);
    ck_assert_int_eq(x509_make_ca(in_2060, CERTS_DAY_MS, &cert, &key, &err), 0);
    ck_assert_int_eq(info_of(&cert).not_before_ms, in_2060 - CERTS_BACKDATE_MS);
    strbuf_done(&cert);
    strbuf_done(&key);
}
END_TEST

START_TEST(certs_x509__serials_and_ca_names_differ)
{
    struct strbuf cert = STRBUF(CERTS_PEM_MAX);
    struct strbuf key = STRBUF(CERTS_PEM_MAX);
    ck_assert_int_eq(x509_make_ca(NOW, CERTS_DAY_MS, &cert, &key, &err), 0);
    struct x509_info a = info_of(&ca_cert);
    struct x509_info b = info_of(&cert);
    ck_assert_str_ne(a.serial, b.serial);
    ck_assert_str_ne(a.subject, b.subject);
    ck_assert_uint_eq(strlen(a.serial), 32);
    ck_assert(!x509_signed_by(strbuf_view(&leaf_cert), strbuf_view(&cert)));
    ck_assert(x509_signed_by(strbuf_view(&leaf_cert), strbuf_view(&ca_cert)));
    ck_assert_int_eq(x509_verify(strbuf_view(&leaf_cert), strbuf_view(&cert), &err), -1);
    // A bundle of both verifies it.
    strbuf_put(&cert, strbuf_view(&ca_cert));
    ck_assert_int_eq(x509_verify(strbuf_view(&leaf_cert), strbuf_view(&cert), &err), 0);
    strbuf_done(&cert);
    strbuf_done(&key);
}
END_TEST

START_TEST(certs_x509__a_foreign_key_is_told)
{
    ck_assert_int_eq(x509_check_key(strbuf_view(&leaf_cert), strbuf_view(&leaf_key), &err), 0);
    ck_assert_int_eq(x509_check_key(strbuf_view(&leaf_cert), strbuf_view(&ca_key), &err), -1);
    ck_assert_str_eq(err.msg, "the private key does not belong to the certificate");
}
END_TEST

START_TEST(certs_x509__a_leaf_cannot_sign_another)
{
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&leaf_cert), strbuf_view(&leaf_key), NAMES, 1, NOW,
                                     CERTS_DAY_MS, &ca_cert, &ca_key, &err),
                     -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(certs_x509__names_that_are_none_are_refused)
{
    static const char *const bad[] = {"",    ".",    "a..b",       "-a",           "a-",
                                      "A.b", "a.b.", "*",          "a.*.b",        "a,DNS:b",
                                      "a b", "a\nb", "1.2.3.4.5:", "b\xc3\xbc.de", "x.*"};
    static const char *const good[] = {"localhost", "a.b", "*.a", "10.0.0.1", "::1", "1-2.x3"};
    char label[70];
    memset(label, 'a', 64);
    label[64] = '\0';
    ck_assert(!x509_name_valid(label));
    label[63] = '\0';
    ck_assert(x509_name_valid(label));
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_msg(x509_name_valid(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!x509_name_valid(bad[i]), "%s", bad[i]);
        ck_assert_int_eq(x509_issue_leaf(strbuf_view(&ca_cert), strbuf_view(&ca_key), &bad[i], 1,
                                         NOW, CERTS_DAY_MS, &leaf_cert, &leaf_key, &err),
                         -1);
    }
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&ca_cert), strbuf_view(&ca_key), NULL, 0, NOW,
                                     CERTS_DAY_MS, &leaf_cert, &leaf_key, &err),
                     -1);
}
END_TEST

START_TEST(certs_x509__a_name_too_long_for_the_subject_stands_among_the_names)
{
    static const char *const long_name[] = {
        "a-very-long-service-name-of-many-letters.in-a-namespace-with-a-long-name-too.svc"};
    strbuf_reset(&leaf_cert);
    strbuf_reset(&leaf_key);
    ck_assert_int_eq(x509_issue_leaf(strbuf_view(&ca_cert), strbuf_view(&ca_key), long_name, 1, NOW,
                                     CERTS_DAY_MS, &leaf_cert, &leaf_key, &err),
                     0);
    ck_assert_str_eq(info_of(&leaf_cert).subject, "");
    ck_assert(x509_covers(strbuf_view(&leaf_cert), long_name, 1));
    ck_assert_int_eq(x509_verify(strbuf_view(&leaf_cert), strbuf_view(&ca_cert), &err), 0);
}
END_TEST

START_TEST(certs_x509__every_certificate_of_a_text_is_read)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    struct x509_info info[4];
    size_t n;
    strbuf_put(&text, SV("a comment before\n"));
    strbuf_put(&text, strbuf_view(&ca_key));
    strbuf_put(&text, strbuf_view(&ca_cert));
    strbuf_put(&text, SV("between\n"));
    strbuf_put(&text, strbuf_view(&leaf_cert));
    ck_assert_int_eq(x509_read(strbuf_view(&text), info, 4, &n, &err), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(info[1].fingerprint, info_of(&leaf_cert).fingerprint);
    ck_assert_int_eq(x509_read(strbuf_view(&text), info, 1, &n, &err), 0);
    ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(certs_x509__rewriting_takes_certificates_along_and_nothing_else)
{
    static const bool second[CERTS_CHAIN_MAX] = {false, true};
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_done) struct strbuf small = STRBUF(100);
    strbuf_put(&text, strbuf_view(&ca_key));
    strbuf_put(&text, SV("a comment\n"));
    strbuf_put(&text, strbuf_view(&ca_cert));
    strbuf_put(&text, strbuf_view(&leaf_key));
    strbuf_put(&text, strbuf_view(&leaf_cert));
    ck_assert_int_eq(x509_rewrite(strbuf_view(&text), second, &out, &err), 0);
    ck_assert(sv_eq(strbuf_view(&out), strbuf_view(&leaf_cert)));
    strbuf_reset(&out);
    ck_assert_int_eq(x509_rewrite(strbuf_view(&text), NULL, &out, &err), 0);
    ck_assert_uint_eq(out.len, ca_cert.len + leaf_cert.len);
    ck_assert_ptr_null(strstr(out.ptr, "KEY"));
    ck_assert_int_eq(x509_rewrite(strbuf_view(&text), NULL, &small, &err), -1);
    ck_assert_int_eq(x509_rewrite(strbuf_view(&ca_key), NULL, &out, &err), -1);
}
END_TEST

START_TEST(certs_x509__an_encrypted_key_is_refused_without_asking)
{
    BIO *b = BIO_new(BIO_s_mem());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *text;
    ck_assert_int_eq(
        PEM_write_bio_PKCS8PrivateKey(b, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL), 1);
    long len = BIO_get_mem_data(b, &text);
    ck_assert_int_eq(x509_check_key(strbuf_view(&leaf_cert), sv_make(text, (size_t)len), &err), -1);
    EVP_PKEY_free(key);
    BIO_free(b);
}
END_TEST

/// Everything that reads, on one text: nothing may crash, whatever it says.
static void read_all_ways(struct strview text)
{
    struct x509_info info[4];
    struct certs_pair *pair = NULL;
    size_t n;
    struct strview leaf = strbuf_view(&leaf_cert);
    struct strview key = strbuf_view(&leaf_key);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(CERTS_PEM_MAX);
    int read = x509_read(text, info, ARRAY_LEN(info), &n, &err);
    ck_assert_int_eq(x509_rewrite(text, NULL, &out, &err), read);
    (void)(x509_check_key(text, key, &err) == 0);
    (void)(x509_check_key(leaf, text, &err) == 0);
    (void)(x509_verify(text, strbuf_view(&ca_cert), &err) == 0);
    (void)(x509_verify(leaf, text, &err) == 0);
    x509_covers(text, NAMES, ARRAY_LEN(NAMES));
    x509_signed_by(text, strbuf_view(&ca_cert));
    x509_signed_by(leaf, text);
    if (certs_pair_new(text, key, SV(""), &pair, &err) == 0) {
        certs_pair_unref(pair);
    }
}

START_TEST(certs_x509__garbage_is_an_error_and_nothing_worse)
{
    static const char *const texts[] = {
        "",
        "\n",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n",
        "{\"kind\": \"Secret\"}",
    };
    struct x509_info info;
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        err = (struct err){0};
        ck_assert_int_eq(x509_read(sv_from(texts[i]), &info, 1, &n, &err), -1);
        ck_assert_int_eq(err.code, E_INVALID);
        ck_assert_str_ne(err.msg, "");
        read_all_ways(sv_from(texts[i]));
    }
    read_all_ways(SV_NONE);
    read_all_ways(SV("\0\0\0\0"));
}
END_TEST

START_TEST(certs_x509__a_text_cut_or_damaged_anywhere_does_not_hurt)
{
    struct strview whole = strbuf_view(&leaf_cert);
    char *copy = malloc(whole.len);
    for (size_t i = 0; i < whole.len; i += 3) {
        memcpy(copy, whole.ptr, whole.len);
        read_all_ways(sv_make(copy, i));
        copy[i] = (char)(copy[i] ^ (1 << (i % 7)));
        read_all_ways(sv_make(copy, whole.len));
    }
    free(copy);
}
END_TEST

START_TEST(certs_x509__an_endless_text_is_refused)
{
    static char big[CERTS_PEM_MAX + 1];
    struct x509_info info;
    size_t n;
    memset(big, 'A', sizeof(big));
    ck_assert_int_eq(x509_read(sv_make(big, sizeof(big)), &info, 1, &n, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

START_TEST(certs_pair__a_pair_is_checked_before_it_is_made)
{
    struct certs_pair *p;
    struct strview cert = strbuf_view(&leaf_cert);
    struct strview key = strbuf_view(&leaf_key);
    struct strview ca = strbuf_view(&ca_cert);
    ck_assert_int_eq(certs_pair_new(cert, key, ca, &p, &err), 0);
    ck_assert_int_eq(p->not_after_ms, info_of(&leaf_cert).not_after_ms);
    ck_assert_str_eq(p->fingerprint, info_of(&leaf_cert).fingerprint);
    ck_assert_int_eq(p->cert_pem.ptr[p->cert_pem.len], '\0');
    ck_assert(sv_eq(p->ca_pem, ca));
    ck_assert_ptr_eq(certs_pair_ref(p), p);
    certs_pair_unref(p);
    certs_pair_unref(p);
    certs_pair_unref(NULL);
    ck_assert_int_eq(certs_pair_new(cert, strbuf_view(&ca_key), ca, &p, &err), -1);
    ck_assert_int_eq(certs_pair_new(SV(""), key, ca, &p, &err), -1);
    ck_assert_int_eq(certs_pair_new(cert, SV(""), ca, &p, &err), -1);
    ck_assert_int_eq(certs_pair_new(cert, key, SV("nonsense"), &p, &err), -1);
    ck_assert_int_eq(certs_pair_new(cert, key, SV(""), &p, &err), 0);
    certs_pair_unref(p);
}
END_TEST

UNIT_MAIN(setup, teardown, certs_x509__the_chain_verifies_as_openssl_sees_it,
          certs_x509__names_and_addresses_are_those_asked_for,
          certs_x509__covers_compares_names_as_written,
          certs_x509__keys_are_p256_and_signatures_sha256,
          certs_x509__validity_begins_an_hour_ago_and_ends_with_the_ca,
          certs_x509__times_beyond_2050_are_kept, certs_x509__serials_and_ca_names_differ,
          certs_x509__a_foreign_key_is_told, certs_x509__a_leaf_cannot_sign_another,
          certs_x509__names_that_are_none_are_refused,
          certs_x509__a_name_too_long_for_the_subject_stands_among_the_names,
          certs_x509__every_certificate_of_a_text_is_read,
          certs_x509__rewriting_takes_certificates_along_and_nothing_else,
          certs_x509__an_encrypted_key_is_refused_without_asking,
          certs_x509__garbage_is_an_error_and_nothing_worse,
          certs_x509__a_text_cut_or_damaged_anywhere_does_not_hurt,
          certs_x509__an_endless_text_is_refused, certs_pair__a_pair_is_checked_before_it_is_made)
