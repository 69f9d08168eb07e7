// SPDX-License-Identifier: Apache-2.0
#include "controller/ha.h"

#include <arpa/inet.h>

#include "common/base/parse_num.h"
#include "common/k8s/timestamp.h"
#include "controller/names.h"
#include "controller/objects.h"
#include "controller/pods.h"
#include "controller/record.h"

#define MAP_SUFFIX     "-config-map"
#define CLUSTER_SUFFIX "-cluster"
#define JOB_ID_DIGITS  32
#define KEY_REST       "org.apache.flink.k8s.leader.restserver"
#define KEY_CHECKPOINT "checkpointID-"

// ---- the name -----------------------------------------------------------------------

static bool all_of(struct strview text, char last_letter)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= last_letter))) {
            return false;
        }
    }
    return true;
}

/// Cuts "-" and the last DIGITS characters, of 0-9 and a to LAST_LETTER, off TEXT.
static bool cut_id(struct strview *text, size_t digits, char last_letter, struct strview *ret)
{
    if (text->len < digits + 2 || text->ptr[text->len - digits - 1] != '-') {
        return false;
    }
    *ret = sv_from_pos(*text, text->len - digits);
    if (!all_of(*ret, last_letter)) {
        return false;
    }
    *text = sv_sub(*text, 0, text->len - digits - 1);
    return true;
}

static bool cut_suffix(struct strview *text, struct strview suffix)
{
    if (!sv_ends(*text, suffix)) {
        return false;
    }
    *text = sv_sub(*text, 0, text->len - suffix.len);
    return true;
}

static bool read_name(struct ha_map *ret)
{
    struct strview rest = ret->name;
    if (!cut_suffix(&rest, SV(MAP_SUFFIX)) ||
        (!cut_suffix(&rest, SV(CLUSTER_SUFFIX)) &&
         !cut_id(&rest, JOB_ID_DIGITS, 'f', &ret->job_id)) ||
        !cut_id(&rest, RUN_DIGITS, 'z', &ret->run)) {
        return false;
    }
    ret->cluster = rest;
    return true;
}

// ---- the data -----------------------------------------------------------------------

/// The host and port in "SESSION,http://HOST:PORT"; an IPv6 host stands in brackets.
static void read_address(struct strview text, struct ha_map *ret)
{
    size_t at = sv_find(text, SV("://"));
    if (at == SIZE_MAX) {
        return;
    }
    struct strview rest = sv_from_pos(text, at + 3);
    size_t end = sv_find_char(rest, '/');
    rest = end != SIZE_MAX ? sv_sub(rest, 0, end) : rest;
    size_t colon = rest.len;
    while (colon > 0 && rest.ptr[colon - 1] != ':') {
        colon--;
    }
    int64_t port;
    if (colon < 2 || !parse_i64(sv_from_pos(rest, colon), &port) || port < 1 || port > 65535) {
        return;
    }
    struct strview host = sv_sub(rest, 0, colon - 1);
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = sv_sub(host, 1, host.len - 2);
    }
    ret->host = host;
    ret->port = port;
}

static void read_data(const struct json *data, struct ha_map *ret)
{
    json_each(member, data) {
        struct strview key = json_key(member);
        if (sv_eq_lit(key, KEY_REST)) {
            read_address(json_string(member), ret);
        } else if (sv_starts(key, SV(KEY_CHECKPOINT))) {
            ret->checkpoint = true;
        }
    }
}

static struct strview controller_of(const struct json *metadata)
{
    json_each(owner, json_get_lit(metadata, "ownerReferences")) {
        bool yes;
        if (json_bool(json_get_lit(owner, "controller"), &yes) && yes) {
            return json_get_string(owner, SV("uid"));
        }
    }
    return SV_NONE;
}

bool ha_map_read(const struct json *object, struct ha_map *ret)
{
    const struct json *metadata = json_get_lit(object, "metadata");
    *ret = (struct ha_map){
        .name = json_get_string(metadata, SV("name")),
        .uid = json_get_string(metadata, SV("uid")),
        .owner_uid = controller_of(metadata),
        .created_ms = timestamp_or_zero(json_get_string(metadata, SV("creationTimestamp"))),
        .deleting = json_type(json_get_lit(metadata, "deletionTimestamp")) == JSON_STRING,
    };
    if (ret->uid.len == 0 || !read_name(ret)) {
        return false;
    }
    read_data(json_get_lit(object, "data"), ret);
    return true;
}

bool ha_map_equal(const struct ha_map *a, const struct ha_map *b)
{
    return sv_eq(a->name, b->name) && sv_eq(a->uid, b->uid) && sv_eq(a->owner_uid, b->owner_uid) &&
           a->deleting == b->deleting && sv_eq(a->host, b->host) && a->port == b->port &&
           a->checkpoint == b->checkpoint;
}

// ---- the view -----------------------------------------------------------------------

/// The 4 or 16 bytes of an address, in RET; 0: it is none.
static size_t read_ip(struct strview text, unsigned char ret[16])
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(copy)) {
        return 0;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, ret) == 1 ? 4 : inet_pton(AF_INET6, copy, ret) == 1 ? 16 : 0;
}

/// An IPv6 address has many spellings.
static bool same_ip(struct strview a, struct strview b)
{
    unsigned char x[16];
    unsigned char y[16];
    size_t n = read_ip(a, x);
    return n > 0 && n == read_ip(b, y) && memcmp(x, y, n) == 0;
}

static void find_leader(const struct reconcile *rc, struct strview revision, struct ha_view *ret)
{
    struct pod_list pods;
    const struct pod_view *leader = NULL;
    size_t candidates = 0;
    bool told = ret->cluster != NULL && ret->cluster->host.len > 0;
    pods_read(rc, &pods);
    for (size_t i = 0; i < pods.n; i++) {
        const struct pod_view *p = &pods.items[i];
        bool candidate =
            p->id.role == POD_JOB_MANAGER && sv_eq(p->id.revision, revision) && !p->ended;
        if (candidate && (ret->cluster == NULL || (told && same_ip(p->ip, ret->cluster->host)))) {
            leader = p;
            candidates++;
        }
    }
    if (candidates != 1) {
        return;
    }
    ret->told = told;
    ret->leader = leader->name;
    ret->leader_uid = leader->uid;
    ret->leader_ip = leader->ip;
    ret->leader_port = told ? ret->cluster->port : FLINK_PORT_REST;
}

void ha_view_read(const struct reconcile *rc, const struct ha_map *maps, size_t n,
                  struct ha_view *ret)
{
    struct record last;
    *ret = (struct ha_view){.maps = maps, .n = n};
    if (!record_peek_last(rc->observed, &last) || !sv_present(last.run)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct ha_map *m = &maps[i];
        if (!sv_eq(m->run, last.run) || m->deleting) {
            continue;
        }
        if (!sv_present(m->job_id)) {
            ret->cluster = m;
        } else if (sv_eq(m->job_id, last.job_id)) {
            ret->job = m;
        }
    }
    find_leader(rc, last.revision, ret);
}
