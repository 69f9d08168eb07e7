// SPDX-License-Identifier: Apache-2.0
// The shell of `sluice status`: asks the API server, prints what the pure half made of the answers.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "common/kube/connect.h"
#include "cli/status_text.h"
#include "common/base/clock.h"

#define POLL_MS         2000
#define CLUSTERS_MAX    2000
#define CLUSTERS_A_PAGE 100
#define OBJECTS_MAX     10000
#define OBJECTS_A_PAGE  500
#define ARENA_MAX       ((size_t)1 << 30)
#define ARENA_KEEP      ((size_t)16 << 20)
#define TEXT_MAX        ((size_t)64 << 20)

// clang-format off
#define STATUS_OPTIONS(O)                                                                          \
    O(STRING, namespace_, "namespace", "", "NAME",                                                 \
      "Namespace of the FlinkCluster; empty: the context's.", .letter = 'n')                       \
    O(BOOL, all_namespaces, "all-namespaces", "false", "",                                         \
      "List the FlinkClusters of all namespaces.", .letter = 'A')                                  \
    O(BOOL, watch, "watch", "false", "",                                                           \
      "Look again every two seconds and print what changed: on a terminal in the same place, "     \
      "else below.", .letter = 'w')                                                                \
    O(STRING, output, "output", "text", "FORMAT", "text or json.", .choices = FORMATS,             \
      .letter = 'o')                                                                               \
    O(BOOL, verbose, "verbose", "false", "",                                                       \
      "Show also the conditions that are as they should be, all pods, all Events, and whole "      \
      "messages.", .letter = 'v')                                                                  \
    O(BOOL, exit_code, "exit-code", "false", "",                                                   \
      "Exit with 1 when a FlinkCluster is not Ready.")                                             \
    O(STRING, kubeconfig, "kubeconfig", "", "FILE",                                                \
      "How to reach the API server; empty: the first existing file of $KUBECONFIG, else "          \
      "~/.kube/config, else the service account of the pod.")                                      \
    O(STRING, context, "context", "", "NAME", "Context of the kubeconfig; empty: the current one.")
// clang-format on
struct status_options {
    STATUS_OPTIONS(OPTION_MEMBER)
};
static const char *const FORMATS[] = {"text", "json", NULL};
#define ROW(...) OPTION_ROW(struct status_options, __VA_ARGS__)
static const struct option_row ROWS[] = {STATUS_OPTIONS(ROW)};
#undef ROW

const struct option_program CLI_status = {
    .name = "sluice status",
    .summary = "show how a FlinkCluster is, and what it waits for",
    .operands = "[NAME]",
    .description =
        "Asks the API server alone. With NAME: phase, what it waits for and since when, the "
        "conditions that are not as they should be, job, leader, pods, and the Events that matter "
        "(warnings first, the newest last). Without: one line for each FlinkCluster of the "
        "namespace.\n\nColours are used on a terminal, unless NO_COLOR is set. Of a kubeconfig, "
        "certificates, tokens, token files and credential plugins (exec) are used.",
    .exit_status = "0: shown\n1: with --exit-code: a FlinkCluster is not Ready\n2: wrong options, "
                   "no such FlinkCluster, or the API server can't be asked",
    .examples = "sluice status\nsluice status fraud -n payments --watch\n"
                "sluice status fraud -o json | jq .waitsFor",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};

struct status_run {
    struct status_options options;
    const char *name; // NULL: all of the namespace
    const char *kubeconfig;
    struct strview ns;
    struct kube_config *config;
    struct kube *kube;
    struct arena arena; // of one look
    struct strbuf text; // what it shows
    struct strbuf gist; // the same, as it was printed last, without the ages
    bool seen;          // something was printed
    bool not_ready;
};

// ---- one look -----------------------------------------------------------------------------------

static int list_all(struct status_run *r, const struct kube_ref *ref, struct kube_selection *select,
                    size_t most, struct status_objects *ret, struct err *err)
{
    do {
        const struct json *page = NULL;
        if (kube_list(r->kube, ref, select, &r->arena, &page, err) != 0) {
            return -1;
        }
        status_view_add(ret, page, &r->arena);
        select->next_page = json_string(json_get_path(page, "metadata", "continue", NULL));
    } while (select->next_page.len > 0 && ret->n < most);
    ret->cut = ret->cut || select->next_page.len > 0;
    return 0;
}

