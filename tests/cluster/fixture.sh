#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fixture.sh up|down: the control plane that the cluster tests share, with Sluice installed and its webhook running as its
# own ServiceAccount. Programs come from $SLUICE_BIN_DIR. `down` fails when a request of Sluice's own was forbidden.
set -euo pipefail
# shellcheck source=../../dev/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"

unset SLUICE_KUBECONFIG # the tests stop the API server and read its audit log
use_cluster "${SLUICE_TEST_CLUSTER:-test}"
case ${1:-} in
up)
    need_commands jq=jq curl=curl python3=python3
    "$DEV_DIR/cluster" down --name "$CLUSTER_NAME"
    "$DEV_DIR/cluster" up --name "$CLUSTER_NAME" >/dev/null
    install_sluice
    start_webhook
    echo "$WEBHOOK_PORT" >"$CLUSTER_DIR/webhook-port"
    echo "$WEBHOOK_HEALTH" >"$CLUSTER_DIR/webhook-health-port"
    ;;
down)
    forbidden=$(audit_forbidden)
    "$DEV_DIR/cluster" down --name "$CLUSTER_NAME"
    [[ -z $forbidden ]] || die "requests of Sluice's own were forbidden:"$'\n'"$forbidden"
    ;;
*) die "usage: fixture.sh up|down" ;;
esac
