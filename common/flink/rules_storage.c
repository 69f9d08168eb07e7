// SPDX-License-Identifier: Apache-2.0
// Where state lives, what reaches it, and how the web UI is reached.
#include "common/flink/rules_run.h"

#include "common/base/macros.h"
#include "common/flink/plugins.h"
#include "common/k8s/names.h"

/// What is wrong with URI as a place for state, or NULL.
static const char *storage_fault(struct rule_run *r, struct strview uri)
{
    struct strview scheme = flink_uri_scheme(r->arena, uri);
    if (!sv_present(scheme)) {
        return "must be a URI, such as s3://bucket/path";
    }
    struct strview rest = sv_from_pos(uri, scheme.len + 1);
    if (!sv_starts(rest, SV("//"))) {
        return "must have // after the scheme, such as s3://bucket/path";
    }
    rest = sv_from_pos(rest, 2);
    for (size_t i = 0; i < rest.len; i++) {
        unsigned char c = (unsigned char)rest.ptr[i];
        if (c <= ' ' || c == 0x7f) {
            return "must not hold white space or control characters";
        }
        if (c == '?' || c == '#') {
            return "must have neither a query nor a fragment";
        }
    }
    if (sv_eq(scheme, SV("local")) || sv_eq(scheme, SV("http")) || sv_eq(scheme, SV("https"))) {
        return "Flink can't write there: use s3, gs, abfs, oss, hdfs, or file on a shared volume";
    }
    bool no_host = rest.len == 0 || rest.ptr[0] == '/';
    // hdfs:///path takes its name node from Hadoop's configuration, viewfs its mount table.
    bool host_optional = sv_eq(scheme, SV("hdfs")) || sv_eq(scheme, SV("viewfs"));
    if (sv_eq(scheme, SV("file"))) {
        return no_host && rest.len > 1 ? NULL : "must be file:/// and a path on a shared volume";
    }
    return no_host && (!host_optional || rest.len < 2) ? "must name a bucket or host" : NULL;
}

void rule_storage_root_form(struct rule_run *r)
{
    struct strview root = r->now->spec.storage.root;
    const char *fault = sv_present(root) ? storage_fault(r, root) : NULL;
    if (fault != NULL) {
        rule_deny(r, CAUSE_INVALID, UNDER(UNDER(SPEC, "storage"), "root"), rule_quote(r, root),
                  "%s", fault);
    }
}

static void warn_plugin(struct rule_run *r, const struct path *path, struct strview uri)
{
    const char *want = NULL;
    struct strview scheme = flink_uri_scheme(r->arena, uri);
    if (!sv_present(scheme) || !flink_scheme_needs_plugin(scheme, &want)) {
        return;
    }
    const struct field_strings *plugins = &r->now->spec.plugins;
    for (size_t i = 0; i < plugins->n; i++) {
        if (flink_plugin_serves(plugins->items[i], scheme)) {
            return;
        }
    }
    rule_warn(r, path, "no plugin for %.*s is enabled: add %s to plugins, or have it in the image",
              SV_ARG(scheme), want);
}

void rule_storage_plugin(struct rule_run *r)
{
    static const struct strview DIRS[] = {SV_INIT("high-availability.storageDir"),
                                          SV_INIT("execution.checkpointing.dir"),
                                          SV_INIT("execution.checkpointing.savepoint-dir")};
    if (sv_present(r->now->spec.storage.root)) {
        warn_plugin(r, UNDER(UNDER(SPEC, "storage"), "root"), r->now->spec.storage.root);
    }
    const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
    for (size_t i = 0; i < ARRAY_LEN(DIRS); i++) {
        const struct flink_conf_entry *it = flink_conf_find_canonical(&r->e->conf, DIRS[i]);
        if (it != NULL) {
            warn_plugin(r, &PATH_KEY_OF(&conf, it->key), it->value);
        }
    }
}

