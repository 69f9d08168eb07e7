// SPDX-License-Identifier: Apache-2.0
#include "common/base/metrics_process.h"

#include <dirent.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/os_file.h"
#include "common/base/parse_num.h"

// Places in /proc/self/stat, counted after the command's closing parenthesis: proc(5).
enum {
    STAT_UTIME = 11,
    STAT_STIME = 12,
    STAT_START = 19,
    STAT_VSIZE = 20,
    STAT_RSS = 21,
    STAT_USED
};

static void put(struct strbuf *out, const char *name, const char *kind, const char *help, double v)
{
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, kind, name, v);
}

static bool read_stat(uint64_t *fields)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(8192);
    if (os_file_read("/proc/self/stat", 4096, &text, NULL) < 0) {
        return false;
    }
    struct strview rest = strbuf_view(&text);
    size_t close = sv_find_last_char(rest, ')');
    if (close == SIZE_MAX) {
        return false;
    }
    rest = sv_from_pos(rest, close + 2);
    struct strview field;
    for (size_t i = 0; i < STAT_USED; i++) {
        if (!sv_split(&rest, ' ', &field)) {
            return false;
        }
        if (!parse_u64(field, &fields[i])) {
            fields[i] = 0; // the state letter, and negative priorities
        }
    }
    return true;
}

/// When the machine was started, in seconds since 1970.
static bool read_boot_time(uint64_t *ret)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(4 << 20);
    if (os_file_read("/proc/stat", 2 << 20, &text, NULL) < 0) {
        return false;
    }
    struct strview rest = strbuf_view(&text);
    struct strview line;
    while (sv_split(&rest, '\n', &line)) {
        if (sv_starts(line, SV("btime "))) {
            return parse_u64(sv_from_pos(line, 6), ret);
        }
    }
    return false;
}

static bool count_fds(double *ret)
{
    DIR *d = opendir("/proc/self/fd");
    if (d == NULL) {
        return false;
    }
    double n = -3; // ".", ".." and the folder's own
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    *ret = n;
    return true;
}

void metrics_write_process(struct strbuf *out)
{
    uint64_t f[STAT_USED];
    double tick = (double)sysconf(_SC_CLK_TCK);
    if (read_stat(f)) {
        put(out, "process_cpu_seconds_total", "counter",
            "Total user and system CPU time spent in seconds.",
            (double)(f[STAT_UTIME] + f[STAT_STIME]) / tick);
        put(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
            (double)f[STAT_VSIZE]);
        put(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
            (double)f[STAT_RSS] * (double)sysconf(_SC_PAGESIZE));
        uint64_t boot;
        if (read_boot_time(&boot)) {
            put(out, "process_start_time_seconds", "gauge",
                "Start time of the process since unix epoch in seconds.",
                (double)boot + (double)f[STAT_START] / tick);
        }
    }
    double fds;
    if (count_fds(&fds)) {
        put(out, "process_open_fds", "gauge", "Number of open file descriptors.", fds);
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        put(out, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
            (double)limit.rlim_cur);
    }
}
