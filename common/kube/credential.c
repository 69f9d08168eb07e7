// SPDX-License-Identifier: Apache-2.0
#include "common/kube/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/json/out.h"

#define ARENA_MAX  ((size_t)8 << 20)
#define OUTPUT_MAX ((size_t)256 << 10)
#define LIMIT_MS   60000
#define ARGS_MAX   256 // arguments, and variables of the plugin's own

static char *chars(struct strview s)
{
    return (char *)(uintptr_t)s.ptr; // posix_spawn's arrays are not const; nobody writes
}

/// The command and its arguments, NULL-ended. A command with a slash is relative to the
/// kubeconfig's folder, others are looked for in PATH.
static char **arguments(const char *kubeconfig, const struct json *exec, struct arena *arena)
{
    const struct json *args = json_get_lit(exec, "args");
    struct strview command = json_get_string(exec, SV("command"));
    size_t count = json_count(args), n = 0;
    char **argv = count < ARGS_MAX ? ARENA_NEW_N(arena, char *, count + 2) : NULL;
    if (argv == NULL || command.len == 0) {
        return NULL;
    }
    size_t slash = sv_find_last_char(sv_from(kubeconfig), '/');
    bool beside = sv_find_char(command, '/') != SIZE_MAX && command.ptr[0] != '/';
    argv[n++] =
        chars(beside && slash != SIZE_MAX
                  ? arena_printf(arena, "%.*s/%.*s", SV_ARG(sv_sub(sv_from(kubeconfig), 0, slash)),
                                 SV_ARG(command))
                  : arena_copy(arena, command));
    json_each(arg, args) {
        argv[n++] = chars(arena_copy(arena, json_string(arg)));
    }
    return argv;
}

static struct strview exec_info(const struct json *exec, struct arena *arena)
{
    struct strbuf b = STRBUF(4096);
    struct json_out o = JSON_OUT(&b);
    strbuf_put_str(&b, "KUBERNETES_EXEC_INFO=");
    json_out_begin_object(&o);
    json_out_kv_string(&o, "apiVersion", json_get_string(exec, SV("apiVersion")));
    json_out_kv_str(&o, "kind", "ExecCredential");
    json_out_key_object(&o, "spec");
    json_out_kv_bool(&o, "interactive", false);
    json_out_end_object(&o);
    json_out_end_object(&o);
    struct strview text = strbuf_ok(&b) ? arena_copy(arena, strbuf_view(&b)) : SV_NONE;
    strbuf_done(&b);
    return text;
}

static bool is_set(char *const *env, size_t n, struct strview name)
{
    for (size_t i = 0; i < n; i++) {
        struct strview there = sv_from(env[i]);
        if (sv_eq(sv_sub(there, 0, sv_find_char(there, '=')), name)) {
            return true;
        }
    }
    return false;
}

/// What the kubeconfig sets, and of ours the rest.
static char **environment(const struct json *exec, struct arena *arena)
{
    const struct json *env = json_get_lit(exec, "env");
    size_t inherited = 0, count = json_count(env), n = 0;
    while (environ[inherited] != NULL) {
        inherited++;
    }
    char **all = count < ARGS_MAX ? ARENA_NEW_N(arena, char *, inherited + count + 2) : NULL;
    if (all == NULL) {
        return NULL;
    }
    all[n++] = chars(exec_info(exec, arena));
    json_each(e, env) {
        all[n++] = chars(arena_printf(arena, "%.*s=%.*s", SV_ARG(json_get_string(e, SV("name"))),
                                      SV_ARG(json_get_string(e, SV("value")))));
    }
    if (!arena_ok(arena)) {
        return NULL;
    }
    size_t own = n;
    for (size_t i = 0; i < inherited; i++) {
        struct strview there = sv_from(environ[i]);
        if (!is_set(all, own, sv_sub(there, 0, sv_find_char(there, '=')))) {
            all[n++] = environ[i];
        }
    }
    return all;
}

/// Starts it; *RET_FD is the end of its stdout.
static int start(char **argv, char **env, pid_t *ret_pid, int *ret_fd, struct err *err)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(err, E_IO, "no pipe for the credential plugin");
    }
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc == 0) {
        rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        rc = rc != 0 ? rc : posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, env);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        return err_set(err, E_IO, "the credential plugin %s can't be run: %s", argv[0],
                       strerror(rc));
    }
    *ret_fd = ends[0];
    return 0;
}

/// Everything that comes until its end; -1: too much, too late.
static int read_output(int fd, struct strbuf *out, struct err *err)
{
    int64_t end = clock_mono_ms() + LIMIT_MS;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = end - clock_mono_ms();
        if (left <= 0) {
            return err_set(err, E_TIMEOUT, "the credential plugin takes more than a minute");
        }
        if (poll(&p, 1, (int)left) <= 0) {
            continue;
        }
        char *at = strbuf_reserve(out, 4096);
        if (at == NULL) {
            return err_set(err, E_TOO_LARGE, "the credential plugin prints too much");
        }
        ssize_t n = read(fd, at, 4096);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return 0;
        }
        out->len += n > 0 ? (size_t)n : 0;
    }
}

static int run(char **argv, char **env, struct strbuf *out, struct err *err)
{
    pid_t pid = -1;
    int fd = -1, status = 0;
    if (start(argv, env, &pid, &fd, err) != 0) {
        return -1;
    }
    int rc = read_output(fd, out, err);
    close(fd);
    if (rc != 0) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (rc == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        return err_set(err, E_IO, "the credential plugin %s failed", argv[0]);
    }
    return rc;
}

static int read_token(struct strview text, struct arena *arena, struct strbuf *ret, struct err *err)
{
    const struct json *answer;
    if (json_parse(sv_trim(text), &JSON_LIMITS_DEFAULT, arena, &answer, err) != 0) {
        return err_wrap(err, "what the credential plugin printed");
    }
    struct strview token = json_string(json_get_path(answer, "status", "token", NULL));
    if (!sv_eq_lit(json_get_string(answer, SV("kind")), "ExecCredential") || token.len == 0) {
        return err_set(err, E_PARSE,
                       "what the credential plugin printed is no ExecCredential with a token");
    }
    strbuf_put(ret, token);
    return strbuf_ok(ret) ? 0 : err_set(err, E_TOO_LARGE, "the token is too long");
}

int credential_run(const char *kubeconfig, const struct json *exec, struct strbuf *ret,
                   struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_MAX);
    CLEANUP(strbuf_wipe) struct strbuf out = STRBUF(OUTPUT_MAX);
    if (sv_eq_lit(json_get_string(exec, SV("interactiveMode")), "Always")) {
        return err_set(err, E_INVALID, "the credential plugin wants to ask somebody");
    }
    char **argv = arguments(kubeconfig, exec, &arena);
    char **env = environment(exec, &arena);
    if (!arena_ok(&arena)) {
        return err_set(err, E_NOMEM, "no memory for the credential plugin");
    }
    if (argv == NULL || env == NULL) {
        return err_set(err, E_INVALID, "exec names no command, or too many arguments");
    }
    if (run(argv, env, &out, err) != 0) {
        return -1;
    }
    return read_token(strbuf_view(&out), &arena, ret, err);
}
