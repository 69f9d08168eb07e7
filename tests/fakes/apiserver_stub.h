// SPDX-License-Identifier: Apache-2.0
// An API server that says what a test tells it to, over plain http on loopback: answers are queued
// per method and path, may be chunked at any size, stall, be cut in the middle, or be refused. It
// records what was asked. Thread-safe.
#ifndef SLUICE_FAKES_APISERVER_STUB_H
#define SLUICE_FAKES_APISERVER_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strview.h"
#include "common/kube/config.h"

struct apiserver_stub;

struct stub_answer {
    const char *method;    // NULL: any
    const char *path;      // the whole path; NULL: any
    const char *query;     // must stand in the query; NULL: any
    const char *token;     // must be the bearer token; NULL: any
    unsigned times;        // it serves so often, then the next that fits; 0: for ever
    int status;            // 0: 200
    struct strview body;   // borrowed until the stub is freed
    const char *header[2]; // name and value of one more header
    size_t chunk;          // 0: whole, with its length; else in chunks of so many bytes
    int before_ms;         // waits before the head
    int stall_ms;          // after the body, before the end
    bool cut;              // closes instead of ending
};

struct stub_seen {
    char method[16];
    char path[512];
    char query[1024];
    char token[256];
    char content_type[64];
    char body[4096];
};

struct apiserver_stub *stub_start(void);
void stub_free(struct apiserver_stub *s);

/// Answers are tried in the order they were added. At most 64. What fits none gets 404.
void stub_add(struct apiserver_stub *s, const struct stub_answer *a);

/// How many requests came so far / the Nth (from 0); false when there were fewer.
size_t stub_count(struct apiserver_stub *s);
bool stub_seen(struct apiserver_stub *s, size_t n, struct stub_seen *ret);

/// Waits until so many requests came; false after five seconds.
bool stub_wait(struct apiserver_stub *s, size_t count);

/// Writes a kubeconfig for it beside a token file (when TOKEN is not NULL) into the new folder DIR
/// (a template for mkdtemp(3)) and loads it.
struct kube_config *stub_config(struct apiserver_stub *s, char *dir, const char *token);

/// Removes that folder.
void stub_remove(const char *dir);

/// Replaces the token of that folder.
void stub_set_token(const char *dir, const char *token);

#endif
