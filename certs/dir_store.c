// SPDX-License-Identifier: Apache-2.0
#include "certs/dir_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/base/os_file.h"
#include "common/k8s/timestamp.h"

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd); // gives the lock back
    }
}

static int path_in(const struct dir_store *d, const char *name, char *ret, struct err *err)
{
    int n = snprintf(ret, PATH_MAX, "%s/%s", d->dir, name);
    return n > 0 && n < PATH_MAX ? 0
                                 : err_set(err, E_INVALID, "the path is too long: %.100s", d->dir);
}

/// The digest of the file is its version.
static int set_version(struct strview text, char *version, size_t size, struct err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n;
    if (EVP_Digest(text.ptr, text.len, digest, &n, EVP_sha256(), NULL) != 1) {
        return err_set(err, E_BUG, "SHA-256 is not available");
    }
    for (unsigned i = 0; i < n && i * 2 + 2 < size; i++) {
        snprintf(version + i * 2, 3, "%02x", digest[i]);
    }
    return 0;
}

static int check_mode(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0 || (st.st_mode & 077) == 0) {
        return 0; // a file that is not there is found out by reading it
    }
    return err_set(
        err, E_INVALID,
        "%s holds the CA's key and others may read or write it (mode %04o): chmod 600 it", path,
        (unsigned)st.st_mode & 07777);
}

/// The next private key's block of *REST, with its end line, and *REST is what follows; SV_NONE
/// when there is none.
static struct strview next_key(struct strview *rest)
{
    const struct strview begin = SV("-----BEGIN ");
    const struct strview end = SV("PRIVATE KEY-----");
    size_t at;
    while ((at = sv_find(*rest, begin)) != SIZE_MAX) {
        struct strview text = sv_from_pos(*rest, at);
        size_t line = sv_find_char(text, '\n');
        if (line != SIZE_MAX && sv_ends(sv_sub(text, 0, line), end)) {
            size_t last = sv_find(sv_from_pos(text, line), end);
            size_t len = last == SIZE_MAX ? text.len : line + last + end.len;
            *rest = sv_from_pos(text, len);
            return sv_sub(text, 0, len);
        }
        *rest = sv_from_pos(text, begin.len);
    }
    return SV_NONE;
}

/// The certificate of the bundle that KEY belongs to.
static void find_cert(struct strview bundle, struct strview key, struct strbuf *ret)
{
    for (size_t i = 0; i < CERTS_CHAIN_MAX; i++) {
        bool keep[CERTS_CHAIN_MAX] = {false};
        keep[i] = true;
        strbuf_reset(ret);
        if (x509_rewrite(bundle, keep, ret, NULL) < 0 || ret->len == 0 ||
            x509_check_key(strbuf_view(ret), key, NULL) == 0) {
            return; // found, or at the end of the bundle
        }
    }
}

static void read_note(struct strview note, struct certs_material *m)
{
    struct strview word = SV("");
    (void)sv_split(&note, ' ', &word);
    if (sv_eq(word, SV("published"))) {
        m->published_ms = timestamp_or_zero(note);
    } else if (sv_eq(word, SV("switched"))) {
        m->switched_ms = timestamp_or_zero(note);
    } else if (sv_eq(word, SV("rotate"))) {
        m->rotate = true;
    } else if (sv_eq(word, SV("leaves"))) {
        certs_material_want_leaves(m, note);
    }
}

/// Notes are lines that begin with "# ", outside of what a reader of PEM sees.
static void read_notes(struct strview text, struct certs_material *m)
{
    struct strview line;
    while (sv_split(&text, '\n', &line)) {
        if (sv_starts(line, SV("# "))) {
            read_note(sv_from_pos(line, 2), m);
        }
    }
}

/// ca.pem is notes, the key or the two, then the bundle.
static int take_apart(struct strview text, struct certs_material *m, const char *path,
                      struct err *err)
{
    struct strview rest = text;
    struct strview key = next_key(&rest);
    struct strview next = next_key(&rest);
    read_notes(text, m);
    strbuf_put(&m->key, key);
    strbuf_put_char(&m->key, '\n');
    if (x509_rewrite(text, NULL, &m->bundle, err) < 0) {
        return err_wrap(err, "%.120s", path);
    }
    find_cert(strbuf_view(&m->bundle), strbuf_view(&m->key), &m->cert);
    if (sv_present(next)) {
        strbuf_put(&m->next_key, next);
        strbuf_put_char(&m->next_key, '\n');
        find_cert(strbuf_view(&m->bundle), strbuf_view(&m->next_key), &m->next_cert);
    }
    return certs_material_check(m, err) < 0 ? err_wrap(err, "%.120s", path) : 0;
}

