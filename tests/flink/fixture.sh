#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fixture.sh up|down: the real node that the tests with Flink share, with Sluice installed from manifests/ as pods. `down`
# fails when a request of Sluice's own, or of a Flink pod, was forbidden.
set -euo pipefail
# shellcheck source=../../dev/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"

unset SLUICE_KUBECONFIG # the tests stop the API server and read its audit log
use_cluster "${SLUICE_TEST_CLUSTER:-test-flink}"

# Only what this run did is judged.
up() {
    need_commands jq=jq python3=python3
    "$DEV_DIR/node" down --name "$CLUSTER_NAME"
    rm -f "$LOG_DIR/audit.log"
    "$DEV_DIR/node" up --name "$CLUSTER_NAME" >/dev/null
    say "images of Flink"
    load_images flink-1.20 flink-2 >/dev/null
    say "Sluice, as it is shipped"
    install_sluice_pods
}

down() {
    local forbidden
    forbidden=$(audit_forbidden)
    "$DEV_DIR/node" down --name "$CLUSTER_NAME"
    [[ -z $forbidden ]] || die "requests of Sluice's or Flink's own were forbidden:"$'\n'"$forbidden"
}

case ${1:-} in
up) up ;;
down) down ;;
*) die "usage: fixture.sh up|down" ;;
esac
