// SPDX-License-Identifier: Apache-2.0
#include "certs/file_watch.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/clock.h"

#define EVENTS                                                                                     \
    (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |           \
     IN_MOVE_SELF)
#define SETTLES_MAX 10

struct file_watch {
    int events; // inotify; -1: this system has no more of them, and only the time ends a wait
    int stop;   // eventfd
    const char *files[FILE_WATCH_MAX];
    size_t count;
};

static const char *name_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash != NULL ? slash + 1 : file;
}

/// The same folder twice is one watch, a new folder of the same name another.
static void watch_folders(struct file_watch *w)
{
    char folder[PATH_MAX];
    for (size_t i = 0; i < w->count && w->events >= 0; i++) {
        size_t len = (size_t)(name_of(w->files[i]) - w->files[i]);
        if (len < sizeof(folder)) {
            memcpy(folder, len > 0 ? w->files[i] : ".", len > 0 ? len : 1);
            folder[len > 0 ? len : 1] = '\0';
            // A folder that is not there yet is found by the poll.
            (void)inotify_add_watch(w->events, folder, EVENTS | IN_ONLYDIR);
        }
    }
}

struct file_watch *file_watch_new(const char *const *files, size_t count)
{
    struct file_watch *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count && w->count < FILE_WATCH_MAX; i++) {
        if (files[i] != NULL && files[i][0] != '\0') {
            w->files[w->count++] = files[i];
        }
    }
    w->events = w->count > 0 ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
    w->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->stop < 0) {
        file_watch_free(w);
        return NULL;
    }
    watch_folders(w);
    return w;
}

void file_watch_free(struct file_watch *w)
{
    if (w == NULL) {
        return;
    }
    if (w->events >= 0) {
        close(w->events);
    }
    if (w->stop >= 0) {
        close(w->stop);
    }
    free(w);
}

/// Whether a change in a folder may be one of a file: the file itself, a link such as "..data", or
/// the folder.
static bool concerns(const struct file_watch *w, const struct inotify_event *e)
{
    if (e->len == 0 || strncmp(e->name, "..", 2) == 0) {
        return true;
    }
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(e->name, name_of(w->files[i])) == 0) {
            return true;
        }
    }
    return false;
}

/// Takes all events; whether one concerns us.
static bool read_events(struct file_watch *w)
{
    _Alignas(struct inotify_event) char buffer[4096];
    bool changed = false;
    ssize_t n;
    while ((n = read(w->events, buffer, sizeof(buffer))) > 0) {
        for (ssize_t at = 0; at < n;) {
            struct inotify_event e;
            memcpy(&e, buffer + at, sizeof(e));
            const struct inotify_event *whole = (const void *)(buffer + at);
            changed |= concerns(w, whole);
            at += (ssize_t)(sizeof(e) + e.len);
        }
    }
    return changed;
}

static enum file_watch_end wait_once(struct file_watch *w, int64_t timeout_ms)
{
    int64_t end = clock_mono_ms() + timeout_ms;
    for (;;) {
        struct pollfd fds[] = {{.fd = w->stop, .events = POLLIN},
                               {.fd = w->events, .events = POLLIN}};
        int64_t left = end - clock_mono_ms();
        left = left < 0 ? 0 : left < INT_MAX ? left : INT_MAX;
        int n = poll(fds, ARRAY_LEN(fds), (int)left);
        if (fds[0].revents != 0) {
            return FILE_WATCH_STOPPED;
        }
        if (n > 0 && fds[1].revents != 0 && read_events(w)) {
            return FILE_WATCH_CHANGED;
        }
        if (clock_mono_ms() >= end) {
            return FILE_WATCH_TIMEOUT;
        }
    }
}

enum file_watch_end file_watch_wait(struct file_watch *w, int64_t timeout_ms, int64_t settle_ms)
{
    watch_folders(w);
    enum file_watch_end first = wait_once(w, timeout_ms);
    for (int i = 0; first == FILE_WATCH_CHANGED && i < SETTLES_MAX; i++) {
        enum file_watch_end next = wait_once(w, settle_ms);
        if (next != FILE_WATCH_CHANGED) {
            return next == FILE_WATCH_STOPPED ? next : first;
        }
    }
    return first;
}

void file_watch_stop(struct file_watch *w)
{
    uint64_t one = 1;
    // It can only fail when the counter is full: stopped already.
    ssize_t n = write(w->stop, &one, sizeof(one));
    (void)n;
}
