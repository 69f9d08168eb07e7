// SPDX-License-Identifier: Apache-2.0
// `sluice audit`: what would policies say of the FlinkClusters that are stored, before they are
// switched on?
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "cli/tally.h"
#include "common/flink/decode.h"
#include "common/kube/connect.h"
#include "common/policy/check.h"

#define A_PAGE       100
#define ARENA_MAX    ((size_t)1 << 30)
#define ARENA_KEEP   ((size_t)16 << 20)
#define FINDINGS_MAX 1000

// clang-format off
#define AUDIT_OPTIONS(O)                                                                           \
    O(LIST, policies, "policy", "", "FILE,…",                                                      \
      "Judge by the FlinkPolicies of these files, in the place of those of the cluster.",          \
      .max = 1000)                                                                                 \
    O(STRING, ns, "namespace", "", "NAME",                                                         \
      "Judge the FlinkClusters of this namespace; empty: of all. What clusters share (roles) is "  \
      "then looked at within it, too.", .letter = 'n')                                             \
    O(STRING, output, "output", "text", "FORMAT", "text or json.", .choices = FORMATS,             \
      .letter = 'o')                                                                               \
    O(BOOL, quiet, "quiet", "false", "", "Say nothing of FlinkClusters without findings.")         \
    O(STRING, kubeconfig, "kubeconfig", "", "FILE",                                                \
      "How to reach the API server; empty: the first existing file of $KUBECONFIG, else "          \
      "~/.kube/config, else the service account of the pod.")                                      \
    O(STRING, context, "context", "", "NAME", "Context of the kubeconfig; empty: the current one.")
// clang-format on
struct audit_options {
    AUDIT_OPTIONS(OPTION_MEMBER)
};
static const char *const FORMATS[] = {"text", "json", NULL};
#define ROW(...) OPTION_ROW(struct audit_options, __VA_ARGS__)
static const struct option_row ROWS[] = {AUDIT_OPTIONS(ROW)};
#undef ROW

const struct option_program CLI_audit = {
    .name = "sluice audit",
    .summary = "judge the FlinkClusters of a running cluster by policies",
    .operands = "",
    .description =
        "Reads the FlinkClusters and Namespaces of a cluster and says what the policies of the "
        "files, or without files those of the cluster, find: what they would refuse today if each "
        "FlinkCluster were made anew. Writes nothing. The rights to list flinkclusters, "
        "namespaces and, without --policy, flinkpolicies are needed.",
    .exit_status = "0: nothing would be refused\n1: something would\n2: wrong options, or the API "
                   "server can't be asked",
    .examples = "sluice audit --policy=new-policy.yaml\nsluice audit -n payments -o json",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};

struct audit {
    struct audit_options options;
    struct kube_config *config;
    struct kube *kube;
    struct offline *offline;
    struct arena arena; // of a page
    struct report report;
    struct tally tally;
    size_t policies; // files, or seen
    bool *met;       // of each policy of the set: it is for a FlinkCluster
};

typedef int object_fn(struct audit *a, const struct json *object, struct err *err);

/// Calls EACH for every object of a collection, a page at a time.
static int for_all(struct audit *a, const struct kube_ref *ref, object_fn *each, struct err *err)
{
    struct strbuf next = STRBUF(KUBE_MAX_TARGET);
    int rc = 0;
    do {
        const struct kube_selection select = {
            .limit = A_PAGE, .next_page = next.len != 0 ? strbuf_view(&next) : SV_NONE};
        const struct json *page = NULL;
        arena_reset(&a->arena, ARENA_KEEP);
        rc = kube_list(a->kube, ref, &select, &a->arena, &page, err);
        json_each(object, json_get_lit(page, "items")) {
            rc = rc == 0 ? each(a, object, err) : rc;
        }
        strbuf_reset(&next);
        strbuf_put(&next, json_string(json_get_path(page, "metadata", "continue", NULL)));
    } while (rc == 0 && next.len != 0);
    strbuf_done(&next);
    return rc;
}

static struct strview namespace_of(const struct json *object)
{
    return json_get_string(json_get_lit(object, "metadata"), SV("namespace"));
}

static int see(struct audit *a, const struct json *object, struct err *err)
{
    return offline_see(a->offline, object, namespace_of(object), err);
}

static int see_policy(struct audit *a, const struct json *object, struct err *err)
{
    a->policies++;
    return offline_see_policy(a->offline, object, err);
}

static int see_namespace(struct audit *a, const struct json *object, struct err *err)
{
    return offline_see_namespace(a->offline, object, err);
}

