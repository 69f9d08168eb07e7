#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube_client.sh PROGRAM: the API server client on a control plane of its own, which it may restart, or on the one of
# SLUICE_KUBECONFIG, which it may not.
set -euo pipefail
# shellcheck source=../../dev/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"

use_cluster kube-client
finish() {
    local status=$?
    trap - EXIT
    [[ -n ${SLUICE_KUBECONFIG:-} ]] || "$DEV_DIR/cluster" down --name "$CLUSTER_NAME" 2>/dev/null || true
    exit "$status"
}
trap finish EXIT

"$DEV_DIR/cluster" up --name "$CLUSTER_NAME" >/dev/null
export SLUICE_TEST_KUBECONFIG=$CLUSTER_KUBECONFIG
if [[ -z ${SLUICE_KUBECONFIG:-} ]]; then
    export SLUICE_TEST_RESTART="'$DEV_DIR/cluster' restart-apiserver --name '$CLUSTER_NAME' >/dev/null 2>&1"
fi
"$1"
