#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the programs of the local control plane that are missing, once per version, into a cache outside the tree:
# about five minutes on 2 cores the first time, nothing later. Needs Go and its module proxy, not root.
#   build-tools.sh [node]     node: also what dev/node needs, three minutes more
set -euo pipefail
# shellcheck source=lib/base.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/base.sh"
# shellcheck source=lib/tools.sh
source "$DEV_DIR/lib/tools.sh"

GO_NEEDED=1.26.0 # what tools/go.mod says
GO_FETCHED=1.26.8

version_at_least() {
    [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]
}

# Leaves a new enough Go in PATH. Any older one, also Debian 12's 1.19, fetches it as the module golang.org/toolchain,
# with the checksums of every other module; Go from 1.21 on does the same inside GOTOOLCHAIN.
find_go() {
    local have toolchain arch
    export PATH=$PATH:/usr/local/go/bin GOTOOLCHAIN=local
    need_commands go=golang-go
    have=$(cd / && go env GOVERSION)
    ! version_at_least "${have#go}" "$GO_NEEDED" || return 0
    say "Go ${have#go} is older than $GO_NEEDED: fetching Go $GO_FETCHED by it"
    arch=$(go env GOHOSTARCH)
    toolchain=$(cd / && go mod download -json "golang.org/toolchain@v0.0.1-go$GO_FETCHED.linux-$arch" |
        sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p')
    [[ -d $toolchain ]] || die "Go $GO_FETCHED could not be fetched; install Go $GO_NEEDED or newer from https://go.dev/dl/"
    find "$toolchain/bin" "$toolchain/pkg/tool" -type f -exec chmod u+x {} + # modules carry no executable bits
    export PATH=$toolchain/bin:$PATH
    go version >/dev/null || die "the Go in $toolchain does not run"
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
        cd "$(tool_folder "$name")"
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
    local name step=0 missing want=("${TOOLS[@]}")
    case ${1:-} in
    '') ;;
    node) want+=("${NODE_TOOLS[@]}") ;;
    *) die "usage: dev/build-tools.sh [node]" ;;
    esac
    need_commands flock=util-linux
    [[ -n $(tools_missing "${want[@]}") ]] || return 0
    mkdir -p "$TOOLS_CACHE"
    exec 8>"$TOOLS_CACHE/build.lock"
    if ! flock -n 8; then
        say "another build of the control plane is running; waiting for it"
        flock 8
    fi
    mapfile -t missing < <(tools_missing "${want[@]}")
    ((${#missing[@]})) || return 0
    find_go
    say "building programs of Kubernetes, once, five to eight minutes on 2 cores: ${missing[*]} (kept in $TOOLS_CACHE)"
    for name in "${missing[@]}"; do
        step=$((step + 1))
        build "$name" "$step/${#missing[@]}"
    done
}

main "$@"
