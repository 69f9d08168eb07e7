# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Which programs the control plane is made of, their versions (read from tools/go.mod), and where they lie.
#
# etcd is built from the same go.mod as the rest: it is the version that this Kubernetes is released with, costs half a
# minute once, and needs neither root nor a package. Debian's etcd 3.4 works too, but the API server logs an error a
# minute about it (it lacks the consistency checks that Kubernetes 1.36 makes).

TOOLS_DIR=$DEV_DIR/tools
TOOLS_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/sluice
TOOLS=(kube-apiserver etcd kwok kube-controller-manager kube-scheduler kubectl)
NODE_TOOLS=(kubelet kube-proxy coredns) # what dev/node needs beside them

# tool_module_version MODULE: its version in the go.mod that pins it, such as v1.36.3.
tool_module_version() {
    sed -nE "s|^(require)?[[:space:]]*$1 (v[^ ]*).*|\2|p" "$TOOLS_DIR/go.mod" "$TOOLS_DIR/coredns/go.mod" | head -n 1
}

# tool_folder NAME: the folder of the go.mod that NAME is built with.
tool_folder() {
    case $1 in
    coredns) echo "$TOOLS_DIR/coredns" ;;
    *) echo "$TOOLS_DIR" ;;
    esac
}

# tool_package NAME: the Go package that NAME is built from.
tool_package() {
    case $1 in
    coredns) echo . ;;
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
    esac
}

# tool_cached NAME: where NAME lies in the cache, built or not; each version has a folder of its own.
tool_cached() {
    case $1 in
    coredns) echo "$TOOLS_CACHE/coredns-$(tool_module_version github.com/coredns/coredns)/coredns" ;;
    etcd) echo "$TOOLS_CACHE/etcd-$(tool_module_version go.etcd.io/etcd/server/v3)/etcd" ;;
    kwok) echo "$TOOLS_CACHE/kwok-$(tool_module_version sigs.k8s.io/kwok)/kwok" ;;
    *) echo "$TOOLS_CACHE/k8s-$(tool_module_version k8s.io/kubernetes)/$1" ;;
    esac
}

# tool_path NAME: the program to run; fails when it must be built first.
# Order: KUBEBUILDER_ASSETS, for kubectl the machine's own, the cache.
tool_path() {
    if [[ -n ${KUBEBUILDER_ASSETS:-} && -x $KUBEBUILDER_ASSETS/$1 ]]; then
        echo "$KUBEBUILDER_ASSETS/$1"
    elif [[ $1 == kubectl ]] && command -v kubectl; then
        return 0
    else
        tool_cached "$1"
        [[ -x $(tool_cached "$1") ]]
    fi
}

# tools_missing NAME…: those of them that must be built.
tools_missing() {
    local name
    for name; do
        tool_path "$name" >/dev/null || echo "$name"
    done
}
