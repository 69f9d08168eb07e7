// SPDX-License-Identifier: Apache-2.0
#include "certs/main_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/overview.h"
#include "certs/rotate.h"
#include "certs/secret_store.h"
#include "common/base/clock.h"
#include "common/kube/connect.h"

#define FAILED   1
#define LOOK_MS  300
#define TEXT_MAX ((size_t)1 << 20)

struct cluster {
    struct kube_config *config;
    struct overview_source source;
};

static int fail(const char *program, const struct err *err)
{
    fprintf(stderr, "%s: %s\n", program, err->msg);
    return FAILED;
}

static int open_cluster(struct cluster *c, const char *kubeconfig, const char *context,
                        struct arena *arena, struct err *err)
{
    const char *file = connect_kubeconfig(kubeconfig, getenv, arena);
    return connect_open(file, context, &c->config, &c->source.kube, err);
}

static void close_cluster(struct cluster *c)
{
    kube_close(c->source.kube);
    if (c->config != NULL) {
        kube_config_free(c->config);
    }
}

/// Fills the names of a source from any struct with CERTS_CLUSTER_OPTIONS.
#define SOURCE_OF(o)                                                                               \
    {                                                                                              \
        .ns = sv_from((o)->ns), .secret = sv_from((o)->secret), .lease = sv_from((o)->lease),      \
        .mutating = sv_from((o)->mutating), .validating = sv_from((o)->validating)                 \
    }

int inspect_cluster(const struct certs_inspect_options *o, struct arena *arena)
{
    CLEANUP(close_cluster) struct cluster c = {.source = SOURCE_OF(o)};
    CLEANUP(overview_done) struct overview v = {.m = CERTS_MATERIAL};
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(TEXT_MAX);
    struct err err = {0};
    int64_t now_ms = clock_wall_ms();
    if (open_cluster(&c, o->kubeconfig, o->context, arena, &err) < 0 ||
        overview_read(&c.source, now_ms, &v, &err) < 0) {
        return fail(CERTS_INSPECT_PROGRAM.name, &err);
    }
    if (strcmp(o->output, "json") == 0) {
        overview_put_json(&v, &text);
    } else {
        overview_put_text(&v, now_ms, &text);
    }
    fwrite(text.ptr, 1, text.len, stdout);
    return strbuf_ok(&text) && fflush(stdout) == 0 ? 0 : FAILED;
}

// ---- rotate -------------------------------------------------------------------------------------

static bool is_ca_changed(const struct overview *before, const struct overview *now)
{
    bool another = before->phase == CERTS_SWITCHED || strcmp(before->ca, now->ca) != 0;
    return now->phase == CERTS_STABLE && !now->m.rotate && another;
}

/// Whether each replica that lives serves another leaf than any that was served before.
static bool are_leaves_changed(const struct overview *before, const struct overview *now)
{
    bool any = false;
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        const char *leaf = now->replicas[i].record.leaf;
        for (unsigned n = 0; now->live[i] && n < REPLICA_PLACES; n++) {
            if (strcmp(leaf, before->replicas[n].record.leaf) == 0) {
                return false;
            }
        }
        any |= now->live[i];
    }
    return any;
}

static int follow(const struct cluster *c, const struct certs_rotate_options *o,
                  const struct overview *before, struct err *err)
{
    int64_t end_ms = clock_mono_ms() + o->timeout;
    enum certs_phase told = CERTS_PHASE_COUNT;
    for (;;) {
        CLEANUP(overview_done) struct overview v = {.m = CERTS_MATERIAL};
        int rc = overview_read(&c->source, clock_wall_ms(), &v, err);
        // An API server that is away for a moment is asked again.
        if (rc < 0 && !err_retryable(err->code)) {
            return -1;
        }
        if (rc == 0 && !o->leaf && v.phase != told) {
            told = v.phase;
            printf("phase: %s\n", certs_phase_name(told));
            fflush(stdout);
        }
        if (rc == 0 && (o->leaf ? are_leaves_changed(before, &v) : is_ca_changed(before, &v))) {
            puts("done");
            return 0;
        }
        if (clock_mono_ms() >= end_ms) {
            return err_set(err, E_TIMEOUT,
                           "not done in time; it goes on, see sluice-certs inspect");
        }
        clock_sleep_ms(LOOK_MS);
    }
}

static int ask(struct cluster *c, const struct certs_rotate_options *o, struct err *err)
{
    struct secret_store store;
    struct rotate_outcome done;
    secret_store_init(&store, c->source.kube, c->source.ns, c->source.secret);
    if (o->leaf) {
        if (rotate_leaves(&store.store, clock_wall_ms() * 1000, err) < 0) {
            return -1;
        }
        puts("each replica is asked for another certificate");
        return 0;
    }
    if (rotate_ca(&store.store, &done, err) < 0) {
        return -1;
    }
    puts(done.marked ? "another CA is asked for"
                     : "a change of the CA is asked for already, or under way");
    return 0;
}

int rotate_cluster(const struct certs_rotate_options *o, struct arena *arena)
{
    CLEANUP(close_cluster) struct cluster c = {.source = SOURCE_OF(o)};
    CLEANUP(overview_done) struct overview before = {.m = CERTS_MATERIAL};
    struct err err = {0};
    if (open_cluster(&c, o->kubeconfig, o->context, arena, &err) < 0 ||
        overview_read(&c.source, clock_wall_ms(), &before, &err) < 0 || ask(&c, o, &err) < 0 ||
        (o->wait && follow(&c, o, &before, &err) < 0)) {
        return fail(CERTS_ROTATE_PROGRAM.name, &err);
    }
    return 0;
}
