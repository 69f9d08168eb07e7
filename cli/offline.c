// SPDX-License-Identifier: Apache-2.0
#include "cli/offline.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/flink/cluster.h"
#include "common/json/out.h"
#include "common/world/snapshot.h"
#include "common/world/snapshots.h"
#include "webhook/context.h"
#include "webhook/policy_files.h"

#define OBJECT_TEXT_MAX ((size_t)16 << 20)
#define NAME_LABEL      "kubernetes.io/metadata.name"

struct offline {
    struct snapshots *snapshots;
    struct snapshot_feed *policies, *namespaces, *clusters;
    struct snapshot *current;
    struct strbuf text; // of the object on its way
};

static int tell(struct snapshot_feed *feed, enum kube_event event, struct strview text,
                struct err *err)
{
    return snapshot_feed_event(feed, event, text, err);
}

/// LIST's labels "NS:KEY=VALUE" of one namespace, that of the entry FIRST; entries before it named
/// others.
static int put_namespace(struct offline *o, const struct option_list *list, size_t first,
                         struct strview ns, struct err *err)
{
    strbuf_reset(&o->text);
    struct json_out j = JSON_OUT(&o->text);
    json_out_begin_object(&j);
    json_out_key_object(&j, "metadata");
    json_out_kv_string(&j, "name", ns);
    json_out_key_object(&j, "labels");
    json_out_kv_string(&j, NAME_LABEL, ns);
    for (size_t i = first; i < list->count; i++) {
        struct strview rest = sv_from(list->items[i]), name, key;
        if (!sv_split(&rest, ':', &name) || !sv_eq(name, ns) || rest.len == 0) {
            continue;
        }
        if (!sv_split(&rest, '=', &key) || key.len == 0 || !sv_present(rest)) {
            return err_set(err, E_INVALID, "--namespace-labels %.200s: NS:KEY=VALUE is meant",
                           list->items[i]);
        }
        json_out_key(&j, key);
        json_out_string(&j, rest);
    }
    json_out_end_object(&j);
    json_out_end_object(&j);
    json_out_end_object(&j);
    return tell(o->namespaces, KUBE_RESET_ITEM, strbuf_view(&o->text), err);
}

