// SPDX-License-Identifier: Apache-2.0
#include "certs/x509_types.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>

#include "certs/x509.h"

int x509_fail(struct err *err, const char *what)
{
    char reason[160] = "not readable";
    unsigned long code = ERR_peek_last_error();
    if (code != 0) {
        const char *text = ERR_reason_error_string(code);
        if (text != NULL) {
            snprintf(reason, sizeof(reason), "%s", text);
        }
    }
    ERR_clear_error();
    return err_set(err, E_INVALID, "%s: %s", what, reason);
}

BIO *x509_reader(struct strview pem)
{
    if (pem.len == 0 || pem.len > CERTS_PEM_MAX) {
        return NULL;
    }
    return BIO_new_mem_buf(pem.ptr, (int)pem.len);
}

/// Instead of OpenSSL's own, which would ask on the terminal.
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

X509 *x509_next_cert(BIO *reader, bool *bad)
{
    ERR_clear_error();
    X509 *cert = PEM_read_bio_X509(reader, NULL, no_password, NULL);
    *bad = cert == NULL && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    if (!*bad) {
        ERR_clear_error();
    }
    return cert;
}

X509 *x509_cert_from_pem(struct strview pem, const char *what, struct err *err)
{
    bool bad;
    CLEANUP(x509_free_bio) BIO *reader = x509_reader(pem);
    X509 *cert = reader != NULL ? x509_next_cert(reader, &bad) : NULL;
    if (cert == NULL) {
        x509_fail(err, what);
    }
    return cert;
}

EVP_PKEY *x509_key_from_pem(struct strview pem, const char *what, struct err *err)
{
    CLEANUP(x509_free_bio) BIO *reader = x509_reader(pem);
    ERR_clear_error();
    EVP_PKEY *key =
        reader != NULL ? PEM_read_bio_PrivateKey(reader, NULL, no_password, NULL) : NULL;
    if (key == NULL) {
        x509_fail(err, what);
    }
    return key;
}
