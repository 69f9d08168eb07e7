// SPDX-License-Identifier: Apache-2.0
#include "certs/x509.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "certs/policy.h"
#include "certs/x509_types.h"

#define SERIAL_BYTES 16 // 127 random bits: CA/Browser Forum asks for 64
#define CN_MAX       64 // X.520 ub-common-name

static void free_names(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

// ---- names

static bool label_valid(struct strview label, bool first)
{
    if (first && sv_eq_lit(label, "*")) {
        return true;
    }
    if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!fine) {
            return false;
        }
    }
    return true;
}

static ASN1_OCTET_STRING *address(const char *s)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(s);
    ERR_clear_error();
    return ip;
}

bool x509_name_valid(const char *s)
{
    ASN1_OCTET_STRING *ip = address(s);
    if (ip != NULL) {
        ASN1_OCTET_STRING_free(ip);
        return true;
    }
    struct strview rest = sv_from(s);
    struct strview label;
    if (rest.len == 0 || rest.len > 253 || s[rest.len - 1] == '.') {
        return false;
    }
    for (bool first = true; rest.len > 0 && sv_split(&rest, '.', &label); first = false) {
        if (!label_valid(label, first)) {
            return false;
        }
    }
    return strcmp(s, "*") != 0;
}

/// A SAN entry, or NULL: out of memory.
static GENERAL_NAME *general_name(const char *s)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *ip = address(s);
    if (name == NULL) {
        ASN1_OCTET_STRING_free(ip);
        return NULL;
    }
    if (ip != NULL) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, ip);
        return name;
    }
    ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
    if (dns == NULL || ASN1_STRING_set(dns, s, (int)strlen(s)) != 1) {
        ASN1_IA5STRING_free(dns);
        GENERAL_NAME_free(name);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, GEN_DNS, dns);
    return name;
}

static int add_names(X509 *cert, const char *const *names, size_t n, struct err *err)
{
    CLEANUP(free_names) GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
    for (size_t i = 0; i < n; i++) {
        GENERAL_NAME *name = general_name(names[i]);
        if (list == NULL || name == NULL || sk_GENERAL_NAME_push(list, name) == 0) {
            GENERAL_NAME_free(name);
            return err_set(err, E_NOMEM, "no memory for a certificate's names");
        }
    }
    return X509_add1_ext_i2d(cert, NID_subject_alt_name, list, 0, 0) == 1
               ? 0
               : x509_fail(err, "adding the names");
}

// ---- certificates

static int set_serial(X509 *cert, struct err *err)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return x509_fail(err, "a random serial");
    }
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); // positive, always of the same length
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return ok ? 0 : x509_fail(err, "a serial");
}

static bool set_time(ASN1_TIME *at, int64_t ms)
{
    return at != NULL && ASN1_TIME_set(at, (time_t)(ms / 1000)) != NULL;
}

static int set_basics(X509 *cert, EVP_PKEY *key, int64_t from_ms, int64_t to_ms, struct err *err)
{
    bool ok = X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert, err) == 0 &&
              set_time(X509_getm_notBefore(cert), from_ms) &&
              set_time(X509_getm_notAfter(cert), to_ms) && X509_set_pubkey(cert, key) == 1;
    return ok ? 0 : x509_fail(err, "filling a certificate");
}

static int set_common_name(X509_NAME *name, const char *cn, struct err *err)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1,
                                      0) == 1
               ? 0
               : x509_fail(err, "naming a certificate");
}

/// VALUE is ours, in the language of x509v3_config(5).
static int add_ext(X509 *cert, X509 *issuer, int nid, const char *value, struct err *err)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok ? 0 : x509_fail(err, value);
}

static int put_pem(X509 *cert, EVP_PKEY *key, struct strbuf *cert_out, struct strbuf *key_out,
                   struct err *err)
{
    CLEANUP(x509_free_bio) BIO *c = BIO_new(BIO_s_mem());
    CLEANUP(x509_free_bio) BIO *k = BIO_new(BIO_s_secmem());
    char *c_text;
    char *k_text;
    if (c == NULL || k == NULL || PEM_write_bio_X509(c, cert) != 1 ||
        PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) != 1) {
        return x509_fail(err, "writing PEM");
    }
    long c_len = BIO_get_mem_data(c, &c_text);
    long k_len = BIO_get_mem_data(k, &k_text);
    strbuf_put(cert_out, sv_make(c_text, (size_t)c_len));
    strbuf_put(key_out, sv_make(k_text, (size_t)k_len));
    return strbuf_ok(cert_out) && strbuf_ok(key_out)
               ? 0
               : err_set(err, E_NOMEM, "no room for a certificate");
}