static int put_namespaces(struct offline *o, const struct option_list *list, struct err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        struct strview rest = sv_from(list->items[i]), ns, other;
        size_t colon = sv_find_char(rest, ':');
        if (colon == SIZE_MAX || colon == 0) {
            return err_set(err, E_INVALID, "--namespace-labels %.200s: NS:KEY=VALUE is meant",
                           list->items[i]);
        }
        ns = sv_sub(rest, 0, colon);
        size_t k = 0;
        for (; k < i; k++) {
            struct strview before = sv_from(list->items[k]);
            if (sv_split(&before, ':', &other) && sv_eq(other, ns)) {
                break;
            }
        }
        if (k == i && put_namespace(o, list, i, ns, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int fill(struct offline *o, const struct option_list *policies,
                const struct option_list *namespace_labels, struct err *err)
{
    for (size_t i = 0; i < policies->count; i++) {
        if (policy_file_add(policies->items[i], o->snapshots, err) != 0) {
            return -1;
        }
    }
    o->policies = snapshots_feed(o->snapshots, SNAPSHOT_POLICIES, SV(""));
    o->namespaces = snapshots_feed(o->snapshots, SNAPSHOT_NAMESPACES, SV(""));
    o->clusters = snapshots_feed(o->snapshots, SNAPSHOT_CLUSTERS, SV(""));
    if (o->policies == NULL || o->namespaces == NULL || o->clusters == NULL ||
        snapshots_start(o->snapshots, err) != 0) {
        return -1;
    }
    if (tell(o->policies, KUBE_RESET_BEGIN, SV(""), err) != 0 ||
        tell(o->policies, KUBE_RESET_END, SV(""), err) != 0 ||
        tell(o->namespaces, KUBE_RESET_BEGIN, SV(""), err) != 0 ||
        put_namespaces(o, namespace_labels, err) != 0 ||
        tell(o->namespaces, KUBE_RESET_END, SV(""), err) != 0 ||
        tell(o->clusters, KUBE_RESET_BEGIN, SV(""), err) != 0 ||
        tell(o->clusters, KUBE_RESET_END, SV(""), err) != 0) {
        return -1;
    }
    return 0;
}

int offline_open(const struct option_list *policies, const struct option_list *namespace_labels,
                 struct offline **ret, struct err *err)
{
    struct offline *o = calloc(1, sizeof(*o));
    *ret = o;
    if (o == NULL) {
        return err_set(err, E_NOMEM, "no memory to start");
    }
    o->text = STRBUF(OBJECT_TEXT_MAX);
    if (snapshots_new(&o->snapshots, err) != 0 || fill(o, policies, namespace_labels, err) != 0) {
        offline_close(o);
        *ret = NULL;
        return -1;
    }
    return 0;
}

void offline_close(struct offline *o)
{
    if (o == NULL) {
        return;
    }
    snapshot_unref(o->current);
    snapshots_free(o->snapshots);
    strbuf_done(&o->text);
    free(o);
}

// ---- what is seen -------------------------------------------------------------------------------

/// Begins OBJECT's text: metadata, as far as anybody here asks, not ended.
static struct json_out begin_object(struct offline *o, const struct json *object)
{
    strbuf_reset(&o->text);
    struct json_out j = JSON_OUT(&o->text);
    json_out_begin_object(&j);
    json_out_key_object(&j, "metadata");
    json_out_kv_string(&j, "name", json_get_string(json_get_lit(object, "metadata"), SV("name")));
    return j;
}

static void put_spec(struct json_out *j, const struct json *object)
{
    json_out_key(j, SV("spec"));
    json_out_value(j, json_get_lit(object, "spec"));
}

/// An object without a name is none that others could meet: generateName, or a fault told
/// elsewhere.
static int end_object(struct offline *o, struct snapshot_feed *feed, struct json_out *j,
                      const struct json *object, struct err *err)
{
    json_out_end_object(j);
    if (!strbuf_ok(&o->text)) {
        return err_set(err, E_NOMEM, "no memory for an object");
    }
    bool named = json_get_string(json_get_lit(object, "metadata"), SV("name")).len != 0;
    return named ? tell(feed, KUBE_ADDED, strbuf_view(&o->text), err) : 0;
}

int offline_see(struct offline *o, const struct json *object, struct strview ns, struct err *err)
{
    struct json_out j = begin_object(o, object);
    json_out_kv_string(&j, "namespace", ns);
    json_out_end_object(&j);
    put_spec(&j, object);
    return end_object(o, o->clusters, &j, object, err);
}

int offline_see_policy(struct offline *o, const struct json *object, struct err *err)
{
    struct json_out j = begin_object(o, object);
    json_out_end_object(&j);
    put_spec(&j, object);
    return end_object(o, o->policies, &j, object, err);
}

int offline_see_namespace(struct offline *o, const struct json *object, struct err *err)
{
    const struct json *metadata = json_get_lit(object, "metadata");
    const struct json *labels = json_get_lit(metadata, "labels");
    struct json_out j = begin_object(o, object);
    json_out_key_object(&j, "labels");
    // The API server sees to this one.
    json_out_kv_string(&j, NAME_LABEL, json_get_string(metadata, SV("name")));
    json_each(label, json_type(labels) == JSON_OBJECT ? labels : NULL) {
        if (!sv_eq_lit(json_key(label), NAME_LABEL)) {
            json_out_key(&j, json_key(label));
            json_out_value(&j, label);
        }
    }
    json_out_end_object(&j);
    json_out_end_object(&j);
    return end_object(o, o->namespaces, &j, object, err);
}

void offline_context(struct offline *o, struct review_context *ret)
{
    snapshot_unref(o->current);
    o->current = snapshots_take(o->snapshots);
    *ret = (struct review_context){.now_ms = clock_wall_ms()};
    context_put(o->current, ret);
}
