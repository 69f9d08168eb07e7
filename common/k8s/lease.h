// SPDX-License-Identifier: Apache-2.0
// Leader election on a coordination.k8s.io/v1 Lease: the codec, and the election as a pure step
// function (client-go tools/leaderelection: 15/10/2 s). Another's lease is timed by our own clock
// from when we saw it change; the times written in it are never compared with ours, so clocks may
// differ. NOW is a monotonic clock that counts suspended time; WALL_US goes into the record only.
// One owner; not thread-safe.
#ifndef SLUICE_K8S_LEASE_H
#define SLUICE_K8S_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/view.h"

#define LEASE_IDENTITY_MAX 253
#define LEASE_VERSION_MAX  127

/// A Lease's content. Texts are held, so that it outlives the tree.
struct lease {
    char holder[LEASE_IDENTITY_MAX + 1];          // "" : nobody
    char resource_version[LEASE_VERSION_MAX + 1]; // "" : not created yet
    int64_t acquire_us, renew_us;                 // unix; 0: not said
    int32_t duration_s;
    int32_t transitions;
};

/// -1 with E_INVALID when V is no Lease (kind, a holder or version that is too long, a member of a
/// wrong type). Absent members read as 0 and "".
MUST_USE int lease_read(const struct json *v, struct lease *ret, struct err *err);

/// Appends the whole object, for POST (without resourceVersion) or PUT (with it).
void lease_put(struct strbuf *b, struct strview namespace_, struct strview name,
               const struct lease *l);

struct lease_times {
    int64_t duration_ms;       // others wait this long after our last renewal: 15000
    int64_t renew_deadline_ms; // we stop this long after it: 10000, less than duration
    int64_t retry_ms;          // 2000
};

extern const struct lease_times LEASE_TIMES_DEFAULT;

/// What the last call for the Lease gave.
enum lease_answer {
    LEASE_ANSWER_NONE,      // there was no call, or it is still under way
    LEASE_ANSWER_OK,        // `lease` is the object as read or as stored by our write
    LEASE_ANSWER_NOT_FOUND, // GET or PUT
    LEASE_ANSWER_CONFLICT,  // POST: exists; PUT: somebody else wrote
    LEASE_ANSWER_FAILED,    // anything else
};

enum lease_call {
    LEASE_CALL_NONE, // wait until next_ms
    LEASE_CALL_GET,
    LEASE_CALL_CREATE,
    LEASE_CALL_UPDATE,
};

struct lease_output {
    enum lease_call call;
    struct lease write; // of CREATE and UPDATE
    bool leads;         // after this step
    bool gained, lost;  // this step changed it
    int64_t next_ms;    // the next step is due, with LEASE_ANSWER_NONE if nothing came
};

struct elector {
    struct lease_times times;
    char identity[LEASE_IDENTITY_MAX + 1];
    bool leads;
    int64_t renewed_ms; // when our last good write was sent
    bool observed;      // `seen` is valid
    struct lease seen;  // as last read or written
    int64_t seen_ms;    // when it changed, by our clock
    enum lease_call pending;
    int64_t sent_ms;  // when `pending` was asked for
    int64_t retry_ms; // when to try next
};

/// -1 with E_INVALID for an empty or too long identity, or times that don't keep
/// retry < renew_deadline < duration.
MUST_USE int elector_init(struct elector *e, struct strview identity,
                          const struct lease_times *times, struct err *err);

/// One step: takes the answer to the last call asked for, gives what to do next. The caller makes
/// the call with a deadline of at most the retry period and comes back; meanwhile it asks
/// elector_leads() before each act of a leader. A lost leadership is told once; then the elector is
/// a candidate again (a program that can't stop its work in between must exit).
struct lease_output lease_step(struct elector *e, enum lease_answer answer,
                               const struct lease *lease, int64_t now_ms, int64_t wall_us);

/// Whether we lead at NOW: false from renew_deadline after the last renewal on, also when no step
/// ran (a stopped process that wakes up asks this first).
bool elector_leads(const struct elector *e, int64_t now_ms);

/// The record that gives the lease back at shutdown (no holder, 1 s): false when we don't lead.
/// After it the elector doesn't lead.
bool elector_release(struct elector *e, int64_t now_ms, int64_t wall_us, struct lease *ret);

#endif
