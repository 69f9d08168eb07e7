// SPDX-License-Identifier: Apache-2.0
#include "common/kube/connect.h"

#include <stdio.h>
#include <unistd.h>

#include "common/kube/credential.h"

#define ANSWER_MAX ((size_t)64 << 20)

const char *connect_kubeconfig(const char *flag, char *(*getenv_fn)(const char *),
                               struct arena *arena)
{
    if (flag[0] != '\0') {
        return flag;
    }
    struct strview list = sv_from(getenv_fn("KUBECONFIG"));
    struct strview path, first = SV_NONE;
    while (list.len > 0 && sv_split(&list, ':', &path)) {
        struct strview copy = path.len > 0 ? arena_copy(arena, path) : SV_NONE;
        if (sv_present(copy) && access(copy.ptr, F_OK) == 0) {
            return copy.ptr;
        }
        first = sv_present(first) ? first : copy;
    }
    if (sv_present(first)) {
        return first.ptr; // its absence is told
    }
    const char *home = getenv_fn("HOME");
    struct strview usual = arena_printf(arena, "%s/.kube/config", home != NULL ? home : "");
    return sv_present(usual) && access(usual.ptr, F_OK) == 0 ? usual.ptr : NULL;
}

int connect_open(const char *kubeconfig, const char *context, struct kube_config **ret_config,
                 struct kube **ret_kube, struct err *err)
{
    const struct kube_config_source source = {.kubeconfig = kubeconfig,
                                              .context = context[0] != '\0' ? context : NULL,
                                              .plugin = credential_run};
    const struct kube_options options = {.max_body = ANSWER_MAX};
    *ret_config = NULL;
    *ret_kube = NULL;
    if (kube_global_init(err) != 0 || kube_config_load(&source, ret_config, err) != 0) {
        return -1;
    }
    const char *warning = kube_config_warning(*ret_config);
    if (warning != NULL) {
        fprintf(stderr, "warning: %s\n", warning);
    }
    return kube_open(*ret_config, &options, ret_kube, err);
}
