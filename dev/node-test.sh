#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves the real node on one of its own: a minute once the programs are built. Needs root.
# shellcheck disable=SC2016 # wait_for expands its condition, each time anew
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=images/oci.sh
source "$DEV_DIR/images/oci.sh"

unset SLUICE_KUBECONFIG
SLUICE_DEV_STATE=$(mktemp -d)
export SLUICE_DEV_STATE
use_cluster self-test

finish() {
    local status=$?
    trap - EXIT
    ((status == 0)) || say "FAILED in line $failed; the ends of the logs:" \
        "$(tail -n 5 "$LOG_DIR"/[!ao]*.log 2>/dev/null | cut -c 1-300)" # neither audit nor openssl
    node down 2>/dev/null || true
    rm -rf --one-file-system "$SLUICE_DEV_STATE"
    exit "$status"
}
trap finish EXIT
failed=unknown
trap 'failed=$LINENO' ERR

passed=0
ok() {
    passed=$((passed + 1))
    say "ok $passed - $*"
}

# `! command` alone would not end the script (set -e).
refused() {
    ! "$@" >/dev/null 2>&1
}

node() {
    local command=$1
    shift
    "$DEV_DIR/node" "$command" "$@" --name "$CLUSTER_NAME"
}

# What a node touches outside of its own folder, as lines.
machine_state() {
    local name
    ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
    ip route show
    nft list tables 2>/dev/null || true
    find /sys/fs/cgroup -type d -path '*kubepods*' 2>/dev/null || true
    find /run/containerd /run/netns /run/sluice-dev-node /var/lib/cni /var/lib/kubelet /var/log/containers \
        /var/log/pods /etc/cni /usr/libexec/kubernetes 2>/dev/null || true
    for name in net.ipv4.ip_forward vm.overcommit_memory kernel.panic kernel.panic_on_oops \
        net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_tcp_timeout_established; do
        sysctl "$name" 2>/dev/null || true
    done
    awk '/self-test/ {print "mount", $5}' /proc/self/mountinfo
    grep -lsF "$SLUICE_DEV_STATE" /proc/[0-9]*/cmdline || true
}

# A shell, a web server and a name look-up for pods: busybox, linked statically.
busybox_image() {
    local root=$SLUICE_DEV_STATE/busybox
    need_commands busybox=busybox-static
    mkdir -p "$root/bin"
    cp "$(command -v busybox)" "$root/bin/"
    oci_layer "$root.layer" "$root" 0 bin
    oci_image localhost/busybox:test "$SLUICE_DEV_STATE/busybox.tar" \
        '{"User":"9999:9999","Env":["PATH=/bin"],"Entrypoint":["/bin/busybox"]}' "$root.layer"
}

in_client() {
    sluice_dev_kubectl exec client -- /bin/busybox "$@"
}

restarts_of() {
    sluice_dev_kubectl get pod "$1" -o 'jsonpath={.status.containerStatuses[0].restartCount}'
}

"$DEV_DIR/deps.sh" node >&2
busybox_image
machine_before=$(machine_state)

node up >/dev/null
[[ $(sluice_dev_kubectl get nodes -o name) == node/node ]]
ok "up: the node is Ready"

