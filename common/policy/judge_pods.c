// SPDX-License-Identifier: Apache-2.0
// What pods may do on their node, and as whom.
#include "common/policy/judge_run.h"

static bool is_true(const struct json *object, struct strview key)
{
    bool v = false;
    return json_bool(json_get(object, key), &v) && v;
}

void judge_pods_host_path(struct judge_run *r)
{
    struct places walk = PLACES(r->now->c, PLACES_OF(VOLUMES));
    for (const struct place *p;
         judge_works(r, 1) && !r->enough && (p = places_next(&walk)) != NULL;) {
        const struct json *host = json_get_lit(p->json, "hostPath");
        if (json_type(host) == JSON_OBJECT) {
            struct path nodes[PLACE_NODES];
            judge_say(r, CAUSE_FORBIDDEN, UNDER(place_path(p, nodes), "hostPath"),
                      judge_text(r, json_get_string(host, SV("path"))),
                      "volumes of the node's own files are not allowed: use another kind");
        }
    }
}

// ---- privileged ---------------------------------------------------------------------------------

/// One security context, of a container or (with POD) of a pod.
static void judge_security(struct judge_run *r, const struct json *context, const struct path *path)
{
    static const struct strview FLAGS[] = {SV_INIT("privileged"),
                                           SV_INIT("allowPrivilegeEscalation")};
    for (size_t i = 0; i < ARRAY_LEN(FLAGS); i++) {
        if (is_true(context, FLAGS[i])) {
            judge_say(r, CAUSE_FORBIDDEN, &PATH_FIELD_OF(path, FLAGS[i]),
                      (struct shown){.text = SV("true")},
                      "containers may not have more rights: leave it out");
        }
    }
    const struct path capabilities = PATH_FIELD_OF(path, SV("capabilities"));
    const struct path list = PATH_FIELD_OF(&capabilities, SV("add"));
    size_t n = 0;
    json_each(added, json_get_lit(json_get_lit(context, "capabilities"), "add")) {
        if (r->enough) {
            return;
        }
        judge_say(r, CAUSE_FORBIDDEN, &PATH_INDEX_OF(&list, n++), judge_text(r, json_string(added)),
                  "capabilities may not be added");
    }
    if (sv_eq_lit(json_get_string(context, SV("procMount")), "Unmasked")) {
        judge_say(r, CAUSE_FORBIDDEN, UNDER(path, "procMount"), judge_text(r, SV("Unmasked")),
                  "containers may not have more rights: leave it out");
    }
    if (is_true(json_get_lit(context, "windowsOptions"), SV("hostProcess"))) {
        judge_say(r, CAUSE_FORBIDDEN, UNDER(UNDER(path, "windowsOptions"), "hostProcess"),
                  (struct shown){.text = SV("true")},
                  "containers may not have more rights: leave it out");
    }
}

void judge_pods_privileged(struct judge_run *r)
{
    struct places walk = PLACES(r->now->c, PLACES_TEMPLATES | PLACES_OF_ANY_CONTAINERS);
    for (const struct place *p;
         judge_works(r, 1) && !r->enough && (p = places_next(&walk)) != NULL;) {
        bool is_pod = p->list == PLACE_LIST_COUNT;
        const struct json *owner = is_pod ? p->pod : p->json;
        const struct json *context = json_get_lit(owner, "securityContext");
        if (context != NULL) {
            struct path nodes[PLACE_NODES];
            const struct path *at = place_path(p, nodes);
            judge_security(r, context, UNDER(is_pod ? UNDER(at, "spec") : at, "securityContext"));
        }
    }
}

// ---- the node's namespaces ----------------------------------------------------------------------

static void judge_flag(struct judge_run *r, struct strview key)
{
    struct places walk = PLACES(r->now->c, PLACES_TEMPLATES);
    for (const struct place *p;
         judge_works(r, 1) && !r->enough && (p = places_next(&walk)) != NULL;) {
        if (is_true(p->pod, key)) {
            struct path nodes[PLACE_NODES];
            const struct path spec = PATH_FIELD_OF(place_path(p, nodes), SV("spec"));
            judge_say(r, CAUSE_FORBIDDEN, &PATH_FIELD_OF(&spec, key),
                      (struct shown){.text = SV("true")},
                      "pods may not share the node's namespaces: leave it out");
        }
    }
}

void judge_pods_host_network(struct judge_run *r)
{
    judge_flag(r, SV("hostNetwork"));
    struct places walk = PLACES(r->now->c, PLACES_OF_ANY_CONTAINERS);
    for (const struct place *p;
         judge_works(r, 1) && !r->enough && (p = places_next(&walk)) != NULL;) {
        size_t n = 0;
        json_each(port, json_get_lit(p->json, "ports")) {
            size_t index = n++;
            int64_t number = 0;
            if (!judge_works(r, 1)) {
                return;
            }
            if (json_int(json_get_lit(port, "hostPort"), &number) && number != 0) {
                struct path nodes[PLACE_NODES];
                const struct path ports = PATH_FIELD_OF(place_path(p, nodes), SV("ports"));
                judge_say(r, CAUSE_FORBIDDEN, UNDER(&PATH_INDEX_OF(&ports, index), "hostPort"),
                          judge_number(r, number),
                          "containers may not take ports of the node: leave it out");
            }
        }
    }
}

void judge_pods_host_pid(struct judge_run *r)
{
    judge_flag(r, SV("hostPID"));
}

void judge_pods_host_ipc(struct judge_run *r)
{
    judge_flag(r, SV("hostIPC"));
}

// ---- accounts -----------------------------------------------------------------------------------

static void judge_name(struct judge_run *r, const struct path *path, struct strview name)
{
    const struct patterns *allowed = &r->policy->service_accounts;
    if (!patterns_match(allowed, name, judge_vars(r->now))) {
        judge_say(r, CAUSE_INVALID, path, judge_text(r, name),
                  "is not among the allowed ServiceAccounts: %.*s",
                  SV_ARG(judge_patterns(r, allowed)));
    }
}

void judge_pods_service_accounts(struct judge_run *r)
{
    static const struct strview FIELDS[] = {SV_INIT("serviceAccountName"),
                                            SV_INIT("serviceAccount")};
    const struct flink_cluster *c = r->now->c;
    if (!r->policy->service_accounts.set) {
        return;
    }
    // Without one, the account that the controller makes counts; under generateName its name is not
    // known yet.
    struct strview name = c->spec.service_account_name;
    if (!sv_present(name) && sv_present(c->name)) {
        name = arena_printf(r->arena, "%.*s-flink", SV_ARG(c->name));
    }
    if (sv_present(name)) {
        judge_name(r, UNDER(SPEC, "serviceAccountName"), name);
    }
    struct places walk = PLACES(c, PLACES_TEMPLATES);
    for (const struct place *p;
         judge_works(r, 1) && !r->enough && (p = places_next(&walk)) != NULL;) {
        for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
            struct strview given = json_get_string(p->pod, FIELDS[i]);
            if (sv_present(given)) {
                struct path nodes[PLACE_NODES];
                const struct path spec = PATH_FIELD_OF(place_path(p, nodes), SV("spec"));
                judge_name(r, &PATH_FIELD_OF(&spec, FIELDS[i]), given);
            }
        }
    }
}
