// SPDX-License-Identifier: Apache-2.0
#include "webhook/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static bool look(int fd, struct tcp_info *ret)
{
    *ret = (struct tcp_info){0};
    socklen_t len = sizeof(*ret);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &len) == 0;
}

struct tcp_peer tcp_look(int fd)
{
    struct tcp_info info;
    if (!look(fd, &info)) {
        return (struct tcp_peer){0};
    }
    return (struct tcp_peer){.quiet_ms = info.tcpi_last_data_recv,
                             .gone = info.tcpi_state != TCP_ESTABLISHED};
}

bool tcp_has_bytes(int fd)
{
    int n = 0;
    return ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

unsigned tcp_waiting(int listen_fd)
{
    struct tcp_info info;
    // Of a listening socket the kernel tells the length of its queue in this field.
    return look(listen_fd, &info) && info.tcpi_state == TCP_LISTEN ? info.tcpi_unacked : 0;
}