pids_before=$(cat "$RUN_DIR"/*)
node up >/dev/null 2>&1
[[ $(cat "$RUN_DIR"/*) == "$pids_before" ]]
ok "up again changes nothing"

refused "$DEV_DIR/node" up --name self-test-2
ok "a second node is refused"

node load "$SLUICE_DEV_STATE/busybox.tar"
sluice_dev_kubectl apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: peers}
spec: {clusterIP: None, selector: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  hostname: web-0
  subdomain: peers
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: localhost/busybox:test
    args: [sh, -c, 'echo "the right body" >/data/index.html; echo serving; exec busybox httpd -f -p 8080 -h /data']
    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, hostPath: {path: $CLUSTER_DIR/flink-data}}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: client, image: localhost/busybox:test, args: [sleep, infinity]}]
---
apiVersion: v1
kind: Pod
metadata: {name: pause}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: pause, image: 'localhost/pause:1', imagePullPolicy: Never}]
YAML
sluice_dev_kubectl wait --for=condition=Ready pod --all --timeout=30s >/dev/null
ok "pods run from images that were loaded"

[[ $(stat -c %u "$CLUSTER_DIR/flink-data/index.html") == 9999 ]]
[[ $(sluice_dev_kubectl logs web) == serving ]]
[[ $(in_client echo hello) == hello ]]
ok "logs, exec, and a folder of the machine that pods share"

address=$(sluice_dev_kubectl get pod web -o 'jsonpath={.status.podIP}')
wait_for "in_client nslookup web-0.peers.default.svc.cluster.local | grep -F 'Address: $address'" 10
wait_for '[[ $(in_client wget -qO- http://web) == "the right body" ]]' 10
[[ $(sluice_dev_kubectl exec web -- busybox wget -qO- http://web.default.svc) == "the right body" ]]
# busybox lacks the TLS that the API server wants; its answer to plain HTTP tells enough.
[[ $(in_client sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | busybox nc kubernetes.default.svc 443') == *"to an HTTPS server"* ]]
ok "a pod finds a pod by name, and by Service another pod, itself, the API server"

service=$(sluice_dev_kubectl get service web -o 'jsonpath={.spec.clusterIP}')
[[ $(curl -fsS --max-time 5 "http://$service") == "the right body" ]]
ok "the machine itself reaches a Service, so the API server reaches webhooks"

node kill-container web web
wait_for '[[ $(restarts_of web) == 1 ]]' 15
refused node kill-container web other
ok "kill-container kills, and the kubelet starts it again"

sluice_dev_kubectl apply -f - >/dev/null <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: glutton}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: 'localhost/busybox:test', args: [tail, /dev/zero], resources: {limits: {memory: 32Mi}}}
YAML
wait_for '[[ $(sluice_dev_kubectl get pod glutton -o jsonpath={..terminated.reason}) == OOMKilled ]]' 20
sluice_dev_kubectl delete pod glutton >/dev/null
ok "a memory limit is kept by the kernel: OOMKilled"

sluice_dev_kubectl create namespace strict >/dev/null
sluice_dev_kubectl label namespace strict pod-security.kubernetes.io/enforce=restricted >/dev/null
[[ $(sluice_dev_kubectl run no --namespace=strict --image=localhost/busybox:test 2>&1) == *PodSecurity* ]]
sluice_dev_kubectl apply -f - >/dev/null <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: modest, namespace: strict}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: main
    image: localhost/busybox:test
    args: [sleep, infinity]
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
YAML
sluice_dev_kubectl wait --namespace=strict --for=condition=Ready pod/modest --timeout=20s >/dev/null
sluice_dev_kubectl delete namespace strict --timeout=60s >/dev/null
ok "PodSecurity refuses, a pod that keeps to its strictest level runs, its namespace can be deleted"

node restart-apiserver
[[ $(in_client wget -qO- http://web) == "the right body" ]]
ok "pods outlive a restart of the API server"

# As after a crash: every process of the node and of its pods, without a warning.
mapfile -t pids < <(cut -d' ' -f1 "$RUN_DIR"/*; find /sys/fs/cgroup -path '*/kubepods*' -name cgroup.procs -exec cat {} + |
    sort -u; grep -lsF "$CLUSTER_DIR/containerd.sock" /proc/[0-9]*/cmdline | cut -d/ -f3)
kill -s KILL "${pids[@]}" 2>/dev/null || true
node up >/dev/null
wait_for '[[ $(in_client wget -qO- http://web) == "the right body" ]]' 60
ok "after kill -9 of everything up brings the node and its pods back"

node down 2>/dev/null
[[ ! -e $CLUSTER_KUBECONFIG && -s $LOG_DIR/kubelet.log ]]
diff <(echo "$machine_before") <(machine_state) >&2
ok "down leaves nothing but the logs"

say "$passed checks passed in $SECONDS s"
