# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The node of dev/node: containerd, kubelet, kube-proxy and CoreDNS as processes of this machine, and a bridge for the
# pods. All that they listen on is an address of that bridge, so nothing is open to the outside.

NODE_NAME=node
NODE_ADDRESS=10.244.0.1 # of the bridge; the API server listens there, too
POD_RANGE=10.244.0.0/24
SERVICE_RANGE=10.96.0.0/16
CNI_PLUGINS=/usr/lib/cni
CNI_NETWORK=sluice-dev-node
# Which node this machine has: the folder of its state.
NODE_CLAIM=/run/sluice-dev-node
# Settings of the kernel that kubelet and the bridge change; `down` puts them back.
NODE_SYSCTLS=(net.ipv4.ip_forward vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
    kernel.keys.root_maxkeys kernel.keys.root_maxbytes)

node_ctr() {
    ctr --address "$CLUSTER_DIR/containerd.sock" --namespace k8s.io "$@"
}

# --- network

node_network_up() {
    local name
    if [[ ! -f $CLUSTER_DIR/sysctl ]]; then
        for name in "${NODE_SYSCTLS[@]}"; do
            echo "$name=$(sysctl -n "$name")"
        done >"$CLUSTER_DIR/sysctl.new"
        mv "$CLUSTER_DIR/sysctl.new" "$CLUSTER_DIR/sysctl"
    fi
    ip link show cni0 >/dev/null 2>&1 || ip link add cni0 type bridge || die "the kernel refuses a bridge"
    ip address replace "$NODE_ADDRESS/24" dev cni0
    ip link set cni0 up
    # Without it the way to a Service that kube-proxy does not know yet is the default route, where something may answer.
    ip route replace "$SERVICE_RANGE" dev cni0
    [[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ]] || sysctl -q net.bridge.bridge-nf-call-iptables=1
    [[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]] ||
        say "warning: br_netfilter is not loaded, a pod may not reach itself or its neighbour through a Service: modprobe br_netfilter"
}

node_network_down() {
    local family name
    for family in ip ip6; do
        nft delete table "$family" kube-proxy 2>/dev/null || true
    done
    # The kernel takes those of ended pods away by itself, but later.
    ip -o link show master cni0 2>/dev/null | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | while read -r name; do
        ip link delete "$name" 2>/dev/null || true
    done || true # without a bridge
    ip link delete cni0 2>/dev/null || true
    [[ ! -f $CLUSTER_DIR/sysctl ]] || sysctl -q --load "$CLUSTER_DIR/sysctl" || true
}

# --- configuration

