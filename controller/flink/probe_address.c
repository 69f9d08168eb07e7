// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/probe_address.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_job_id(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return s.len == 0 || s.len == PROBE_JOB_ID;
}

static bool is_dns_name(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool inner = c == '-' || c == '.';
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (inner && i != 0))) {
            return false;
        }
    }
    return true;
}

static bool is_pod_v4(const unsigned char ip[4], bool allow_loopback)
{
    return ip[0] != 0 && (ip[0] != 127 || allow_loopback) && !(ip[0] == 169 && ip[1] == 254) &&
           ip[0] < 224;
}

static bool is_pod_v6(const unsigned char ip[16], bool allow_loopback)
{
    static const unsigned char ZEROS[16];
    bool low = memcmp(ip, ZEROS, 10) == 0; // unspecified, loopback, IPv4 in another dress
    bool loopback = memcmp(ip, ZEROS, 15) == 0 && ip[15] == 1;
    return (!low || (loopback && allow_loopback)) && !(ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) &&
           ip[0] != 0xff;
}

static bool is_pod_ip(const char *text, bool allow_loopback)
{
    unsigned char ip[16];
    if (inet_pton(AF_INET, text, ip) == 1) {
        return is_pod_v4(ip, allow_loopback);
    }
    return inet_pton(AF_INET6, text, ip) == 1 && is_pod_v6(ip, allow_loopback);
}

static bool copy(char *to, size_t max, struct strview from)
{
    if (from.len > max || memchr(from.len != 0 ? from.ptr : "", '\0', from.len) != NULL) {
        return false;
    }
    memcpy(to, from.len != 0 ? from.ptr : "", from.len);
    return true;
}

int probe_address_make(struct probe_address *ret, const struct probe_target *t, bool allow_loopback,
                       struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    if (!copy(ret->pod, PROBE_POD_MAX, t->pod) || !copy(ret->ip, PROBE_IP_MAX, t->ip) ||
        !copy(ret->tls_name, PROBE_TLS_MAX, t->tls_name) ||
        !copy(ret->job_id, PROBE_JOB_ID, t->job_id) || !is_job_id(t->job_id) ||
        !is_dns_name(t->tls_name)) {
        return err_set(err, E_INVALID, "what is known of pod %.*s can't be used to ask it",
                       SV_ARG(sv_sub(t->pod, 0, 64)));
    }
    if (t->ip.len != 0 && !is_pod_ip(ret->ip, allow_loopback)) {
        return err_set(err, E_INVALID, "pod %.*s: %s is no address that a pod can have",
                       SV_ARG(sv_sub(t->pod, 0, 64)), ret->ip);
    }
    ret->port = t->port;
    ret->https = t->https;
    ret->task_managers = t->task_managers;
    ret->process = t->process;
    ret->hint = t->hint;
    return 0;
}

bool probe_address_same_process(const struct probe_address *a, const struct probe_address *b)
{
    return strcmp(a->pod, b->pod) == 0 && strcmp(a->ip, b->ip) == 0 &&
           strcmp(a->tls_name, b->tls_name) == 0 && a->port == b->port && a->https == b->https &&
           a->process == b->process;
}

bool probe_address_equal(const struct probe_address *a, const struct probe_address *b)
{
    return probe_address_same_process(a, b) && strcmp(a->job_id, b->job_id) == 0 &&
           a->task_managers == b->task_managers && a->hint == b->hint;
}
