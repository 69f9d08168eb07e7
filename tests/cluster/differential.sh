#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# differential.sh SCHEMA_VERDICT: the differential tests of schema and pod templates on a control plane of its own, or on
# the one of SLUICE_KUBECONFIG (a CRD of its own group comes and goes there).
set -euo pipefail
# shellcheck source=../../dev/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"

use_cluster differential
finish() {
    local status=$?
    trap - EXIT
    [[ -n ${SLUICE_KUBECONFIG:-} ]] || "$DEV_DIR/cluster" down --name "$CLUSTER_NAME" 2>/dev/null || true
    exit "$status"
}
trap finish EXIT

need_commands python3=python3
export PYTHONDONTWRITEBYTECODE=1
"$DEV_DIR/cluster" up --name "$CLUSTER_NAME" >/dev/null
for crd in flinkclusters flinkpolicies; do
    python3 "$REPO_DIR/tests/cluster/differential.py" --kubeconfig "$CLUSTER_KUBECONFIG" --kubectl "$(tool_path kubectl)" \
        --crd "$REPO_DIR/manifests/crd/$crd.yaml" --verdict "$1"
done
python3 "$REPO_DIR/tests/cluster/podtemplate_differential.py" --kubeconfig "$CLUSTER_KUBECONFIG" \
    --kubectl "$(tool_path kubectl)" --verdict "$1"
