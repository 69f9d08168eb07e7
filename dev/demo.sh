#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job of Sluice, shown on a real API server: what is asked, what is filled in, what is refused and
# how kubectl prints it, also by a policy of the platform, the pods that come up, and one that is deleted and comes back.
# Leaves it running.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
source "$here/lib.sh"
need_commands jq=jq curl=curl diff=diffutils

samples=$REPO_DIR/manifests/samples
bold='' dim='' green='' red='' off=''
if [[ -t 1 ]]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' off=$'\e[0m'
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
command_line() { printf '%s$ %s%s\n' "$dim" "$*" "$off"; }
k() { sluice_dev_kubectl "$@"; }

show_good() { # FILE NAME [NAMESPACE]
    title "Asked: $2"
    grep -v '^#' "$1"
    command_line "kubectl apply ${3:+-n $3 }-f ${1#"$REPO_DIR/"}"
    k apply -n "${3:-default}" -f "$1"
    printf '%sfilled in:%s\n' "$bold" "$off"
    diff -U1 <(k create --dry-run=client --validate=false -o json -f "$1" | jq -S .spec) \
        <(k get flinkcluster -n "${3:-default}" "$2" -o json | jq -S .spec) | tail -n +3 |
        sed -e "s/^+.*/$green&$off/" -e "s/^-.*/$red&$off/" || true
}

show_bad() { # FILE [NAMESPACE]
    title "Refused: $(head -1 "$1" | cut -c3-)"
    command_line "kubectl apply ${2:+-n $2 }-f ${1#"$REPO_DIR/"}"
    if k apply -n "${2:-default}" -f "$1"; then
        die "${1#"$REPO_DIR/"} was accepted"
    fi
}

pods_ready() { # NAME COUNT [NAMESPACE]
    local n
    n=$(k get pods -n "${3:-default}" -l "sluice.dev/cluster=$1" -o json |
        jq '[.items[] | select(.metadata.deletionTimestamp == null) | .status.conditions[]? |
            select(.type == "Ready" and .status == "True")] | length')
    [[ $n -eq $2 ]]
}

use_cluster "${SLUICE_DEV_NAME:-demo}"
title "A Kubernetes control plane on this machine"
"$here/cluster" up --name "$CLUSTER_NAME"
# A second demo starts from nothing, too.
process_stop sluice-controller 2>/dev/null || true
process_stop sluice-webhook 2>/dev/null || true
install_sluice
k delete flinkpolicies --all >/dev/null
start_webhook sluice-webhook
start_controller sluice-controller
k delete flinkclusters --all -A --timeout=60s >/dev/null # waits for the controller: they have a finalizer
echo "sluice-webhook and sluice-controller run under their own ServiceAccounts, with the RBAC of manifests/ alone."

show_good "$samples/good/minimal.yaml" playground
show_good "$samples/good/application.yaml" fraud
show_good "$samples/good/stateless.yaml" router
for file in "$samples"/bad/*.yaml; do
    show_bad "$file"
done

title "A policy of the platform, for every namespace with the label tier=prod"
command_line "kubectl create namespace payments && kubectl label namespace payments tier=prod"
k create namespace payments --dry-run=client -o yaml | k apply -f - >/dev/null
k label --overwrite namespace payments tier=prod
command_line "kubectl apply -n payments -f manifests/samples/good/stateless.yaml"
k apply -n payments -f "$samples/good/stateless.yaml"

title "The policy, and what it would refuse of what is there already"
grep -v '^#' "$samples/policies/production.yaml" | sed -n '/^spec:/,/^  exempt:/p'
command_line "sluice audit --quiet --policy manifests/samples/policies/production.yaml"
(cd "$REPO_DIR" && KUBECONFIG=$CLUSTER_KUBECONFIG "${SLUICE_BIN_DIR:-build/bin}/sluice" audit --quiet \
    --policy manifests/samples/policies/production.yaml) && die "sluice audit found nothing"

title "It is switched on: what runs goes on, what is new must keep to it"
command_line "kubectl apply -f manifests/samples/policies/production.yaml"
k apply -f "$samples/policies/production.yaml"
wait_for "! k apply --dry-run=server -n payments -f '$samples/production/refused.yaml' 2>/dev/null" 10 ||
    die "the webhook did not hear of the policy; see $LOG_DIR/sluice-webhook.log"
show_bad "$samples/production/refused.yaml" payments
show_good "$samples/production/given.yaml" payouts payments

title "A scale beyond the policy is refused at the door, too"
command_line "kubectl scale -n payments flinkcluster payouts --replicas=129"
if k scale -n payments flinkcluster payouts --replicas=129; then
    die "the scale was accepted"
fi

title "What the controller's audit counts"
violations_counted() { [[ $(k get flinkpolicy production -o jsonpath='{.status.violations}') == [1-9]* ]]; }
wait_for violations_counted 20 ||
    die "the policy was not audited; see $LOG_DIR/sluice-controller.log"
command_line "kubectl get flinkpolicies"
k get flinkpolicies
k get events --field-selector involvedObject.kind=FlinkPolicy

title "The pods of what was accepted"
wait_for 'pods_ready playground 2 && pods_ready fraud 6 && pods_ready router 4 && pods_ready payouts 6 payments && pods_ready router 4 payments' 60 ||
    die "the pods did not all become ready; see $LOG_DIR/sluice-controller.log"
command_line "kubectl get flinkclusters,pods"
k get flinkclusters,pods

title "One JobManager is deleted"
victim=$(k get pods -l sluice.dev/cluster=fraud,sluice.dev/component=jobmanager -o jsonpath='{.items[0].metadata.name}')
command_line "kubectl delete pod $victim"
k delete pod "$victim" --wait=false
wait_for "! k get pod $victim -o name 2>/dev/null && pods_ready fraud 6" 60 || die "it did not come back"
k get pods -l sluice.dev/cluster=fraud

title "The session cluster is scaled"
command_line "kubectl scale flinkcluster playground --replicas=3"
k scale flinkcluster playground --replicas=3
wait_for 'pods_ready playground 4' 60 || die "the TaskManagers did not come"
k get flinkcluster playground
k get events --field-selector involvedObject.kind=FlinkCluster

forbidden=$(audit_forbidden)
[[ -z $forbidden ]] || die "requests of Sluice's own were forbidden:"$'\n'"$forbidden"

title "It goes on running. Have a look yourself:"
"$here/cluster" env --name "$CLUSTER_NAME"
echo "  kubectl get flinkclusters,pods -A"
echo "  make down      # ends it"