static int list_pods(struct status_run *r, struct status_objects *ret, struct err *err)
{
    const struct kube_ref ref = {.resource = &KUBE_PODS, .ns = r->ns};
    struct kube_selection select = {.label_selector =
                                        arena_printf(&r->arena, "sluice.dev/cluster=%s", r->name),
                                    .limit = OBJECTS_A_PAGE};
    return list_all(r, &ref, &select, OBJECTS_MAX, ret, err);
}

/// All Events about the FlinkCluster, and the warnings about pods.
static int list_events(struct status_run *r, struct status_objects *ret, struct err *err)
{
    const struct kube_ref ref = {.resource = &KUBE_EVENTS, .ns = r->ns};
    struct kube_selection own = {
        .field_selector = arena_printf(
            &r->arena, "involvedObject.kind=FlinkCluster,involvedObject.name=%s", r->name),
        .limit = OBJECTS_A_PAGE};
    struct kube_selection pods = {.field_selector = SV("involvedObject.kind=Pod,type=Warning"),
                                  .limit = OBJECTS_A_PAGE};
    return list_all(r, &ref, &own, OBJECTS_MAX, ret, err) == 0
               ? list_all(r, &ref, &pods, OBJECTS_MAX, ret, err)
               : -1;
}

static int look_at_one(struct status_run *r, struct status_cluster *ret, struct err *err)
{
    const struct kube_ref ref = {
        .resource = &KUBE_FLINKCLUSTERS, .ns = r->ns, .name = sv_from(r->name)};
    const struct json *object = NULL;
    struct status_objects pods = {.n = 0}, events = {.n = 0};
    if (kube_get(r->kube, &ref, &r->arena, &object, err) != 0 || list_pods(r, &pods, err) != 0 ||
        list_events(r, &events, err) != 0) {
        return -1;
    }
    status_view(object, &r->arena, ret);
    status_view_pods(object, &pods, &r->arena, ret);
    status_view_events(object, &events, &r->arena, ret);
    return 0;
}

static int look_at_all(struct status_run *r, struct status_cluster **ret, size_t *ret_n,
                       struct err *err)
{
    const struct kube_ref ref = {.resource = &KUBE_FLINKCLUSTERS,
                                 .ns = r->options.all_namespaces ? SV("") : r->ns};
    struct kube_selection select = {.limit = CLUSTERS_A_PAGE};
    struct status_objects found = {.n = 0};
    if (list_all(r, &ref, &select, CLUSTERS_MAX, &found, err) != 0) {
        return -1;
    }
    if (found.cut) {
        fprintf(stderr, "sluice status: there are more FlinkClusters than these %zu\n", found.n);
    }
    *ret = ARENA_NEW_N(&r->arena, struct status_cluster, found.n + 1);
    *ret_n = *ret != NULL ? found.n : 0;
    for (size_t i = 0; i < *ret_n; i++) {
        status_view(found.items[i], &r->arena, &(*ret)[i]);
    }
    return 0;
}

static void put(struct status_run *r, const struct status_cluster *clusters, size_t n,
                const struct status_style *style, struct strbuf *b)
{
    bool json = strcmp(r->options.output, "json") == 0;
    if (r->name != NULL && json) {
        status_put_json(clusters, b);
    } else if (json) {
        status_put_json_list(clusters, n, b);
    } else if (r->name != NULL) {
        status_put_text(clusters, style, &r->arena, b);
    } else if (n > 0) {
        status_put_table(clusters, n, style, &r->arena, b);
    } else {
        strbuf_printf(b, "no FlinkCluster in %s%.*s\n",
                      r->options.all_namespaces ? "any namespace" : "namespace ",
                      r->options.all_namespaces ? 0 : (int)r->ns.len, r->ns.ptr);
    }
}

/// https://no-color.org: present and not empty.
static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

// ---- the terminal -------------------------------------------------------------------------------

/// In place of what stands there, as many lines as there is room for.
static void redraw(const struct strbuf *text)
{
    struct winsize size = {0};
    size_t room = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1
                      ? (size_t)size.ws_row - 1
                      : SIZE_MAX;
    struct strview rest = strbuf_view(text), line;
    fputs("\033[H", stdout);
    while (room-- > 0 && rest.len > 0 && sv_split(&rest, '\n', &line)) {
        printf("%.*s\033[K\n", SV_ARG(line));
    }
    fputs("\033[J", stdout);
}

static void print(struct status_run *r, bool terminal)
{
    if (r->options.watch && terminal && strcmp(r->options.output, "text") == 0) {
        redraw(&r->text);
    } else {
        fwrite(strbuf_view(&r->text).ptr, 1, r->text.len, stdout);
    }
    fflush(stdout);
}

