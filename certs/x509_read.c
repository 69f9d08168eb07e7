// SPDX-License-Identifier: Apache-2.0
#include "certs/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/x509_types.h"

static void free_names(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static void free_store(X509_STORE **store)
{
    X509_STORE_free(*store);
}

static void free_store_ctx(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

static void free_certs(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
}

static int64_t time_ms(const ASN1_TIME *at)
{
    struct tm tm;
    return at != NULL && ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static void put_hex(char *out, size_t size, const unsigned char *bytes, size_t n)
{
    out[0] = '\0';
    for (size_t i = 0; i < n && i * 2 + 2 < size; i++) {
        snprintf(out + i * 2, 3, "%02x", bytes[i]);
    }
}

static void put_name(char *out, size_t size, X509_NAME *name)
{
    CLEANUP(x509_free_bio) BIO *bio = BIO_new(BIO_s_mem());
    out[0] = '\0';
    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        int n = BIO_read(bio, out, (int)size - 1);
        out[n > 0 ? n : 0] = '\0';
    }
}

static void put_address(struct strbuf *out, const unsigned char *a, int len)
{
    if (len == 4) {
        strbuf_printf(out, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
        return;
    }
    for (int i = 0; i + 1 < len; i += 2) {
        strbuf_printf(out, "%s%x", i > 0 ? ":" : "", (unsigned)a[i] << 8 | a[i + 1]);
    }
}

static void put_alt_names(char *out, size_t size, const X509 *cert)
{
    CLEANUP(free_names)
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(65536);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type != GEN_DNS && type != GEN_IPADD) {
            continue;
        }
        strbuf_put_str(&text, text.len > 0 ? ", " : "");
        if (type == GEN_IPADD) {
            put_address(&text, ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
            continue;
        }
        for (int c = 0; c < ASN1_STRING_length(value); c++) {
            unsigned char byte = ASN1_STRING_get0_data(value)[c];
            strbuf_put_char(&text, byte > 0x20 && byte < 0x7f ? (char)byte : '?');
        }
    }
    snprintf(out, size, "%s", text.ptr != NULL ? text.ptr : "");
}

static int fill_info(X509 *cert, struct x509_info *info, struct err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    if (X509_digest(cert, EVP_sha256(), digest, &digest_len) != 1) {
        return x509_fail(err, "hashing a certificate");
    }
    put_hex(info->fingerprint, sizeof(info->fingerprint), digest, digest_len);
    put_hex(info->serial, sizeof(info->serial), ASN1_STRING_get0_data(serial),
            (size_t)ASN1_STRING_length(serial));
    info->not_before_ms = time_ms(X509_get0_notBefore(cert));
    info->not_after_ms = time_ms(X509_get0_notAfter(cert));
    info->is_ca = X509_check_ca(cert) == 1;
    put_name(info->subject, sizeof(info->subject), X509_get_subject_name(cert));
    put_name(info->issuer, sizeof(info->issuer), X509_get_issuer_name(cert));
    put_alt_names(info->names, sizeof(info->names), cert);
    return 0;
}

static int too_large(struct err *err)
{
    return err_set(err, E_TOO_LARGE, "a PEM text is longer than %d bytes", CERTS_PEM_MAX);
}

/// How reading ended: by a certificate that can't be read, or with N of them.
static int read_end(bool bad, size_t n, struct err *err)
{
    if (bad) {
        return x509_fail(err, "a certificate");
    }
    return n > 0 ? 0 : err_set(err, E_INVALID, "there is no certificate in the text");
}

int x509_read(struct strview pem, struct x509_info *info, size_t max, size_t *ret, struct err *err)
{
    bool bad = false;
    size_t n = 0;
    if (pem.len > CERTS_PEM_MAX) {
        return too_large(err);
    }
    CLEANUP(x509_free_bio) BIO *reader = x509_reader(pem);
    for (; reader != NULL && n < max; n++) {
        CLEANUP(x509_free_cert) X509 *cert = x509_next_cert(reader, &bad);
        if (cert == NULL) {
            break;
        }
        if (fill_info(cert, &info[n], err) < 0) {
            return -1;
        }
    }
    *ret = n;
    return read_end(bad, n, err);
}

int x509_rewrite(struct strview pem, const bool *keep, struct strbuf *out, struct err *err)
{
    bool bad = false;
    size_t n = 0;
    if (pem.len > CERTS_PEM_MAX) {
        return too_large(err);
    }
    CLEANUP(x509_free_bio) BIO *reader = x509_reader(pem);
    CLEANUP(x509_free_bio) BIO *writer = BIO_new(BIO_s_mem());
    for (; reader != NULL && n < CERTS_CHAIN_MAX; n++) {
        CLEANUP(x509_free_cert) X509 *cert = x509_next_cert(reader, &bad);
        if (cert == NULL) {
            break;
        }
        if (writer == NULL ||
            ((keep == NULL || keep[n]) && PEM_write_bio_X509(writer, cert) != 1)) {
            return x509_fail(err, "writing PEM");
        }
    }
    if (read_end(bad, n, err) < 0) {
        return -1;
    }
    char *text;
    long len = BIO_get_mem_data(writer, &text);
    strbuf_put(out, sv_make(text, (size_t)len));
    return strbuf_ok(out) ? 0 : too_large(err);
}

int x509_check_key(struct strview cert_pem, struct strview key_pem, struct err *err)
{
    CLEANUP(x509_free_cert) X509 *cert = x509_cert_from_pem(cert_pem, "the certificate", err);
    if (cert == NULL) {
        return -1;
    }
    CLEANUP(x509_free_key) EVP_PKEY *key = x509_key_from_pem(key_pem, "the private key", err);
    if (key == NULL) {
        return -1;
    }
    if (X509_check_private_key(cert, key) != 1) {
        ERR_clear_error();
        return err_set(err, E_INVALID, "the private key does not belong to the certificate");
    }
    return 0;
}

/// All certificates of the text; NULL: it cannot be read.
static STACK_OF(X509) * read_all(struct strview pem)
{
    CLEANUP(x509_free_bio) BIO *reader = x509_reader(pem);
    CLEANUP(free_certs) STACK_OF(X509) *certs = sk_X509_new_null();
    bool bad = reader == NULL || certs == NULL;
    while (!bad && sk_X509_num(certs) < CERTS_CHAIN_MAX) {
        X509 *cert = x509_next_cert(reader, &bad);
        if (cert == NULL) {
            break;
        }
        if (sk_X509_push(certs, cert) == 0) {
            X509_free(cert);
            bad = true;
        }
    }
    return bad || sk_X509_num(certs) <= 0 ? NULL : TAKE(certs);
}

int x509_verify(struct strview cert_pem, struct strview bundle_pem, struct err *err)
{
    CLEANUP(free_certs) STACK_OF(X509) *chain = read_all(cert_pem);
    CLEANUP(free_certs) STACK_OF(X509) *roots = read_all(bundle_pem);
    CLEANUP(free_store) X509_STORE *store = X509_STORE_new();
    CLEANUP(free_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (chain == NULL || roots == NULL) {
        return x509_fail(err, chain == NULL ? "the certificate" : "the CA bundle");
    }
    if (store == NULL || ctx == NULL) {
        return err_set(err, E_NOMEM, "no memory to verify a certificate");
    }
    for (int i = 0; i < sk_X509_num(roots); i++) {
        X509_STORE_add_cert(store, sk_X509_value(roots, i)); // twice the same is no fault
    }
    if (X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) != 1) {
        return x509_fail(err, "verifying a certificate");
    }
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
    int verified = X509_verify_cert(ctx);
    int reason = X509_STORE_CTX_get_error(ctx);
    ERR_clear_error();
    return verified == 1 ? 0
                         : err_set(err, E_INVALID, "the certificate does not verify: %s",
                                   X509_verify_cert_error_string(reason));
}

/// Whether NAME stands among the names, as itself: a wildcard there covers nothing else here.
static bool has_name(const GENERAL_NAMES *names, const char *name)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        struct strview bytes = {0};
        if (type == GEN_DNS || type == GEN_IPADD) {
            bytes = sv_make((const char *)ASN1_STRING_get0_data(value),
                            (size_t)ASN1_STRING_length(value));
        }
        found = ip != NULL ? type == GEN_IPADD && ASN1_STRING_cmp(value, ip) == 0
                           : type == GEN_DNS && sv_eq_lit(bytes, name);
    }
    ASN1_OCTET_STRING_free(ip);
    ERR_clear_error();
    return found;
}