int x509_make_ca(int64_t now_ms, int64_t life_ms, struct strbuf *cert_out, struct strbuf *key_out,
                 struct err *err)
{
    CLEANUP(x509_free_cert) X509 *cert = X509_new();
    CLEANUP(x509_free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char salt[4];
    char cn[CN_MAX];
    if (cert == NULL || key == NULL || RAND_bytes(salt, sizeof(salt)) != 1) {
        return x509_fail(err, "making a key");
    }
    // Two CAs of one name in a bundle would send verifiers the wrong way first.
    snprintf(cn, sizeof(cn), "Sluice webhook CA %02x%02x%02x%02x", salt[0], salt[1], salt[2],
             salt[3]);
    int64_t from_ms = now_ms - certs_backdate(life_ms);
    if (set_basics(cert, key, from_ms, from_ms + life_ms, err) < 0 ||
        set_common_name(X509_get_subject_name(cert), cn, err) < 0 ||
        set_common_name(X509_get_issuer_name(cert), cn, err) < 0 ||
        add_ext(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0", err) < 0 ||
        add_ext(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign", err) < 0 ||
        add_ext(cert, cert, NID_subject_key_identifier, "hash", err) < 0 ||
        add_ext(cert, cert, NID_authority_key_identifier, "keyid:always", err) < 0) {
        return -1;
    }
    if (X509_sign(cert, key, EVP_sha256()) == 0) {
        return x509_fail(err, "signing the CA");
    }
    return put_pem(cert, key, cert_out, key_out, err);
}

static int fill_leaf(X509 *leaf, X509 *ca, const char *const *names, size_t n, struct err *err)
{
    size_t cn_len = strlen(names[0]);
    if (X509_set_issuer_name(leaf, X509_get_subject_name(ca)) != 1) {
        return x509_fail(err, "naming the issuer");
    }
    // Nobody reads the common name any more; people do, and a long name does not fit.
    if (cn_len < CN_MAX && set_common_name(X509_get_subject_name(leaf), names[0], err) < 0) {
        return -1;
    }
    if (add_ext(leaf, ca, NID_basic_constraints, "critical,CA:FALSE", err) < 0 ||
        add_ext(leaf, ca, NID_key_usage, "critical,digitalSignature", err) < 0 ||
        add_ext(leaf, ca, NID_ext_key_usage, "serverAuth", err) < 0 ||
        add_ext(leaf, ca, NID_subject_key_identifier, "hash", err) < 0 ||
        add_ext(leaf, ca, NID_authority_key_identifier, "keyid:always", err) < 0) {
        return -1;
    }
    return add_names(leaf, names, n, err);
}

static int check_names(const char *const *names, size_t n, struct err *err)
{
    if (n == 0 || n > CERTS_NAMES_MAX) {
        return err_set(err, E_INVALID, "a certificate needs 1 to %d names, not %zu",
                       CERTS_NAMES_MAX, n);
    }
    for (size_t i = 0; i < n; i++) {
        if (!x509_name_valid(names[i])) {
            return err_set(err, E_INVALID, "\"%.100s\" is neither a DNS name nor an IP address",
                           names[i]);
        }
    }
    return 0;
}

int x509_issue_leaf(struct strview ca_cert, struct strview ca_key, const char *const *names,
                    size_t name_count, int64_t now_ms, int64_t life_ms, struct strbuf *cert_out,
                    struct strbuf *key_out, struct err *err)
{
    struct x509_info ca_info;
    size_t found;
    if (check_names(names, name_count, err) < 0 || x509_check_key(ca_cert, ca_key, err) < 0 ||
        x509_read(ca_cert, &ca_info, 1, &found, err) < 0) {
        return -1;
    }
    CLEANUP(x509_free_cert) X509 *ca = x509_cert_from_pem(ca_cert, "the CA", err);
    CLEANUP(x509_free_key) EVP_PKEY *ca_pkey = x509_key_from_pem(ca_key, "the CA's key", err);
    if (ca == NULL || ca_pkey == NULL) {
        return -1;
    }
    int64_t from_ms = now_ms - certs_backdate(life_ms);
    int64_t to_ms = from_ms + life_ms;
    if (!ca_info.is_ca) {
        return err_set(err, E_INVALID, "the CA's certificate may not sign others");
    }
    CLEANUP(x509_free_cert) X509 *leaf = X509_new();
    CLEANUP(x509_free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (leaf == NULL || key == NULL) {
        return x509_fail(err, "making a key");
    }
    if (set_basics(leaf, key, from_ms > ca_info.not_before_ms ? from_ms : ca_info.not_before_ms,
                   to_ms < ca_info.not_after_ms ? to_ms : ca_info.not_after_ms, err) < 0 ||
        fill_leaf(leaf, ca, names, name_count, err) < 0) {
        return -1;
    }
    if (X509_sign(leaf, ca_pkey, EVP_sha256()) == 0) {
        return x509_fail(err, "signing the certificate");
    }
    return put_pem(leaf, key, cert_out, key_out, err);
}
