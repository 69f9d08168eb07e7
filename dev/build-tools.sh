#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the programs of the local control plane that are missing, once per version, into a cache outside the tree:
# about five minutes on 2 cores the first time, nothing later. Needs Go and its module proxy, not root.
set -euo pipefail
# shellcheck source=lib/base.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/base.sh"
# shellcheck source=lib/tools.sh
source "$DEV_DIR/lib/tools.sh"

GO_NEEDED=1.26.0 # what tools/go.mod says
GO_FETCHED=1.26.8

# go_newer_than A B: whether version A is at least B.
version_at_least() {
    [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]
}

# Leaves a Go in PATH (or in GOTOOLCHAIN) that is new enough, or says in one line how to get it. Go from 1.21 on fetches
# a newer one of itself, if only it is told to; Debian 12's own is 1.19.
find_go() {
    local have=0
    export PATH=$PATH:/usr/local/go/bin:$HOME/.local/go/bin
    if command -v go >/dev/null; then
        have=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
        have=${have#go}
    fi
    if version_at_least "$have" "$GO_NEEDED"; then
        export GOTOOLCHAIN=local
    elif version_at_least "$have" 1.21; then
        say "Go $have fetches Go $GO_FETCHED for this build"
        export GOTOOLCHAIN=go$GO_FETCHED
    else
        local arch
        arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
        say "the control plane is built by Go $GO_NEEDED or newer; there is $([[ $have == 0 ]] && echo none || echo "only $have") here. Run:"
        say "  mkdir -p ~/.local && curl -fsSL https://go.dev/dl/go$GO_FETCHED.linux-$arch.tar.gz | tar -C ~/.local -xz"
        die "then try again; or point KUBEBUILDER_ASSETS to ready binaries, or SLUICE_KUBECONFIG to a cluster"
    fi
}

elapsed() {
    printf '%d:%02d' $((($1) / 60)) $((($1) % 60))
}

# build NAME STEP: shows how long it takes, on a terminal in place, else one line each half minute.
build() {
    local name=$1 step=$2 out kubernetes log started pid
    out=$(tool_cached "$name")
    log=$(dirname "$out")/$name.build.log
    kubernetes=$(tool_module_version k8s.io/kubernetes)
    mkdir -p "$(dirname "$out")"
    started=$SECONDS
    say "[$step] $(basename "$(dirname "$out")")/$name: building"
    # Kubernetes answers v0.0.0 for its version unless the linker is told; the others know theirs.
    (
        cd "$TOOLS_DIR"
        CGO_ENABLED=0 GOFLAGS=-mod=readonly nice go build -trimpath -buildvcs=false -o "$out.new" -ldflags "-s -w \
            -X k8s.io/component-base/version.gitVersion=$kubernetes \
            -X k8s.io/component-base/version.gitMajor=$(cut -d. -f1 <<<"${kubernetes#v}") \
            -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$kubernetes")" "$(tool_package "$name")"
    ) >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        if [[ -t 2 ]]; then
            printf '\r    %s ' "$(elapsed $((SECONDS - started)))" >&2
        elif (((SECONDS - started) % 30 == 29)); then
            say "    still building $name, $(elapsed $((SECONDS - started)))"
        fi
    done
    if ! wait "$pid"; then
        tail -n 20 "$log" >&2
        die "building $name failed; the whole output: $log"
    fi
    mv "$out.new" "$out"
    rm -f "$log"
    [[ ! -t 2 ]] || printf '\r' >&2
    say "    $name is built, $(elapsed $((SECONDS - started)))"
}

main() {
    local name step=0 missing
    need_commands flock=util-linux
    [[ -n $(tools_missing) ]] || return 0
    mkdir -p "$TOOLS_CACHE"
    exec 8>"$TOOLS_CACHE/build.lock"
    if ! flock -n 8; then
        say "another build of the control plane is running; waiting for it"
        flock 8
    fi
    mapfile -t missing < <(tools_missing)
    ((${#missing[@]})) || return 0
    find_go
    say "building the local control plane, once: ${missing[*]} (about five minutes on 2 cores, kept in $TOOLS_CACHE)"
    for name in "${missing[@]}"; do
        step=$((step + 1))
        build "$name" "$step/${#missing[@]}"
    done
}

main "$@"