bool x509_covers(struct strview cert_pem, const char *const *names, size_t name_count)
{
    CLEANUP(x509_free_cert) X509 *cert = x509_cert_from_pem(cert_pem, "the certificate", NULL);
    if (cert == NULL) {
        return false;
    }
    CLEANUP(free_names)
    GENERAL_NAMES *present = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (size_t i = 0; i < name_count; i++) {
        if (!has_name(present, names[i])) {
            return false;
        }
    }
    return true;
}

bool x509_signed_by(struct strview leaf_pem, struct strview ca_pem)
{
    CLEANUP(x509_free_cert) X509 *leaf = x509_cert_from_pem(leaf_pem, "the certificate", NULL);
    CLEANUP(x509_free_cert) X509 *ca = x509_cert_from_pem(ca_pem, "the CA", NULL);
    bool yes = leaf != NULL && ca != NULL && X509_check_issued(ca, leaf) == X509_V_OK &&
               X509_verify(leaf, X509_get0_pubkey(ca)) == 1;
    ERR_clear_error();
    return yes;
}

bool x509_holds(struct strview bundle, struct strview cert_pem)
{
    struct x509_info cert;
    struct x509_info all[CERTS_CHAIN_MAX];
    size_t n = 0;
    if (x509_read(cert_pem, &cert, 1, &n, NULL) < 0 ||
        x509_read(bundle, all, CERTS_CHAIN_MAX, &n, NULL) < 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].fingerprint, cert.fingerprint) == 0) {
            return true;
        }
    }
    return false;
}

void x509_issuer(struct strview leaf_pem, struct strview bundle_pem, char ret[65])
{
    CLEANUP(x509_free_cert) X509 *leaf = x509_cert_from_pem(leaf_pem, "the certificate", NULL);
    CLEANUP(free_certs) STACK_OF(X509) *bundle = read_all(bundle_pem);
    struct x509_info info;
    ret[0] = '\0';
    for (int i = 0; leaf != NULL && bundle != NULL && i < sk_X509_num(bundle); i++) {
        X509 *ca = sk_X509_value(bundle, i);
        if (X509_check_issued(ca, leaf) == X509_V_OK &&
            X509_verify(leaf, X509_get0_pubkey(ca)) == 1 && fill_info(ca, &info, NULL) == 0) {
            memcpy(ret, info.fingerprint, sizeof(info.fingerprint));
            break;
        }
    }
    ERR_clear_error();
}
