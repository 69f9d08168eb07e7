// SPDX-License-Identifier: Apache-2.0
#include "common/world/watches.h"

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/strbuf.h"
#include "common/kube/resource.h"
#include "common/kube/watcher.h"

struct watches {
    struct kube_watcher *watcher;
    struct snapshots *snapshots;
};

static const struct kube_resource *const RESOURCES[SNAPSHOT_KIND_COUNT] = {
    [SNAPSHOT_POLICIES] = &KUBE_FLINKPOLICIES,
    [SNAPSHOT_NAMESPACES] = &KUBE_NAMESPACES,
    [SNAPSHOT_CLUSTERS] = &KUBE_FLINKCLUSTERS,
};

static void on_failed(void *ctx, const struct err *err)
{
    const struct kube_resource *r = ctx;
    log_warn("watch failed", KV_STR("resource", r->plural), KV_ERR(err));
}

/// NS: the only namespace, or empty.
static int add(struct watches *w, enum snapshot_kind kind, struct strview ns, struct err *err)
{
    struct snapshot_feed *feed = snapshots_feed(w->snapshots, kind, ns);
    if (feed == NULL) {
        return err_set(err, E_TOO_LARGE, "more than %d watches", SNAPSHOT_FEEDS_MAX);
    }
    CLEANUP(strbuf_done) struct strbuf by_name = STRBUF(1024);
    bool one_object = kind == SNAPSHOT_NAMESPACES && ns.len != 0;
    if (one_object) {
        strbuf_printf(&by_name, "metadata.name=%.*s", SV_ARG(ns));
    }
    union {
        const struct kube_resource *in;
        void *out;
    } resource = {.in = RESOURCES[kind]};
    const struct kube_watch_spec spec = {
        .resource = RESOURCES[kind],
        .ns = kind == SNAPSHOT_CLUSTERS ? ns : SV(""),
        .field_selector = one_object ? strbuf_view(&by_name) : SV_NONE,
        .event = snapshot_feed_event,
        .event_ctx = feed,
        .failed = on_failed,
        .ctx = resource.out,
    };
    return kube_watcher_add(w->watcher, &spec, err);
}

static bool came_before(const struct watches_options *o, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (sv_eq_lit(sv_from(o->namespaces[i]), o->namespaces[at])) {
            return true;
        }
    }
    return false;
}

static int add_scope(struct watches *w, const struct watches_options *o, struct strview ns,
                     struct err *err)
{
    if (add(w, SNAPSHOT_NAMESPACES, ns, err) != 0) {
        return -1;
    }
    return o->without_clusters ? 0 : add(w, SNAPSHOT_CLUSTERS, ns, err);
}

static int add_all(struct watches *w, const struct watches_options *o, struct err *err)
{
    if (add(w, SNAPSHOT_POLICIES, SV(""), err) != 0) {
        return -1;
    }
    if (o->namespace_count == 0) {
        return add_scope(w, o, SV(""), err);
    }
    for (size_t i = 0; i < o->namespace_count; i++) {
        struct strview ns = sv_from(o->namespaces[i]);
        if (!came_before(o, i) && add_scope(w, o, ns, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int watches_new(const struct watches_options *o, struct watches **ret, struct err *err)
{
    struct watches *w = mem_alloc(sizeof(*w));
    if (w == NULL) {
        return err_set(err, E_NOMEM, "no memory for the watches");
    }
    *w = (struct watches){.snapshots = o->snapshots};
    if (kube_watcher_new(o->config, o->observe, o->observe_ctx, &w->watcher, err) != 0 ||
        add_all(w, o, err) != 0) {
        watches_free(w);
        return -1;
    }
    *ret = w;
    return 0;
}

int watches_start(struct watches *w, struct err *err)
{
    return kube_watcher_start(w->watcher, err);
}

int64_t watches_silence_ms(const struct watches *w)
{
    int64_t heard = kube_watcher_heard_ms(w->watcher);
    return heard != 0 ? clock_mono_ms() - heard : -1;
}

void watches_free(struct watches *w)
{
    if (w != NULL) {
        kube_watcher_free(w->watcher);
        mem_free(w);
    }
}