static void put_note(struct strbuf *out, const char *word, int64_t ms)
{
    if (ms != 0) {
        strbuf_printf(out, "# %s ", word);
        timestamp_put_us(out, ms * 1000);
        strbuf_put_char(out, '\n');
    }
}

static void put_together(struct strbuf *out, const struct certs_material *m)
{
    put_note(out, "published", m->published_ms);
    put_note(out, "switched", m->switched_ms);
    if (m->rotate) {
        strbuf_put_str(out, "# rotate\n");
    }
    if (m->leaves_wanted[0] != '\0') {
        strbuf_printf(out, "# leaves %s\n", m->leaves_wanted);
    }
    strbuf_put(out, strbuf_view(&m->key));
    strbuf_put(out, strbuf_view(&m->next_key));
    strbuf_put(out, strbuf_view(&m->bundle));
}

static int dir_load(void *ctx, struct certs_material *ret, struct err *err)
{
    const struct dir_store *d = ctx;
    char path[PATH_MAX];
    CLEANUP(strbuf_wipe) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    struct err read_err = {0};
    if (path_in(d, "ca.pem", path, err) < 0 || check_mode(path, err) < 0) {
        return -1;
    }
    if (os_file_read(path, CERTS_PEM_MAX, &text, &read_err) < 0) {
        if (read_err.code == E_NOT_FOUND) {
            return 0;
        }
        if (err != NULL) {
            *err = read_err;
        }
        return -1;
    }
    if (take_apart(strbuf_view(&text), ret, path, err) < 0) {
        return -1;
    }
    return set_version(strbuf_view(&text), ret->version, sizeof(ret->version), err);
}

/// E_CONFLICT unless ca.pem is in the state that M was loaded from.
static int check_unchanged(const char *path, const struct certs_material *m, struct err *err)
{
    char version[sizeof(m->version)] = "";
    CLEANUP(strbuf_wipe) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    struct err read_err = {0};
    if (os_file_read(path, CERTS_PEM_MAX, &text, &read_err) == 0) {
        if (set_version(strbuf_view(&text), version, sizeof(version), err) < 0) {
            return -1;
        }
    } else if (read_err.code != E_NOT_FOUND) {
        if (err != NULL) {
            *err = read_err;
        }
        return -1;
    }
    return strcmp(version, m->version) == 0
               ? 0
               : err_set(err, E_CONFLICT, "somebody else wrote %s meanwhile", path);
}

static int dir_save(void *ctx, const struct certs_material *m, struct err *err)
{
    const struct dir_store *d = ctx;
    char secret[PATH_MAX];
    char public[PATH_MAX];
    CLEANUP(strbuf_wipe) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    if (path_in(d, "ca.pem", secret, err) < 0 || path_in(d, "ca.crt", public, err) < 0 ||
        certs_material_check(m, err) < 0) {
        return -1;
    }
    put_together(&text, m);
    if (!strbuf_ok(&text)) {
        return err_set(err, E_TOO_LARGE, "the CA and its bundle are too large");
    }
    CLEANUP(close_fd) int lock = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) < 0) {
        return err_set(err, E_IO, "locking %s: %s", d->dir, strerror(errno));
    }
    if (check_unchanged(secret, m, err) < 0 ||
        os_file_write_atomic(secret, strbuf_view(&text), 0600, err) < 0) {
        return -1;
    }
    return os_file_write_atomic(public, strbuf_view(&m->bundle), 0644, err);
}

int dir_store_init(struct dir_store *ret, const char *dir, struct err *err)
{
    *ret = (struct dir_store){.dir = dir, .store = {.load = dir_load, .save = dir_save}};
    ret->store.ctx = ret;
    return os_mkdir_all(dir, 0700, err);
}