/// Prints what is, unless (while watching) nothing but ages differs from what was printed last.
static int show(struct status_run *r, bool terminal, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf gist = STRBUF(TEXT_MAX);
    struct status_cluster one, *clusters = &one;
    size_t n = 1;
    const struct status_style style = {.now_ms = clock_wall_ms(),
                                       .colours = terminal && !is_set("NO_COLOR"),
                                       .verbose = r->options.verbose,
                                       .namespaces = r->options.all_namespaces};
    struct status_style timeless = style;
    timeless.now_ms = 0;
    if ((r->name != NULL ? look_at_one(r, &one, err) : look_at_all(r, &clusters, &n, err)) != 0) {
        return -1;
    }
    r->not_ready = false;
    for (size_t i = 0; i < n; i++) {
        r->not_ready = r->not_ready || !clusters[i].ready;
    }
    strbuf_reset(&r->text);
    put(r, clusters, n, &style, &r->text);
    put(r, clusters, n, &timeless, &gist);
    if (!arena_ok(&r->arena) || !strbuf_ok(&r->text) || !strbuf_ok(&gist)) {
        return err_set(err, E_TOO_LARGE, "there is too much to show");
    }
    if (terminal || !r->seen || !sv_eq(strbuf_view(&gist), strbuf_view(&r->gist))) {
        print(r, terminal);
    }
    r->seen = true;
    strbuf_reset(&r->gist);
    strbuf_put(&r->gist, strbuf_view(&gist));
    return 0;
}

static void tell(const struct status_run *r, const struct err *err)
{
    if (r->name != NULL && err->code == E_NOT_FOUND) {
        fprintf(stderr, "sluice status: no FlinkCluster \"%s\" in namespace \"%.*s\"%s\n", r->name,
                SV_ARG(r->ns), r->seen ? " any more" : "");
    } else {
        fprintf(stderr, "sluice status: %s\n", err->msg);
    }
}

static void disconnect(struct status_run *r)
{
    if (r->kube != NULL) {
        kube_close(r->kube);
    }
    kube_config_free(r->config);
    r->kube = NULL;
    r->config = NULL;
}

static int connect_to(struct status_run *r, struct err *err)
{
    if (connect_open(r->kubeconfig, r->options.context, &r->config, &r->kube, err) != 0) {
        disconnect(r);
        return -1;
    }
    r->ns = r->options.namespace_[0] != '\0' ? sv_from(r->options.namespace_)
                                             : kube_config_namespace(r->config);
    return 0;
}

/// A look, by a new connection when there is none: a token that a plugin gave doesn't live long.
static int look(struct status_run *r, bool terminal, struct err *err)
{
    if (r->kube == NULL && connect_to(r, err) != 0) {
        return -1;
    }
    int rc = show(r, terminal, err);
    if (rc != 0 && err->code == E_DENIED) {
        disconnect(r);
    }
    return rc;
}

static int run(struct status_run *r)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    if (r->options.watch && terminal) {
        fputs("\033[2J", stdout);
    }
    for (;;) {
        struct err err = {.code = E_OK};
        int rc = look(r, terminal, &err);
        if (rc != 0) {
            tell(r, &err);
        }
        // Once it was seen, an outage is waited through.
        bool ends = !r->options.watch || (rc != 0 && (!r->seen || err.code == E_NOT_FOUND));
        if (ends) {
            return rc != 0 ? CLI_USAGE : r->options.exit_code && r->not_ready ? CLI_FAULTS : CLI_OK;
        }
        arena_reset(&r->arena, ARENA_KEEP);
        clock_sleep_ms(POLL_MS);
    }
}

int cli_status(int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)256 << 10);
    struct status_run r = {
        .arena = ARENA(ARENA_MAX), .text = STRBUF(TEXT_MAX), .gist = STRBUF(TEXT_MAX)};
    struct options_result res;
    int code = options_main(&CLI_status, argc, argv, &r.options, &res, &arena);
    if (code >= 0) {
        return code;
    }
    if (res.operand_count > 1 || (res.operand_count == 1 && r.options.all_namespaces)) {
        fprintf(stderr, "sluice status: name one FlinkCluster, of one namespace, or none\n");
        return CLI_USAGE;
    }
    r.name = res.operand_count == 1 ? res.operands[0] : NULL;
    r.kubeconfig = connect_kubeconfig(r.options.kubeconfig, getenv, &arena);
    code = run(&r);
    disconnect(&r);
    arena_done(&r.arena);
    strbuf_done(&r.text);
    strbuf_done(&r.gist);
    return code;
}
