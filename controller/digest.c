// SPDX-License-Identifier: Apache-2.0
#include "controller/digest.h"

/// What stays of an object, or of each element of an array. A field that is read anywhere in the
/// pure half must stand here: the tests' world shows its objects through this table.
struct mask {
    const char *key;           // NULL ends the list
    const struct mask *inside; // NULL: the whole value
    const char *const *types;  // of an array's elements only those stay whose `type` is one of them
};

static const struct mask OWNER[] = {{"kind"}, {"name"}, {"uid"}, {"controller"}, {NULL}};

static const struct mask METADATA[] = {{"name"},
                                       {"namespace"},
                                       {"uid"},
                                       {"generation"},
                                       {"labels"},
                                       {"annotations"},
                                       {"creationTimestamp"},
                                       {"deletionTimestamp"},
                                       {"deletionGracePeriodSeconds"},
                                       {"ownerReferences", OWNER},
                                       {NULL}};

static const struct mask CONTAINER[] = {{"name"}, {"image"}, {"resources"}, {NULL}};
static const struct mask POD_SPEC[] = {
    {"containers", CONTAINER}, {"initContainers", CONTAINER}, {NULL}};

static const struct mask WAITING[] = {{"reason"}, {"message"}, {NULL}};
static const struct mask RUNNING[] = {{"startedAt"}, {NULL}};
static const struct mask TERMINATED[] = {{"exitCode"},  {"signal"},     {"reason"}, {"message"},
                                         {"startedAt"}, {"finishedAt"}, {NULL}};
static const struct mask STATE[] = {
    {"waiting", WAITING}, {"running", RUNNING}, {"terminated", TERMINATED}, {NULL}};
static const struct mask CONTAINER_STATUS[] = {
    {"name"}, {"restartCount"}, {"state", STATE}, {"lastState", STATE}, {NULL}};
static const char *const CONDITION_TYPES[] = {"Ready", "PodScheduled", "DisruptionTarget", NULL};
static const struct mask CONDITION[] = {
    {"type"}, {"status"}, {"reason"}, {"message"}, {"lastTransitionTime"}, {NULL}};
static const struct mask POD_STATUS[] = {{"phase"},
                                         {"reason"},
                                         {"message"},
                                         {"podIP"},
                                         {"conditions", CONDITION, CONDITION_TYPES},
                                         {"containerStatuses", CONTAINER_STATUS},
                                         {"initContainerStatuses", CONTAINER_STATUS},
                                         {NULL}};

static const struct mask POD[] = {
    {"metadata", METADATA}, {"spec", POD_SPEC}, {"status", POD_STATUS}, {NULL}};
// Its data are immutable, as long as this says so.
static const struct mask CONFIG_MAP[] = {{"metadata", METADATA}, {"immutable"}, {NULL}};
static const struct mask SERVICE_ACCOUNT[] = {{"metadata", METADATA}, {NULL}};
static const struct mask ROLE_BINDING[] = {
    {"metadata", METADATA}, {"roleRef"}, {"subjects"}, {NULL}};

static const struct mask SERVICE_SPEC[] = {
    {"type"},  {"clusterIP"}, {"publishNotReadyAddresses"}, {"sessionAffinity"}, {"selector"},
    {"ports"}, {NULL}};
static const struct mask SERVICE[] = {{"metadata", METADATA}, {"spec", SERVICE_SPEC}, {NULL}};
static const struct mask PDB_SPEC[] = {{"minAvailable"}, {"selector"}, {NULL}};
static const struct mask PDB[] = {{"metadata", METADATA}, {"spec", PDB_SPEC}, {NULL}};

static const struct mask *const MASKS[CHILD_KIND_COUNT] = {
    [CHILD_CONFIG_MAP] = CONFIG_MAP,
    [CHILD_SERVICE_ACCOUNT] = SERVICE_ACCOUNT,
    [CHILD_ROLE_BINDING] = ROLE_BINDING,
    [CHILD_SERVICE] = SERVICE,
    [CHILD_PDB] = PDB,
    [CHILD_POD] = POD,
};

static const struct mask *find(const struct mask *list, struct strview key)
{
    for (; list->key != NULL; list++) {
        if (sv_eq(key, sv_from(list->key))) {
            return list;
        }
    }
    return NULL;
}

static bool is_kept(const struct mask *m, const struct json *element)
{
    struct strview type = json_get_string(element, SV("type"));
    const char *const *t = m->types;
    while (t != NULL && *t != NULL && !sv_eq(type, sv_from(*t))) {
        t++;
    }
    return t == NULL || *t != NULL;
}

static void put_members(const struct mask *mask, const struct json *object, struct json_out *o);

static void put_element(const struct mask *m, const struct json *value, struct json_out *o)
{
    if (m->inside != NULL && json_type(value) == JSON_OBJECT) {
        put_members(m->inside, value, o);
    } else {
        json_out_value(o, value);
    }
}

static void put(const struct mask *m, const struct json *value, struct json_out *o)
{
    if (m->inside == NULL || json_type(value) != JSON_ARRAY) {
        put_element(m, value, o);
        return;
    }
    json_out_begin_array(o);
    json_each(element, value) {
        if (is_kept(m, element)) {
            put_element(m, element, o);
        }
    }
    json_out_end_array(o);
}

static void put_members(const struct mask *mask, const struct json *object, struct json_out *o)
{
    json_out_begin_object(o);
    json_each(member, object) {
        const struct mask *m = find(mask, json_key(member));
        if (m != NULL) {
            json_out_key(o, json_key(member));
            put(m, member, o);
        }
    }
    json_out_end_object(o);
}

bool digest_is_for(enum child_kind kind)
{
    return MASKS[kind] != NULL;
}

void digest_put(enum child_kind kind, const struct json *object, struct json_out *o)
{
    if (MASKS[kind] != NULL && json_type(object) == JSON_OBJECT) {
        put_members(MASKS[kind], object, o);
    } else {
        json_out_value(o, object);
    }
}
