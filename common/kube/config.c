// SPDX-License-Identifier: Apache-2.0
#include "common/kube/config_state.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "common/kube/kubeconfig.h"
#include "common/yaml/yaml.h"

#define ACCOUNT_DIR    "/var/run/secrets/kubernetes.io/serviceaccount"
#define MAX_CONFIG     ((size_t)4 << 20) // of the kubeconfig, and of each PEM file
#define CONFIG_ARENA   ((size_t)32 << 20)
#define CONNECT_MS     5000L
#define CONN_LIFE_S    1800L
#define KEEPALIVE_S    30L
#define KEEPALIVE_INTL 10L

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "the configuration does not fit its memory");
}

/// The whole file, in the config's arena.
static int read_file(struct kube_config *c, const char *path, struct strview *ret, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(MAX_CONFIG);
    if (os_file_read(path, MAX_CONFIG, &b, err) != 0) {
        return err_wrap(err, "reading %s", path);
    }
    *ret = arena_copy(&c->arena, strbuf_view(&b));
    return sv_present(*ret) ? 0 : no_memory(err);
}

/// PATH as it stands, or in the folder of BASE when it is relative. NUL-terminated, or NULL.
static const char *beside(struct kube_config *c, const char *base, struct strview path)
{
    struct strview dir = sv_from(base);
    size_t slash = sv_find_last_char(dir, '/');
    if (sv_starts(path, SV("/")) || slash == SIZE_MAX) {
        return arena_copy(&c->arena, path).ptr;
    }
    return arena_printf(&c->arena, "%.*s/%.*s", SV_ARG(sv_sub(dir, 0, slash)), SV_ARG(path)).ptr;
}

/// DATA when present, else the file (when named) beside BASE.
static int pick(struct kube_config *c, const char *base, struct strview data, struct strview file,
                struct strview *ret, struct err *err)
{
    *ret = SV_NONE;
    if (sv_present(data) || !sv_present(file)) {
        *ret = data;
        return 0;
    }
    const char *path = beside(c, base, file);
    return path != NULL ? read_file(c, path, ret, err) : no_memory(err);
}

static int set_server(struct kube_config *c, struct strview url, struct err *err)
{
    bool http = sv_starts(url, SV("http://"));
    if (!sv_starts(url, SV("https://")) && !(http && c->allow_http)) {
        return err_set(err, E_INVALID, "the server \"%.*s\" is not https://",
                       SV_ARG(sv_sub(url, 0, 128)));
    }
    while (sv_ends(url, SV("/"))) {
        url.len--;
    }
    c->server = arena_copy(&c->arena, url);
    return sv_present(c->server) ? 0 : no_memory(err);
}

/// Takes TOKEN unless it would break out of its header line.
static int set_token(struct kube_config *c, struct strview token, struct err *err)
{
    token = sv_trim(token);
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~') {
            return err_set(err, E_INVALID, "the token holds a byte that no token has");
        }
    }
    strbuf_reset(&c->token);
    strbuf_put(&c->token, token);
    return strbuf_ok(&c->token) ? 0 : err_set(err, E_TOO_LARGE, "the token is too long");
}

/// Reads the token file for the first time, when it must be there.
static int first_token(struct kube_config *c, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(KUBE_MAX_TOKEN);
    if (os_file_read(c->token_file, KUBE_MAX_TOKEN, &b, err) != 0) {
        return err_wrap(err, "reading the token %s", c->token_file);
    }
    c->token_read_ms = clock_mono_ms();
    return set_token(c, strbuf_view(&b), err);
}

static int parse_kubeconfig(struct kube_config *c, const struct kube_config_source *src,
                            struct arena *scratch, struct kubeconfig *ret, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(MAX_CONFIG);
    struct yaml_document *docs;
    size_t count;
    const struct json *doc;
    if (os_file_read(src->kubeconfig, MAX_CONFIG, &text, err) != 0 ||
        yaml_to_json(strbuf_view(&text), NULL, scratch, &docs, &count, err) != 0) {
        return -1;
    }
    if (count != 1) {
        return err_set(err, E_PARSE, "it holds %zu documents, not one", count);
    }
    if (json_parse(docs[0].json, &JSON_LIMITS_DEFAULT, scratch, &doc, err) != 0) {
        return -1;
    }
    return kubeconfig_decode(doc, sv_from(src->context), &c->arena, ret, err);
}

static int plugin_token(struct kube_config *c, const struct kube_config_source *src,
                        const struct json *exec, struct err *err)
{
    CLEANUP(strbuf_wipe) struct strbuf token = STRBUF(KUBE_MAX_TOKEN);
    if (src->plugin == NULL) {
        return err_set(err, E_INVALID,
                       "exec in a kubeconfig is not supported here (use a client certificate or a "
                       "service account's token)");
    }
    return src->plugin(src->kubeconfig, exec, &token, err) != 0
               ? -1
               : set_token(c, strbuf_view(&token), err);
}

