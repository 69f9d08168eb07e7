// SPDX-License-Identifier: Apache-2.0
#include "webhook/policy_files.h"

#include "common/base/arena.h"
#include "common/base/os_file.h"
#include "common/flink/cluster.h"
#include "common/kube/span.h"
#include "common/policy/policy.h"
#include "common/yaml/yaml.h"

#define ARENA_MAX ((size_t)128 << 20)

static bool is_string(struct strview text, const char *value)
{
    return text.len >= 2 && text.ptr[0] == '"' && sv_eq_lit(sv_sub(text, 1, text.len - 2), value);
}

static int add_object(struct strview text, struct snapshots *s, size_t *n, struct err *err)
{
    struct strview kind = span_member(text, SV("kind"));
    if (!is_string(kind, POLICY_KIND) ||
        !is_string(span_member(text, SV("apiVersion")), FLINK_GROUP "/" FLINK_VERSION)) {
        return err_set(err, E_INVALID,
                       "has something else than a " POLICY_KIND " of " FLINK_GROUP
                       "/" FLINK_VERSION);
    }
    (*n)++;
    return snapshots_add_policy(s, text, err);
}

static int add_document(struct strview text, struct snapshots *s, size_t *n, struct err *err)
{
    struct strview kind = span_member(text, SV("kind"));
    if (!is_string(kind, "List") && !is_string(kind, POLICY_KIND "List")) {
        return add_object(text, s, n, err);
    }
    struct strview items = span_member(text, SV("items"));
    struct strview item;
    bool broken = false;
    while (span_next(&items, &item, &broken)) {
        if (add_object(item, s, n, err) != 0) {
            return -1;
        }
    }
    return broken ? err_set(err, E_INVALID, "has a List without items") : 0;
}

int policy_file_add(const char *path, struct snapshots *s, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(POLICY_FILE_MAX);
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_MAX);
    struct yaml_document *docs = NULL;
    size_t n = 0, policies = 0;
    if (os_file_read(path, POLICY_FILE_MAX, &text, err) != 0) {
        return err_wrap(err, "policy");
    }
    int rc = yaml_to_json(strbuf_view(&text), NULL, &arena, &docs, &n, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = add_document(docs[i].json, s, &policies, err);
    }
    if (rc == 0 && policies == 0) {
        rc = err_set(err, E_INVALID, "has no " POLICY_KIND);
    }
    return rc == 0 ? 0 : err_wrap(err, "policy file %.120s", path);
}
