// SPDX-License-Identifier: Apache-2.0
// Flink's configuration and logging, and names that other operators have.
#include "common/flink/rules_run.h"

#include "common/base/macros.h"
#include "common/k8s/names.h"

void rule_flink_configuration_form(struct rule_run *r)
{
    size_t mark = r->out->count;
    for (size_t i = 0; i < r->conf_faults->count; i++) {
        violation_add(r->out, &r->conf_faults->items[i]);
    }
    rule_adopt(r, mark);
}

void rule_flink_configuration_keys(struct rule_run *r)
{
    size_t mark = r->out->count;
    const struct flink_conf_judge judge = {.version = r->e->version,
                                           .application = !r->e->session,
                                           .storage_known = r->e->storage_known};
    flink_conf_check(&r->e->conf, &judge, UNDER(SPEC, "flinkConfiguration"), r->out);
    rule_adopt(r, mark);
}

void rule_log_configuration_files(struct rule_run *r)
{
    static const char *const READ[] = {"log4j-console.properties", "logback-console.xml"};
    static const char *const OURS[] = {"flink-conf.yaml", "config.yaml"};
    const struct path files = PATH_FIELD_OF(SPEC, SV("logConfiguration"));
    json_each(file, r->now->spec.log_configuration) {
        struct strview name = json_key(file);
        const struct path at = PATH_KEY_OF(&files, name);
        const char *fault = name_fault(NAME_CONFIG_MAP_KEY, name);
        bool ours = false;
        bool read = false;
        for (size_t i = 0; i < ARRAY_LEN(OURS); i++) {
            ours = ours || sv_eq_lit(name, OURS[i]);
            read = read || sv_eq_lit(name, READ[i]);
        }
        if (fault != NULL) {
            rule_deny(r, CAUSE_INVALID, &at, rule_quote(r, name), "%s", fault);
        } else if (ours) {
            rule_deny(r, CAUSE_FORBIDDEN, &at, rule_quote(r, name),
                      "Sluice writes this file: use flinkConfiguration");
        } else if (!read) {
            rule_warn(r, &at, "is read by no program: Flink reads %s and %s", READ[0], READ[1]);
        }
    }
}

/// V stands where the refused field F would.
static void refuse_field(struct rule_run *r, const struct json *v, const struct field *f,
                         const struct path *at)
{
    bool nothing = sv_starts(sv_from(f->instead), SV("nothing: "));
    if (json_type(v) != JSON_NULL) {
        rule_deny(r, CAUSE_FORBIDDEN, at, SV_NONE, "%s%s", nothing ? "" : "use ",
                  f->instead + (nothing ? sizeof("nothing: ") - 1 : 0));
    }
}

/// BASE is what was decoded by TYPE's rows.
static void refuse_foreign(struct rule_run *r, const struct object_type *type, const void *base,
                           const struct path *path)
{
    const struct json *const *self = base; // the first member of every described struct
    for (size_t i = 0; *self != NULL && i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        struct strview name = sv_make(f->name, f->name_len);
        if (f->kind == FIELD_OBJECT) {
            refuse_foreign(r, f->sub, (const char *)base + f->offset, &PATH_FIELD_OF(path, name));
        } else if (f->kind == FIELD_REFUSED && json_get(*self, name) != NULL) {
            refuse_field(r, json_get(*self, name), f, &PATH_FIELD_OF(path, name));
        }
    }
}

void rule_foreign_fields(struct rule_run *r)
{
    if (r->now->foreign) {
        refuse_foreign(r, &cluster_spec_type, &r->now->spec, SPEC);
    }
}