static void note_policies(struct audit *a, const struct policy_input *in)
{
    struct labels labels;
    bool known = in->world->namespace_labels(in->world->ctx, in->ns, &labels);
    for (size_t at = 0; policy_set_next(in->set, in->ns, known ? &labels : NULL, &at) != NULL;) {
        a->met[at - 1] = true;
    }
}

/// A selector that was mistyped finds nothing, too.
static void name_unmet(const struct audit *a)
{
    struct review_context context;
    offline_context(a->offline, &context);
    for (size_t i = 0; i < context.policies->n; i++) {
        if (!a->met[i]) {
            fprintf(stderr, "sluice audit: the policy %.*s is for none of these FlinkClusters\n",
                    SV_ARG(context.policies->items[i]->name));
        }
    }
}

static int judge(struct audit *a, const struct json *object, struct err *err)
{
    struct violations found = VIOLATIONS(&a->arena, FINDINGS_MAX);
    struct violations ignored = VIOLATIONS(&a->arena, 0);
    struct review_context context;
    struct flink_cluster now;
    offline_context(a->offline, &context);
    flink_decode(object, &now, &ignored);
    const struct policy_input in = {.now = &now,
                                    .ns = now.ns,
                                    .set = context.policies,
                                    .world = context.world,
                                    .now_ms = context.now_ms};
    policy_check(&in, &found);
    note_policies(a, &in);
    struct strview name = arena_printf(&a->arena, "%.*s/%.*s", SV_ARG(now.ns), SV_ARG(now.name));
    if (!arena_ok(&a->arena)) {
        return err_set(err, E_NOMEM, "no memory for a FlinkCluster");
    }
    const struct input_object o = {.file = name.ptr, .object = object, .prefix = SV("")};
    report_object(&a->report, &o, &found);
    return tally_add(&a->tally, &found, err);
}

static int look(struct audit *a, struct arena *arena, struct err *err)
{
    const struct kube_ref policies = {.resource = &KUBE_FLINKPOLICIES};
    const struct kube_ref namespaces = {.resource = &KUBE_NAMESPACES};
    const struct kube_ref clusters = {.resource = &KUBE_FLINKCLUSTERS,
                                      .ns = sv_from(a->options.ns)};
    a->policies = a->options.policies.count;
    if (a->policies == 0 && for_all(a, &policies, see_policy, err) != 0) {
        return -1;
    }
    if (a->policies == 0) {
        fprintf(stderr, "sluice audit: the cluster has no FlinkPolicy\n");
    }
    // First all, then each: what one may have rests on what the others have.
    if (for_all(a, &namespaces, see_namespace, err) != 0 || for_all(a, &clusters, see, err) != 0) {
        return -1;
    }
    struct review_context context;
    offline_context(a->offline, &context);
    a->met = ARENA_NEW_N(arena, bool, context.policies->n);
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory for so many policies");
    }
    report_begin(&a->report, "sluice audit", a->options.output, a->options.quiet);
    int rc = for_all(a, &clusters, judge, err);
    rc = report_end(&a->report, 0) == 0 ? rc : err_set(err, E_TOO_LARGE, "too much to report");
    if (rc == 0 && a->report.checked != 0) {
        name_unmet(a);
    }
    return rc;
}

static int run(struct audit *a, struct arena *arena)
{
    static const struct option_list NONE = {.count = 0};
    struct err err = {.code = E_OK};
    const char *kubeconfig = connect_kubeconfig(a->options.kubeconfig, getenv, arena);
    int rc = connect_open(kubeconfig, a->options.context, &a->config, &a->kube, &err);
    rc = rc == 0 ? offline_open(&a->options.policies, &NONE, &a->offline, &err) : rc;
    rc = rc == 0 ? look(a, arena, &err) : rc;
    if (rc != 0) {
        fprintf(stderr, "sluice audit: %s\n", err.msg);
        return CLI_USAGE;
    }
    if (strcmp(a->options.output, "text") == 0) {
        tally_print(&a->tally);
    }
    return a->report.faults != 0 ? CLI_FAULTS : CLI_OK;
}

int cli_audit(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)1 << 20);
    struct audit a = {.arena = ARENA(ARENA_MAX), .tally = TALLY};
    struct options_result res;
    int code = options_main(&CLI_audit, argc, argv, &a.options, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count != 0) {
        fprintf(stderr, "sluice audit: policies are named by --policy\n");
        return CLI_USAGE;
    }
    code = run(&a, &arena);
    tally_done(&a.tally);
    offline_close(a.offline);
    if (a.kube != NULL) {
        kube_close(a.kube);
    }
    kube_config_free(a.config);
    arena_done(&a.arena);
    return code;
}
