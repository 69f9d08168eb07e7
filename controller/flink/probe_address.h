// SPDX-License-Identifier: Apache-2.0
// Whom a probe asks. Pure.
#ifndef SLUICE_CONTROLLER_FLINK_PROBE_ADDRESS_H
#define SLUICE_CONTROLLER_FLINK_PROBE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strview.h"

#define PROBE_POD_MAX 253
#define PROBE_IP_MAX  45
#define PROBE_TLS_MAX 253
#define PROBE_JOB_ID  32

/// Whom to ask. Texts are borrowed by the call that takes it.
struct probe_target {
    struct strview pod; // its name, for people
    struct strview ip;  // an IP literal; empty: nobody is asked, what is known stays
    uint16_t port;
    bool https;
    struct strview tls_name; // the name that its certificate must have
    struct strview job_id;   // 32 hexadecimal digits, lower case; empty: a session cluster
    int64_t task_managers;   // so many are wanted; FLINK_UNKNOWN
    uint64_t process;        // of the pod: another value (container restarts, say) is another
                             // process, which is asked at once and may take its time to start
    uint64_t hint;           // another value: something around it changed, ask soon
};

/// The same with texts of its own.
struct probe_address {
    char pod[PROBE_POD_MAX + 1], ip[PROBE_IP_MAX + 1], tls_name[PROBE_TLS_MAX + 1];
    char job_id[PROBE_JOB_ID + 1];
    uint16_t port;
    bool https;
    int64_t task_managers;
    uint64_t process, hint;
};

/// E_INVALID: a text is too long, the id is no job's, the TLS name no DNS name, or IP is no literal
/// of an address that a pod can have (unspecified, link-local, multicast, IPv4 mapped into IPv6;
/// loopback only with ALLOW_LOOPBACK).
MUST_USE int probe_address_make(struct probe_address *ret, const struct probe_target *target,
                                bool allow_loopback, struct err *err);

/// Whether A and B are the same process, asked in the same way.
bool probe_address_same_process(const struct probe_address *a, const struct probe_address *b);

/// Whether all of A and B is the same.
bool probe_address_equal(const struct probe_address *a, const struct probe_address *b);

#endif
