#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sluice with real Flink on a real node of this machine: installed from manifests/, a highly available job with state, and
# the death of its leader. Leaves it running. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
source "$here/lib.sh"
need_commands jq=jq python3=python3

bold='' dim='' off=''
if [[ -t 1 ]]; then
    bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
command_line() { printf '%s$ %s%s\n' "$dim" "$*" "$off"; }
k() { sluice_dev_kubectl "$@"; }

# The pod that leads, by the address that it wrote into Flink's HA ConfigMap; fails while that is a dead pod's.
leader() {
    local address
    address=$(k get configmaps --namespace=flink -o json |
        jq -r '.items[] | select(.metadata.name | startswith("proof-") and endswith("-cluster-config-map")) |
            .data["org.apache.flink.k8s.leader.dispatcher"] // ""' | sed -nE 's|.*@([0-9.]+):.*|\1|p')
    [[ -n $address ]] || return 1
    k get pods --namespace=flink -o json | jq -er --arg address "$address" \
        'first(.items[] | select(.status.podIP == $address) | .metadata.name)'
}

output() {
    "$here/images/check_output.py" "$CLUSTER_DIR/flink-data/flink/out"
}

lines() {
    output | sed 's/lines=\([0-9]*\).*/\1/'
}

status() {
    command_line "sluice status proof"
    "$REPO_DIR/build/image/bin/sluice" status proof --namespace=flink --kubeconfig="$CLUSTER_KUBECONFIG" || true
}

use_cluster "${SLUICE_DEV_NAME:-demo-flink}"
title "A Kubernetes node on this machine: containerd, kubelet, kube-proxy, CoreDNS"
"$here/node" up --name "$CLUSTER_NAME" >/dev/null
image=$(load_images flink-2) || die "the image of Flink could not be loaded"

title "Sluice, as it is shipped: kubectl apply -k manifests/"
install_sluice_pods
k get pods --namespace=sluice-system

title "A job with state, two JobManagers, in a namespace under PodSecurity \"restricted\""
flink_namespace flink
k delete flinkclusters --all --namespace=flink --wait >/dev/null
rm -rf "$CLUSTER_DIR/flink-data/flink/out"
manifest="apiVersion: sluice.dev/v1beta1
kind: FlinkCluster
metadata: {name: proof, namespace: flink}
spec:
  image: $image
  parallelism: 2
  storage: {root: 'file:///flink-data'}
  jobManager:
    replicas: 2
    resources: {requests: {cpu: 100m, memory: 800Mi}, limits: {memory: 800Mi}}
  taskManager:
    slots: 2
    resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {memory: 1Gi}}
  flinkConfiguration: {execution.checkpointing.interval: 1 s}
  podTemplate:
    spec:
      volumes: [{name: data, persistentVolumeClaim: {claimName: flink-data}}]
      containers:
        - {name: flink-main-container, volumeMounts: [{name: data, mountPath: /flink-data}]}
  job:
    jarURI: local:///opt/flink/usrlib/proof.jar
    entryClass: dev.sluice.proof.StateProof
    args: [--out, 'file:///flink-data/out', --rate, '200']"
echo "$manifest"
k apply -f - <<<"$manifest"
wait_for "[[ \$(lines) -gt 0 ]]" 180 || die "the job writes nothing; see $LOG_DIR/pods"
command_line "kubectl get flinkclusters,pods -n flink"
k get flinkclusters,pods --namespace=flink
status

title "The leading JobManager is killed, kill -9 from outside"
dead=$(leader) || die "no JobManager leads"
before=$(lines)
killed=$SECONDS
echo "leader: $dead; lines written: $before"
"$here/node" kill-container "flink/$dead" flink-main-container --name "$CLUSTER_NAME"
# Two checkpoints' worth more than could be under way.
wait_for "[[ \$(lines) -gt $((before + 600)) ]]" 120 || die "the job did not go on"
echo "it writes on, $((SECONDS - killed)) s later; leader: $(leader)"
status

title "Its state: each number counted once"
command_line "dev/images/check_output.py …/out"
output

forbidden=$(audit_forbidden)
[[ -z $forbidden ]] || die "requests of Sluice's own were forbidden:"$'\n'"$forbidden"

title "It goes on running. Have a look yourself:"
"$here/node" env --name "$CLUSTER_NAME"
echo "  kubectl get flinkclusters,pods -n flink"
echo "  make down      # ends it"
