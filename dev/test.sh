#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves the local control plane on a cluster of its own: half a minute once the programs are built.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

unset SLUICE_KUBECONFIG
SLUICE_DEV_STATE=$(mktemp -d)
export SLUICE_DEV_STATE
use_cluster self-test
bystander=''

finish() {
    local status=$?
    trap - EXIT
    ((status == 0)) || say "FAILED; logs were in $LOG_DIR" "$(tail -n 5 "$LOG_DIR"/*.log 2>/dev/null)"
    [[ -z $bystander ]] || kill "$bystander" 2>/dev/null || true
    "$DEV_DIR/cluster" down --name "$CLUSTER_NAME" 2>/dev/null || true
    rm -rf "$SLUICE_DEV_STATE"
    exit "$status"
}
trap finish EXIT

passed=0
ok() {
    passed=$((passed + 1))
    say "ok $passed - $*"
}

# `! command` alone would not end the script (set -e).
refused() {
    ! "$@" >/dev/null 2>&1
}

# Processes that carry the state folder in their arguments: all of ours do.
leftovers() {
    grep -lsF "$SLUICE_DEV_STATE/self-test" /proc/[0-9]*/cmdline || true
}

phase_is() {
    [[ $(sluice_dev_kubectl get pod "$1" -o 'jsonpath={.status.phase}') == "$2" ]]
}

"$DEV_DIR/cluster" up --name "$CLUSTER_NAME" >/dev/null
sluice_dev_kubectl get --raw /readyz >/dev/null
ok "up: the API server is ready"

pids_before=$(cat "$RUN_DIR"/*)
"$DEV_DIR/cluster" up --name "$CLUSTER_NAME" >/dev/null 2>&1
[[ $(cat "$RUN_DIR"/*) == "$pids_before" ]]
ok "up again changes nothing"

sluice_dev_kubectl create deployment web --image=example.com/web:1 --replicas=2 >/dev/null
sluice_dev_kubectl wait --for=condition=Available deployment/web --timeout=20s >/dev/null
ok "a Deployment becomes available: controllers, scheduler and KWOK work"

sluice_dev_kubectl autoscale deployment web --max=3 >/dev/null
ok "kubectl autoscale makes an autoscaler"

sluice_dev_kubectl run lone --image=example.com/lone:1 --annotations=dev.sluice.dev/terminate-after=1s >/dev/null
wait_for 'phase_is lone Running' 10
sluice_dev_kubectl annotate pod lone dev.sluice.dev/fail=OOMKilled >/dev/null
wait_for 'phase_is lone Failed' 10
[[ $(sluice_dev_kubectl get pod lone -o 'jsonpath={.status.containerStatuses[0].state.terminated.reason}') == OOMKilled ]]
ok "a running pod fails when its annotation says so"

before=$SECONDS
sluice_dev_kubectl delete pod lone --timeout=20s >/dev/null
((SECONDS - before <= 10))
ok "a deleted pod terminates"

sluice_dev_kubectl create namespace sluice-system >/dev/null
sluice_dev_kubectl create serviceaccount prober --namespace=sluice-system >/dev/null
make_sa_kubeconfig sluice-system prober "$CLUSTER_DIR/prober.kubeconfig" 10m
whoami=$("$(tool_path kubectl)" --kubeconfig="$CLUSTER_DIR/prober.kubeconfig" auth whoami -o 'jsonpath={.status.userInfo.username}')
[[ $whoami == system:serviceaccount:sluice-system:prober ]]
[[ -z $(audit_forbidden) ]]
refused "$(tool_path kubectl)" --kubeconfig="$CLUSTER_DIR/prober.kubeconfig" get secrets
# shellcheck disable=SC2016 # wait_for expands it, each time anew
wait_for '[[ $(audit_forbidden) == *prober*secrets* ]]' 5
ok "a ServiceAccount's token has its own rights only, and a refusal is found in the audit log"

cat >"$CLUSTER_DIR/webhook.yaml" <<'EOF'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: self-test}
webhooks:
- name: self-test.sluice.dev
  clientConfig: {service: {namespace: sluice-system, name: none, path: /validate}}
  rules: [{apiGroups: [self-test.sluice.dev], apiVersions: ["*"], operations: [CREATE], resources: [nothing]}]
  sideEffects: None
  admissionReviewVersions: [v1]
EOF
apply_webhooks 9 "$CLUSTER_DIR/webhook.yaml" >/dev/null
[[ $(sluice_dev_kubectl get validatingwebhookconfiguration self-test \
    -o 'jsonpath={.webhooks[0].clientConfig.url}') == https://127.0.0.1:9/validate ]]
ok "webhook configurations are applied with the URL of a local process"

"$DEV_DIR/cluster" stop-apiserver --name "$CLUSTER_NAME"
refused sluice_dev_kubectl get --raw /readyz
"$DEV_DIR/cluster" restart-apiserver --name "$CLUSTER_NAME"
[[ $(sluice_dev_kubectl get pods --selector app=web -o name | wc -l) == 2 ]]
ok "the API server stops and comes back on its port with its data"

sleep 600 &
bystander=$!
echo "$bystander 1" >"$RUN_DIR/bystander" # as if the pid had been given to another process since
"$DEV_DIR/cluster" down --name "$CLUSTER_NAME" 2>/dev/null
kill -0 "$bystander"
ok "down leaves a process alone that has inherited a pid"

[[ -z $(leftovers) ]]
[[ ! -e $CLUSTER_KUBECONFIG && -s $LOG_DIR/kube-apiserver.log ]]
refused "$DEV_DIR/cluster" status --name "$CLUSTER_NAME"
ok "down leaves no process and no data, but the logs"

say "$passed checks passed in $SECONDS s"