void rule_plugins_known(struct rule_run *r)
{
    const struct field_strings *plugins = &r->now->spec.plugins;
    const struct path list = PATH_FIELD_OF(SPEC, SV("plugins"));
    for (size_t i = 0; i < plugins->n; i++) {
        struct strview name = plugins->items[i];
        const struct path at = PATH_INDEX_OF(&list, i);
        bool twice = false;
        for (size_t k = 0; k < i; k++) {
            twice = twice || sv_eq(name, plugins->items[k]);
        }
        if (twice) {
            rule_deny(r, CAUSE_DUPLICATE, &at, rule_quote(r, name), "named before");
        } else if (!flink_plugin_is_valid(name)) {
            rule_deny(r, CAUSE_INVALID, &at, rule_quote(r, name),
                      "must be one of %s, or a jar's file name", flink_plugin_names());
        } else if (r->e->image_ok && r->e->patch.len == 0 &&
                   !sv_present(flink_plugin_jar(r->arena, name, r->e->patch))) {
            rule_deny(r, CAUSE_INVALID, &at, rule_quote(r, name),
                      "the image's tag tells no whole Flink version, such as 1.20.1, so the jar's "
                      "name can't be made up: give it in full");
        }
    }
}

// ---- ingress ------------------------------------------------------------------------------------

/// The template with both names filled in; SV_NONE when it holds any other braces.
static struct strview fill_template(const struct rule_run *r, struct strview text)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(r->arena, 2048);
    while (text.len != 0) {
        size_t at = sv_find(text, SV("{{"));
        strbuf_put(&b, sv_sub(text, 0, at));
        if (at == SIZE_MAX) {
            break;
        }
        text = sv_from_pos(text, at + 2);
        size_t end = sv_find(text, SV("}}"));
        struct strview name = sv_trim(sv_sub(text, 0, end));
        if (end == SIZE_MAX || (!sv_eq_lit(name, "name") && !sv_eq_lit(name, "namespace"))) {
            return SV_NONE;
        }
        strbuf_put(&b, SV("x"));
        text = sv_from_pos(text, end + 2);
    }
    return arena_copy(r->arena, strbuf_view(&b));
}

void rule_ingress_template(struct rule_run *r)
{
    const struct ingress_spec *ingress = &r->now->spec.ingress;
    const struct path *path = UNDER(UNDER(SPEC, "ingress"), "template");
    if (ingress->self == NULL) {
        return;
    }
    if (!rule_stands(ingress->self, "template")) {
        rule_deny(r, CAUSE_REQUIRED, path, SV_NONE, "such as {{name}}.flink.example.com");
        return;
    }
    if (!sv_present(ingress->template)) {
        return;
    }
    struct strview filled = fill_template(r, ingress->template);
    size_t slash = sv_find_char(filled, '/');
    struct strview host = sv_sub(filled, 0, slash);
    const char *fault = name_fault(NAME_DNS1123_SUBDOMAIN, host);
    if (!sv_present(filled)) {
        rule_deny(r, CAUSE_INVALID, path, rule_quote(r, ingress->template),
                  "only {{name}} and {{namespace}} are filled in");
    } else if (fault != NULL && host.len != 0) {
        rule_deny(r, CAUSE_INVALID, path, rule_quote(r, ingress->template), "host: %s", fault);
    }
}

static void check_name(struct rule_run *r, const struct path *path, enum name_kind kind,
                       struct strview name)
{
    const char *fault = sv_present(name) ? name_fault(kind, name) : NULL;
    if (fault != NULL) {
        rule_deny(r, CAUSE_INVALID, path, rule_quote(r, name), "%s", fault);
    }
}

void rule_ingress_metadata(struct rule_run *r)
{
    const struct ingress_spec *ingress = &r->now->spec.ingress;
    const struct path *up = UNDER(SPEC, "ingress");
    check_name(r, UNDER(up, "className"), NAME_DNS1123_SUBDOMAIN, ingress->class_name);
    const struct path annotations = PATH_FIELD_OF(up, SV("annotations"));
    json_each(a, ingress->annotations) {
        check_name(r, &PATH_KEY_OF(&annotations, json_key(a)), NAME_ANNOTATION_KEY, json_key(a));
    }
    const struct path labels = PATH_FIELD_OF(up, SV("labels"));
    json_each(l, ingress->labels) {
        const struct path at = PATH_KEY_OF(&labels, json_key(l));
        check_name(r, &at, NAME_LABEL_KEY, json_key(l));
        check_name(r, &at, NAME_LABEL_VALUE, json_string(l));
    }
    const struct path tls = PATH_FIELD_OF(up, SV("tls"));
    size_t i = 0;
    json_each(entry, ingress->tls) {
        const struct path at = PATH_INDEX_OF(&tls, i++);
        check_name(r, UNDER(&at, "secretName"), NAME_DNS1123_SUBDOMAIN,
                   json_get_string(entry, SV("secretName")));
    }
}
