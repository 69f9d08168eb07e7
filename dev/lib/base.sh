# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every other part uses: messages, time-outs, packages, and where things lie. Sourced, never run.

DEV_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export REPO_DIR
REPO_DIR=$(dirname "$DEV_DIR")

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# wait_for CONDITION SECONDS: runs the shell text CONDITION every 0.2 s until it succeeds.
# Fails after SECONDS and says what it waited for; the condition's own output is not shown.
wait_for() {
    local condition=$1 seconds=$2
    local deadline=$((SECONDS + seconds))
    until eval "$condition" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            say "error: not true within $seconds s: $condition"
            return 1
        fi
        sleep 0.2
    done
}

# need_commands COMMAND=PACKAGE…: installs what is missing when root on Debian, else names it in one copyable line.
need_commands() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    ((${#missing[@]})) || return 0
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        say "installing Debian packages: ${missing[*]}"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
            >/dev/null || die "apt-get could not install: ${missing[*]}"
        return 0
    fi
    die "some programs are missing; run: sudo apt-get install -y ${missing[*]}"
}

# Sets the variables that follow from the cluster's name. SLUICE_DEV_STATE is the folder of all clusters.
use_cluster() {
    CLUSTER_NAME=${1:-${SLUICE_DEV_NAME:-dev}}
    [[ $CLUSTER_NAME =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] || die "not a cluster name: '$CLUSTER_NAME' (a-z, 0-9, -)"
    STATE_ROOT=${SLUICE_DEV_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/sluice}
    CLUSTER_DIR=$STATE_ROOT/$CLUSTER_NAME
    RUN_DIR=$CLUSTER_DIR/run # one file per process: its pid and start time
    LOG_DIR=$CLUSTER_DIR/logs
    PKI_DIR=$CLUSTER_DIR/pki
    if [[ -n ${SLUICE_KUBECONFIG:-} ]]; then
        CLUSTER_KUBECONFIG=$(realpath -m "$SLUICE_KUBECONFIG")
    else
        CLUSTER_KUBECONFIG=$CLUSTER_DIR/admin.kubeconfig
    fi
    export CLUSTER_NAME CLUSTER_DIR RUN_DIR LOG_DIR PKI_DIR CLUSTER_KUBECONFIG
}