# keep FILE: its new text from stdin; an equal file is not touched, since kube-proxy ends and containerd reloads when
# theirs is written.
keep() {
    cat >"$1.new"
    if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# restrict_oom_score_adj: else no sandbox starts where CAP_SYS_RESOURCE is missing (containers of CI, small VMs).
node_write_containerd() {
    keep "$CLUSTER_DIR/containerd.toml" <<EOF
version = 2
root = "$CLUSTER_DIR/containerd"
state = "$CLUSTER_DIR/containerd-state"
[grpc]
  address = "$CLUSTER_DIR/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CNI_PLUGINS"
    conf_dir = "$CLUSTER_DIR/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
EOF
    mkdir -p "$CLUSTER_DIR/cni"
    keep "$CLUSTER_DIR/cni/pods.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "$CNI_NETWORK", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true,
  "hairpinMode": true, "ipam": {"type": "host-local", "dataDir": "$CLUSTER_DIR/cni-leases",
    "ranges": [[{"subnet": "$POD_RANGE", "gateway": "$NODE_ADDRESS"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
EOF
}

# The address of the kubelet is where the API server asks for logs and exec.
node_write_kubelet() {
    keep "$CLUSTER_DIR/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_ADDRESS
healthzBindAddress: $NODE_ADDRESS
containerRuntimeEndpoint: unix://$CLUSTER_DIR/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI_DIR/ca.crt}}
authorization: {mode: Webhook}
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: ""
cgroupDriver: cgroupfs
failCgroupV1: false
enforceNodeAllocatable: []
oomScoreAdj: 0
failSwapOn: false
makeIPTablesUtilChains: false
evictionHard: {memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%"}
imageGCHighThresholdPercent: 100
podLogsDir: $LOG_DIR/pods
volumePluginDir: $CLUSTER_DIR/volume-plugins
EOF
}

node_write_rest() {
    keep "$CLUSTER_DIR/kube-proxy.yaml" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: $CLUSTER_DIR/kube-proxy.kubeconfig}
hostnameOverride: $NODE_NAME
clusterCIDR: $POD_RANGE
healthzBindAddress: $NODE_ADDRESS:10256
metricsBindAddress: $NODE_ADDRESS:10249
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
oomScoreAdj: 0
EOF
    keep "$CLUSTER_DIR/Corefile" <<EOF
.:53 {
    bind $NODE_ADDRESS
    errors
    ready $NODE_ADDRESS:8181
    kubernetes cluster.local in-addr.arpa {
        kubeconfig $CLUSTER_DIR/coredns.kubeconfig
        pods insecure
        ttl 1
    }
    cache 1
}
EOF
}

# --- processes

# They make folders and files that pods of other users read; the folder of the cluster itself is closed to others.
node_start_process() {
    local mask
    mask=$(umask)
    umask 022
    process_start "$@"
    umask "$mask"
}

node_start_containerd() {
    if ! process_pid containerd >/dev/null; then
        node_clear_runtime # what an end without warning has left: containers, mounts, sockets
        node_start_process containerd containerd --config "$CLUSTER_DIR/containerd.toml"
    fi
    wait_ready containerd 'node_ctr version' 30
}

node_start_kubelet() {
    node_start_process kubelet "$(tool_or_die kubelet)" --config="$CLUSTER_DIR/kubelet.yaml" \
        --kubeconfig="$CLUSTER_DIR/kubelet.kubeconfig" --root-dir="$CLUSTER_DIR/kubelet" \
        --cert-dir="$CLUSTER_DIR/kubelet-certs" --hostname-override="$NODE_NAME" --node-ip="$NODE_ADDRESS"
}

node_start_network_agents() {
    process_start kube-proxy "$(tool_or_die kube-proxy)" --config="$CLUSTER_DIR/kube-proxy.yaml"
    process_start coredns "$(tool_or_die coredns)" -conf "$CLUSTER_DIR/Corefile"
}

node_is_ready() {
    sluice_dev_kubectl wait --for=condition=Ready "node/$NODE_NAME" --timeout=1s &&
        sluice_dev_kubectl get serviceaccount default --namespace=default
}

# A Service answers only once kube-proxy has written its rules; something else may accept the connection before.
node_services_work() {
    curl -fsS "http://$NODE_ADDRESS:8181/ready" &&
        [[ $(curl -fsSk --max-time 2 https://10.96.0.1/healthz) == ok ]]
}

# --- the end

# Every process of a pod, by the cgroups that the kubelet makes.
node_pod_processes() {
    find /sys/fs/cgroup -path '*/kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un
}

# The shims of our containerd: one of their arguments is its socket.
node_shims() {
    local file pid
    while read -r file; do
        pid=${file//[!0-9]/}
        [[ $(readlink "/proc/$pid/exe") != */containerd-shim* ]] || echo "$pid"
    done < <(grep -lsxzF "$CLUSTER_DIR/containerd.sock" /proc/[0-9]*/cmdline)
}

# Its programs, by an argument that names a file of its folder: for when the folder with their pids is gone.
node_programs() {
    local file pid
    while read -r file; do
        pid=${file//[!0-9]/}
        case $(readlink "/proc/$pid/exe") in
        */etcd* | */kube* | */coredns* | */containerd*) echo "$pid" ;;
        esac
    done < <(grep -lsF "$CLUSTER_DIR/" /proc/[0-9]*/cmdline)
}

# node_kill_all FUNCTION: kills what FUNCTION names until it names nothing.
node_kill_all() {
    local deadline=$((SECONDS + 20)) pids
    while mapfile -t pids < <("$1") && ((${#pids[@]})); do
        kill -s KILL "${pids[@]}" 2>/dev/null || true
        ((SECONDS < deadline)) || die "these processes of the node do not end: ${pids[*]}"
        sleep 0.1
    done
}

node_mounts() {
    awk -v dir="$CLUSTER_DIR/" 'index($5, dir) == 1 {print $5}' /proc/self/mountinfo | sort -r
}

# Ends all that a stopped containerd leaves: containers, shims, mounts, network namespaces, leases, cgroups. Its
# store of images and the pods' volumes stay; the kubelet starts the pods anew from them.
node_clear_runtime() {
    local path
    node_kill_all node_pod_processes
    node_kill_all node_shims
    while read -r path; do
        umount "$path" 2>/dev/null || umount --lazy "$path" || die "cannot unmount $path"
    done < <(node_mounts)
    find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
    node_clear_shared_folders
    rm -rf --one-file-system "$CLUSTER_DIR/containerd-state" "$CLUSTER_DIR/cni-leases" "$CLUSTER_DIR"/containerd.sock*
}

# What containerd, its CNI library and the kubelet keep in folders of the whole machine, whatever they are told.
node_clear_shared_folders() {
    local path id
    while read -r path; do
        rm -rf "$(dirname "$path")"
    done < <(grep -lsF "$CLUSTER_DIR/" /run/containerd/runc/k8s.io/*/state.json)
    while read -r path; do
        grep -qF " $path" /proc/net/unix || rm -f "$path"
    done < <(find /run/containerd/s -type s 2>/dev/null)
    for path in /var/lib/cni/results/"$CNI_NETWORK"-*; do
        id=${path##*/"$CNI_NETWORK"-}
        rm -f "$path" "/var/lib/cni/results/cni-loopback-${id%-*}-lo"
    done
    path=/var/lib/kubelet/device-plugins/kubelet.sock
    grep -qF " $path" /proc/net/unix || rm -f "$path"
    find /var/log/containers -lname "$LOG_DIR/*" -delete 2>/dev/null || true
    find /run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers -depth -type d -empty -delete 2>/dev/null || true
}

# In this order: the kubelet would start again what ends; the API server must outlive its clients and etcd the API server.
node_stop() {
    [[ -d $RUN_DIR ]] || node_kill_all node_programs
    process_stop kubelet 5
    process_stop kube-proxy 5
    node_kill_all node_pod_processes
    node_kill_all node_shims
    process_stop containerd 5
    node_clear_runtime
    stop_control_plane
    node_network_down
}
