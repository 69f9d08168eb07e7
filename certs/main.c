// SPDX-License-Identifier: Apache-2.0
// sluice-certs: the certificates of certs/ by hand.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/folder.h"
#include "certs/main_cluster.h"
#include "certs/names.h"
#include "certs/options.h"
#include "certs/x509.h"
#include "common/base/clock.h"
#include "common/base/os_file.h"

#define FAILED 1

static int fail(const char *program, const struct err *err)
{
    fprintf(stderr, "%s: %s\n", program, err->msg);
    return FAILED;
}

static void print_time(const char *label, int64_t ms)
{
    time_t at = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];
    gmtime_r(&at, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    printf("%s%s\n", label, text);
}

static int run_ensure(const struct option_program *program, int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA(1 << 20);
    struct certs_ensure_options o = {0};
    struct options_result result;
    struct err err = {0};
    const char *const *names;
    size_t name_count;
    struct folder_outcome done;
    int code = options_main(program, argc, argv, &o, &result, &arena);
    if (code >= 0) {
        return code;
    }
    if (certs_names_make(o.service, o.ns, o.names.items, o.names.count, &arena, &names, &name_count,
                         &err) < 0) {
        return fail(program->name, &err);
    }
    const struct folder_request request = {.dir = o.dir,
                                           .names = names,
                                           .name_count = name_count,
                                           .life_ms = o.life_ms,
                                           .force = program == &CERTS_ISSUE_PROGRAM};
    if (folder_ensure(&request, clock_wall_ms(), &done, &err) < 0) {
        return fail(program->name, &err);
    }
    printf("%s %s/ca.pem\n", done.made_ca ? "made a CA:         " : "the CA is good:    ", o.dir);
    printf("%s %s/tls.crt%s%s%s\n",
           done.why != NULL ? "made a certificate:" : "still good:        ", o.dir,
           done.why != NULL ? " (" : "", done.why != NULL ? done.why : "",
           done.why != NULL ? ")" : "");
    print_time("valid until:        ", done.not_after_ms);
    for (size_t i = 0; i < name_count; i++) {
        printf("%s%s\n", i == 0 ? "for:                " : "                    ", names[i]);
    }
    printf("for callers:        %s/ca.crt\n", o.dir);
    return 0;
}

static int inspect_file(const char *path)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    static struct x509_info info[CERTS_CHAIN_MAX];
    struct err err = {0};
    size_t n;
    if (os_file_read(path, CERTS_PEM_MAX, &text, &err) < 0 ||
        (x509_read(strbuf_view(&text), info, CERTS_CHAIN_MAX, &n, &err) < 0 &&
         err_wrap(&err, "%.100s", path) < 0)) {
        return fail(CERTS_INSPECT_PROGRAM.name, &err);
    }
    for (size_t i = 0; i < n; i++) {
        printf("%s (%zu of %zu)%s\n  subject:     %s\n  issuer:      %s\n", path, i + 1, n,
               info[i].is_ca ? ", a CA" : "", info[i].subject, info[i].issuer);
        if (info[i].names[0] != '\0') {
            printf("  names:       %s\n", info[i].names);
        }
        print_time("  not before:  ", info[i].not_before_ms);
        print_time("  not after:   ", info[i].not_after_ms);
        printf("  serial:      %s\n  SHA-256:     %s\n", info[i].serial, info[i].fingerprint);
    }
    return 0;
}

static int run_inspect(const struct option_program *program, int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA(1 << 20);
    struct certs_inspect_options o = {0};
    struct options_result result;
    int code = options_main(program, argc, argv, &o, &result, &arena);
    if (code >= 0) {
        return code;
    }
    if (result.operand_count == 0) {
        return inspect_cluster(&o, &arena);
    }
    code = 0;
    for (size_t i = 0; i < result.operand_count; i++) {
        if (inspect_file(result.operands[i]) != 0) {
            code = FAILED;
        }
    }
    return code;
}

static int run_rotate(const struct option_program *program, int argc, char *const *argv)
{
    CLEANUP(arena_done) struct arena arena = ARENA(1 << 20);
    struct certs_rotate_options o = {0};
    struct options_result result;
    int code = options_main(program, argc, argv, &o, &result, &arena);
    return code >= 0 ? code : rotate_cluster(&o, &arena);
}

int main(int argc, char **argv)
{
    static const struct {
        const struct option_program *program;
        int (*run)(const struct option_program *program, int argc, char *const *argv);
    } COMMANDS[] = {
        {&CERTS_ENSURE_PROGRAM, run_ensure},
        {&CERTS_ISSUE_PROGRAM, run_ensure},
        {&CERTS_INSPECT_PROGRAM, run_inspect},
        {&CERTS_ROTATE_PROGRAM, run_rotate},
    };
    const char *command = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        // "sluice-certs ensure"
        if (strcmp(command, strchr(COMMANDS[i].program->name, ' ') + 1) == 0) {
            return COMMANDS[i].run(COMMANDS[i].program, argc - 1, argv + 1);
        }
    }
    CLEANUP(arena_done) struct arena arena = ARENA(1 << 16);
    struct options_result result;
    char none;
    int code = options_main(&CERTS_PROGRAM, argc, argv, &none, &result, &arena);
    if (code >= 0) {
        return code;
    }
    fprintf(stderr, "sluice-certs: %s%s%s: the commands are ensure, issue, inspect and rotate\n",
            command[0] != '\0' ? "there is no command \"" : "name a command", command,
            command[0] != '\0' ? "\"" : "");
    return 2;
}
