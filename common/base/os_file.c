// SPDX-License-Identifier: Apache-2.0
#include "common/base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 8192

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

static int io_error(struct err *err, const char *doing, const char *path)
{
    int e = errno;
    err_set(err, e == ENOENT ? E_NOT_FOUND : E_IO, "%s %s: %s", doing, path, strerror(e));
    if (err != NULL) {
        err->detail = e;
    }
    return -1;
}

int os_fd_read(int fd, const char *name, size_t max, struct strbuf *out, struct err *err)
{
    for (size_t got = 0;;) {
        char part[READ_STEP];
        ssize_t n = read(fd, part, sizeof(part));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return io_error(err, "reading", name);
        }
        if (n == 0) {
            return 0;
        }
        got += (size_t)n;
        if (got > max) {
            return err_set(err, E_TOO_LARGE, "%s is larger than %zu bytes", name, max);
        }
        strbuf_put(out, sv_make(part, (size_t)n));
        if (!strbuf_ok(out)) {
            return err_set(err, E_NOMEM, "no room for the content of %s", name);
        }
    }
}

int os_file_read(const char *path, size_t max, struct strbuf *out, struct err *err)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? os_fd_read(fd, path, max, out, err) : io_error(err, "opening", path);
}

static int write_all(int fd, struct strview data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.ptr, data.len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        data = sv_from_pos(data, n > 0 ? (size_t)n : 0);
    }
    return 0;
}

/// A new file beside PATH, complete and on disk; its name goes to TMP.
static int write_beside(const char *path, struct strview data, mode_t mode, char *tmp,
                        size_t tmp_size, struct err *err)
{
    uint64_t salt;
    if (os_random(&salt, sizeof(salt), err) < 0) {
        return -1;
    }
    int n = snprintf(tmp, tmp_size, "%s.tmp-%016llx", path, (unsigned long long)salt);
    if (n < 0 || (size_t)n >= tmp_size) {
        return err_set(err, E_INVALID, "the path is too long: %.100s", path);
    }
    CLEANUP(close_fd) int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return io_error(err, "creating", tmp);
    }
    if (write_all(fd, data) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0) {
        io_error(err, "writing", tmp);
        unlink(tmp);
        return -1;
    }
    return 0;
}

/// The name is safe on disk only when the folder is.
static int sync_folder_of(const char *path, struct err *err)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : slash != NULL ? (size_t)(slash - path) : 0;
    if (len > 0 && len < sizeof(folder)) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    CLEANUP(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        return io_error(err, "syncing", folder);
    }
    return 0;
}

int os_file_write_atomic(const char *path, struct strview data, mode_t mode, struct err *err)
{
    char tmp[PATH_MAX];
    if (write_beside(path, data, mode, tmp, sizeof(tmp), err) < 0) {
        return -1;
    }
    if (rename(tmp, path) < 0) {
        io_error(err, "renaming to", path);
        unlink(tmp);
        return -1;
    }
    return sync_folder_of(path, err);
}

int os_mkdir_all(const char *path, mode_t mode, struct err *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(part)) {
        return err_set(err, E_INVALID, "no path, or too long: %.100s", path);
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST) {
            return io_error(err, "creating the folder", part);
        }
    }
    struct stat st;
    if (stat(path, &st) < 0) {
        return io_error(err, "looking at", path);
    }
    return S_ISDIR(st.st_mode) ? 0 : err_set(err, E_IO, "%s is not a folder", path);
}

int os_random(void *buf, size_t n, struct err *err)
{
    for (char *at = buf; n > 0;) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR) {
            return err_set(err, E_IO, "no random bytes: %s", strerror(errno));
        }
        at += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}
