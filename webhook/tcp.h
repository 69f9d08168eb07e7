// SPDX-License-Identifier: Apache-2.0
// What the kernel knows of a TCP socket and the program doesn't see: how long bytes have been
// waiting to be read, whether the peer has hung up, how many peers wait to be let in. Linux'
// TCP_INFO (tcp(7)); where it isn't known, the answers are those of a socket that nothing waits
// at. Any thread.
#ifndef SLUICE_WEBHOOK_TCP_H
#define SLUICE_WEBHOOK_TCP_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_peer {
    int64_t quiet_ms; // since its last byte came (or the connection stood), in the kernel's ticks
    bool gone;        // it has ended its side, or the connection is broken
};

struct tcp_peer tcp_look(int fd);

/// Whether bytes of the peer wait to be read.
bool tcp_has_bytes(int fd);

/// Connections that stand and wait for accept() on this listening socket.
unsigned tcp_waiting(int listen_fd);

#endif
