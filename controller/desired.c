// SPDX-License-Identifier: Apache-2.0
#include "controller/desired.h"

#include "common/flink/podtemplate_merge.h"
#include "controller/config.h"
#include "controller/objects.h"
#include "controller/pod_text.h"

static void add(struct desired *d, enum child_kind kind, struct strview name, struct strview text)
{
    ASSERT(d->n < DESIRED_CHILDREN_MAX);
    d->items[d->n++] = (struct desired_child){.kind = kind, .name = name, .text = text};
}

static void count_pods(struct desired *d)
{
    const struct record *r = d->record;
    if (!record_runs(r)) {
        return;
    }
    // Without HA a second JobManager would be a second cluster.
    d->pods[POD_JOB_MANAGER] = d->ha ? r->effective.job_manager_replicas : 1;
    d->pods[POD_TASK_MANAGER] = r->effective.numbers.replicas;
}

int desired_make(const struct reconcile *rc, const struct record *record, struct desired *ret,
                 struct err *err)
{
    *ret = (struct desired){.record = record, .ha = record->effective.storage_known};
    count_pods(ret);
    for (int role = 0; role < POD_ROLE_COUNT; role++) {
        flink_effective_resources_read(&record->cluster, &record->effective,
                                       role == POD_JOB_MANAGER ? FLINK_JOB_MANAGER
                                                               : FLINK_TASK_MANAGER,
                                       rc->arena, &ret->resources[role]);
    }
    if (record_runs(record)) {
        struct strview text;
        if (config_render(rc, ret, &text, err) != 0) {
            return -1;
        }
        add(ret, CHILD_CONFIG_MAP, config_map_name(rc, record->revision), text);
    }
    if (account_is_ours(record)) {
        add(ret, CHILD_SERVICE_ACCOUNT, account_name(rc, record), account_text(rc, record));
    }
    add(ret, CHILD_ROLE_BINDING, binding_name(rc), binding_text(rc, record));
    // What names the run waits for its first start.
    if (sv_present(record->run)) {
        add(ret, CHILD_SERVICE, rest_service_name(rc), rest_service_text(rc, record));
        add(ret, CHILD_SERVICE, job_manager_service_name(rc), job_manager_service_text(rc, record));
        if (ret->pods[POD_JOB_MANAGER] > 1) {
            add(ret, CHILD_PDB, job_manager_service_name(rc),
                budget_text(rc, record, ret->pods[POD_JOB_MANAGER]));
        }
    }
    return arena_check(rc->arena, err);
}

static struct strview merged_text(const struct reconcile *rc, const struct json *base,
                                  const struct json *top)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    podtemplate_merge_put(&o, base, top);
    return text_take(rc->arena, &b);
}

static int merge(const struct reconcile *rc, const struct json *base, const struct json *top,
                 const struct json **ret, struct err *err)
{
    struct strview text = merged_text(rc, base, top);
    if (!sv_present(text)) {
        return arena_check(rc->arena, err);
    }
    return json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, ret, err);
}

/// The cluster's template with the role's over it; NULL: neither is given.
static int merge_templates(const struct reconcile *rc, const struct desired *d, enum pod_role role,
                           const struct json **ret, struct err *err)
{
    const struct cluster_spec *spec = &d->record->cluster.spec;
    const struct json *base = spec->pod_template;
    const struct json *top =
        role == POD_JOB_MANAGER ? spec->job_manager.pod_template : spec->task_manager.pod_template;
    *ret = NULL;
    return base == NULL && top == NULL ? 0 : merge(rc, base, top, ret, err);
}

int desired_pod(const struct reconcile *rc, const struct desired *d, const struct pod_birth *birth,
                struct strview *ret, struct err *err)
{
    const struct json *template;
    const struct json *ours;
    if (merge_templates(rc, d, birth->name.role, &template, err) != 0) {
        return -1;
    }
    *ret = pod_text(rc, d, birth, template);
    if (!sv_present(*ret) || template == NULL) {
        return arena_check(rc->arena, err);
    }
    if (json_parse(*ret, &JSON_LIMITS_DEFAULT, rc->arena, &ours, err) != 0) {
        return -1;
    }
    *ret = merged_text(rc, template, ours);
    return arena_check(rc->arena, err);
}