static int load_kubeconfig(struct kube_config *c, const struct kube_config_source *src,
                           struct err *err)
{
    CLEANUP(arena_done) struct arena scratch = ARENA(CONFIG_ARENA);
    struct kubeconfig k = {.insecure = false};
    const char *base = src->kubeconfig;
    if (parse_kubeconfig(c, src, &scratch, &k, err) != 0) {
        return err_wrap(err, "kubeconfig %s", base);
    }
    if (set_server(c, k.server, err) != 0 ||
        pick(c, base, k.ca_data, k.ca_file, &c->ca, err) != 0 ||
        pick(c, base, k.cert_data, k.cert_file, &c->cert, err) != 0 ||
        pick(c, base, k.key_data, k.key_file, &c->key, err) != 0) {
        return err_wrap(err, "kubeconfig %s", base);
    }
    c->namespace_ = arena_copy(&c->arena, sv_present(k.namespace_) ? k.namespace_ : SV("default"));
    c->insecure = k.insecure;
    if (k.insecure) {
        c->warning = "insecure-skip-tls-verify: anyone on the way can read and change what is sent";
    }
    // A file wins over a token, as in client-go: it is the one that is renewed.
    if (sv_present(k.token_file)) {
        c->token_file = beside(c, base, k.token_file);
        return c->token_file != NULL ? first_token(c, err) : no_memory(err);
    }
    if (k.exec != NULL) {
        return plugin_token(c, src, k.exec, err) != 0 ? err_wrap(err, "kubeconfig %s", base) : 0;
    }
    return set_token(c, k.token, err);
}

static int load_in_cluster(struct kube_config *c, const struct kube_config_source *src,
                           struct err *err)
{
    const char *host = src->host != NULL ? src->host : getenv("KUBERNETES_SERVICE_HOST");
    const char *port = src->port != NULL ? src->port : getenv("KUBERNETES_SERVICE_PORT");
    const char *dir = src->account_dir != NULL ? src->account_dir : ACCOUNT_DIR;
    if (host == NULL || port == NULL || host[0] == '\0' || port[0] == '\0') {
        return err_set(err, E_INVALID,
                       "not in a cluster: KUBERNETES_SERVICE_HOST and _PORT are not "
                       "set, and no kubeconfig is given");
    }
    bool v6 = sv_find_char(sv_from(host), ':') != SIZE_MAX;
    struct strview url =
        arena_printf(&c->arena, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
    const char *ca = arena_printf(&c->arena, "%s/ca.crt", dir).ptr;
    const char *ns = arena_printf(&c->arena, "%s/namespace", dir).ptr;
    c->token_file = arena_printf(&c->arena, "%s/token", dir).ptr;
    if (!arena_ok(&c->arena)) {
        return no_memory(err);
    }
    struct err ignored;
    if (read_file(c, ns, &c->namespace_, &ignored) != 0) {
        c->namespace_ = SV("default");
    }
    c->namespace_ = sv_trim(c->namespace_);
    return set_server(c, url, err) != 0 || read_file(c, ca, &c->ca, err) != 0 ? -1
                                                                              : first_token(c, err);
}

int kube_config_load(const struct kube_config_source *src, struct kube_config **ret,
                     struct err *err)
{
    struct kube_config *c = mem_alloc(sizeof(*c));
    if (c == NULL) {
        return no_memory(err);
    }
    *c = (struct kube_config){.arena = ARENA(CONFIG_ARENA),
                              .token = STRBUF(KUBE_MAX_TOKEN),
                              .http1 = src->http1,
                              .allow_http = src->allow_http};
    pthread_mutex_init(&c->lock, NULL);
    const char *name = src->user_agent != NULL ? src->user_agent : "sluice";
    c->manager = arena_copy(&c->arena, sv_from(name)).ptr;
    c->user_agent = arena_printf(&c->arena, "%s/%s", name, SLUICE_VERSION).ptr;
    int rc = !arena_ok(&c->arena)      ? no_memory(err)
             : src->kubeconfig != NULL ? load_kubeconfig(c, src, err)
                                       : load_in_cluster(c, src, err);
    if (rc != 0) {
        kube_config_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void kube_config_free(struct kube_config *c)
{
    if (c == NULL) {
        return;
    }
    pthread_mutex_destroy(&c->lock);
    strbuf_done(&c->token);
    arena_done(&c->arena);
    mem_free(c);
}

struct strview kube_config_server(const struct kube_config *c)
{
    return c->server;
}

struct strview kube_config_namespace(const struct kube_config *c)
{
    return c->namespace_;
}

const char *kube_config_warning(const struct kube_config *c)
{
    return c->warning;
}

void kube_config_put_authorization(struct kube_config *c, bool reread, struct strbuf *out)
{
    pthread_mutex_lock(&c->lock);
    int64_t now = clock_mono_ms();
    if (c->token_file != NULL && (reread || now - c->token_read_ms >= KUBE_TOKEN_REREAD_MS)) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(KUBE_MAX_TOKEN);
        c->token_read_ms = now;
        if (os_file_read(c->token_file, KUBE_MAX_TOKEN, &b, NULL) == 0 && b.len != 0) {
            (void)set_token(c, strbuf_view(&b), NULL);
        }
    }
    if (c->token.len != 0) {
        strbuf_put_str(out, "Authorization: Bearer ");
        strbuf_put(out, strbuf_view(&c->token));
    }
    pthread_mutex_unlock(&c->lock);
}

static void set_blob(CURL *easy, CURLoption option, struct strview pem)
{
    if (!sv_present(pem)) {
        return;
    }
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)pem.ptr, .len = pem.len, .flags = CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, option, &blob);
}

void kube_config_setup(const struct kube_config *c, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, c->allow_http ? "http,https" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); // none from the environment
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, c->user_agent);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long)(c->http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTL);
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONN_LIFE_S);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (sv_present(c->ca)) {
        // Only this CA: the built-in folder would be searched beside it.
        curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        set_blob(easy, CURLOPT_CAINFO_BLOB, c->ca);
    }
    set_blob(easy, CURLOPT_SSLCERT_BLOB, c->cert);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, c->key);
    if (c->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}
