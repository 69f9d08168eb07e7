// SPDX-License-Identifier: Apache-2.0
#include "common/flink/defaults_slot.h"

#include "common/base/macros.h"
#include "common/flink/defaults_preset.h"

/// A path that ends with a dot is open: what follows is the last key.
static const struct {
    const char *path;
    unsigned rank;
    const char *keys[SLOT_DEPTH_MAX];
} ROWS[] = {
    {PRESET_IMAGE, DEFAULTS_RANK_IMAGE, {"image"}},
    {PRESET_IAM_ROLE, DEFAULTS_RANK_ROLE, {"iamRole"}},
    {PRESET_JOB_MANAGERS, DEFAULTS_RANK_JOB_MANAGER, {"jobManager", "replicas"}},
    {PRESET_STORAGE_ROOT, DEFAULTS_RANK_STORAGE, {"storage", "root"}},
    {PRESET_JM_REQUESTS, DEFAULTS_RANK_JOB_MANAGER, {"jobManager", "resources", "requests"}},
    {PRESET_TM_REQUESTS, DEFAULTS_RANK_TASK_MANAGER, {"taskManager", "resources", "requests"}},
    {PRESET_CONF, DEFAULTS_RANK_CONF, {"flinkConfiguration"}},
};

bool slot_read(struct strview path, struct slot *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct strview row = sv_from(ROWS[i].path);
        bool open = sv_ends(row, SV("."));
        if (open ? !sv_starts(path, row) || path.len == row.len : !sv_eq(path, row)) {
            continue;
        }
        *ret = (struct slot){.rank = ROWS[i].rank};
        for (; ret->n < SLOT_DEPTH_MAX && ROWS[i].keys[ret->n] != NULL; ret->n++) {
            ret->keys[ret->n] = sv_from(ROWS[i].keys[ret->n]);
        }
        if (open) {
            ret->keys[ret->n++] = sv_from_pos(path, row.len);
        }
        return true;
    }
    return false;
}

static bool is_nothing(const struct json *v)
{
    return v == NULL || json_type(v) == JSON_NULL;
}

const struct json *slot_at(const struct flink_cluster *c, const struct slot *slot)
{
    const struct json *at = c->spec.self;
    for (size_t i = 0; i < slot->n; i++) {
        at = json_get(at, slot->keys[i]);
    }
    return is_nothing(at) ? NULL : at;
}

bool slot_is_open(const struct flink_cluster *c, const struct slot *slot)
{
    const struct json *at = c->spec.self;
    for (size_t i = 0; i < slot->n && !is_nothing(at); i++) {
        if (json_type(at) != JSON_OBJECT) {
            return false;
        }
        at = json_get(at, slot->keys[i]);
    }
    return true;
}

bool slot_is_option(const struct slot *slot)
{
    return slot->rank == DEFAULTS_RANK_CONF;
}
