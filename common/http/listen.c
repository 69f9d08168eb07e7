// SPDX-License-Identifier: Apache-2.0
#include "common/http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/parse_num.h"

/// The kernel lowers it to net.core.somaxconn, which is 4096 by default.
#define BACKLOG 4096

struct host_port {
    char host[256]; // "": all interfaces
    char port[8];
};

static int split(const char *addr, struct host_port *ret, struct err *err)
{
    struct strview all = sv_from(addr);
    size_t colon = sv_find_last_char(all, ':');
    struct strview port = colon != SIZE_MAX ? sv_from_pos(all, colon + 1) : SV_NONE;
    struct strview host = colon != SIZE_MAX ? sv_sub(all, 0, colon) : all;
    uint64_t n;
    if (!sv_present(port) || !parse_u64(port, &n) || n > UINT16_MAX ||
        port.len >= sizeof(ret->port)) {
        return err_set(err, E_INVALID, "\"%s\" is no address: HOST:PORT or :PORT is one", addr);
    }
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = sv_sub(host, 1, host.len - 2);
    } else if (sv_find_char(host, ':') != SIZE_MAX) {
        return err_set(err, E_INVALID, "\"%s\": write an IPv6 host in brackets, [::1]:9443", addr);
    }
    if (host.len >= sizeof(ret->host)) {
        return err_set(err, E_INVALID, "the host of the address is too long");
    }
    *ret = (struct host_port){0};
    if (host.len != 0) {
        memcpy(ret->host, host.ptr, host.len);
    }
    memcpy(ret->port, port.ptr, port.len);
    return 0;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof(at);
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        return 0;
    }
    // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): getsockname() has filled it in
    in_port_t port = at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                              : ((struct sockaddr_in *)&at)->sin_port;
    return ntohs(port);
}

static int listen_on(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (ai->ai_family == AF_INET6) {
        // ":PORT" means IPv4 too.
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

int listen_open(const char *addr, uint16_t *ret_port, struct err *err)
{
    struct host_port hp = {0};
    if (split(addr, &hp, err) != 0) {
        return -1;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    bool any = hp.host[0] == '\0';
    hints.ai_family = any ? AF_INET6 : AF_UNSPEC;
    int rc = getaddrinfo(any ? NULL : hp.host, hp.port, &hints, &list);
    if (rc != 0) {
        return err_set(err, E_INVALID, "cannot listen on \"%s\": %s", addr, gai_strerror(rc));
    }
    int fd = listen_on(list);
    if (fd < 0 && any) {
        // A machine without IPv6.
        freeaddrinfo(list);
        hints.ai_family = AF_INET;
        rc = getaddrinfo(NULL, hp.port, &hints, &list);
        fd = rc == 0 ? listen_on(list) : -1;
    }
    int saved = errno;
    if (rc == 0) {
        freeaddrinfo(list);
    }
    if (fd < 0) {
        err_set(err, E_IO, "cannot listen on \"%s\": %s", addr, strerror(saved));
        if (err != NULL) {
            err->detail = saved;
        }
        return -1;
    }
    *ret_port = bound_port(fd);
    return fd;
}
