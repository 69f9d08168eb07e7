// SPDX-License-Identifier: Apache-2.0
// The door: one thread that lets connections in, keeps their number within the limit and ends those
// that overstay. All that come are accepted at once (libmicrohttpd would take one in each round of
// a thread, few when rounds are long); for whom there is no place waits in a room, without TLS. The
// last to come is the first to be let in: its caller is the likeliest to wait still, while one that
// dialled long ago has mostly been served over another connection (Go's client dials for each
// request that finds no idle connection, and takes whichever is free first).
#ifndef SLUICE_WEBHOOK_DOOR_H
#define SLUICE_WEBHOOK_DOOR_H

#include <sys/socket.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "webhook/conns.h"

/// Serves the connection on FD from now on, and closes it; -1: it is closed already. Called in the
/// door's thread.
typedef int door_serve_fn(void *arg, int fd, const struct sockaddr *addr, socklen_t len);

struct door;

/// Takes LISTEN_FD over (non-blocking), also on failure. CONNS outlives it.
MUST_USE struct door *door_open(int listen_fd, struct conns *conns, door_serve_fn *serve, void *arg,
                                struct err *err);

/// How many wait to be let in.
unsigned door_waiting(const struct door *d);

/// Lets in who stands at the door already, then nobody, and from now on shuts down whoever waits
/// for no answer.
void door_shut(struct door *d);

/// Ends the thread. NULL is accepted.
void door_free(struct door *d);

#endif
