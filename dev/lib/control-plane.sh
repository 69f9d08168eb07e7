# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The control plane that dev/cluster (with KWOK's nodes) and dev/node (with a real one) share: etcd, API server,
# controller manager, scheduler; and the commands that both have. They set, before they call anything here:
#   PROGRAM          their name, for messages
#   API_ADDRESS      where the API server listens; it is also what Service "kubernetes" leads to
#   API_OPTIONS      its further options
#   CLIENTS          further clients of it that get a certificate and a kubeconfig: NAME=SUBJECT…
#   start_agents     a function: starts what works beside the controllers, or what of it does not run

print_env() {
    [[ -f $CLUSTER_KUBECONFIG ]] || die "$CLUSTER_NAME is down; run: $PROGRAM up --name $CLUSTER_NAME"
    printf 'export KUBECONFIG=%q\n' "$CLUSTER_KUBECONFIG"
}

tool_or_die() {
    tool_path "$1" || die "$1 is not built; run: dev/build-tools.sh"
}

# A cluster keeps its ports over stops and starts of its parts: clients hold the address.
choose_ports() {
    if [[ ! -f $CLUSTER_DIR/ports ]]; then
        local api etcd peer
        exec 9>"$STATE_ROOT/.ports.lock"
        flock 9
        api=$(free_port)
        etcd=$(free_port "$api")
        peer=$(free_port "$api" "$etcd")
        printf 'API_PORT=%s\nETCD_PORT=%s\nETCD_PEER_PORT=%s\n' "$api" "$etcd" "$peer" >"$CLUSTER_DIR/ports"
        exec 9>&-
    fi
    # shellcheck disable=SC1091
    source "$CLUSTER_DIR/ports"
}

start_etcd() {
    local client=http://127.0.0.1:$ETCD_PORT peer=http://127.0.0.1:$ETCD_PEER_PORT
    # --unsafe-no-fsync: the data live as long as the cluster; nobody needs them after a power cut.
    process_start etcd "$(tool_or_die etcd)" --name=dev --data-dir="$CLUSTER_DIR/etcd" --unsafe-no-fsync \
        --listen-client-urls="$client" --advertise-client-urls="$client" --listen-peer-urls="$peer" \
        --initial-advertise-peer-urls="$peer" --initial-cluster="dev=$peer" --log-level=warn
}

start_apiserver() {
    process_start kube-apiserver "$(tool_or_die kube-apiserver)" \
        --etcd-servers="http://127.0.0.1:$ETCD_PORT" --bind-address="$API_ADDRESS" --secure-port="$API_PORT" \
        --advertise-address="$API_ADDRESS" --service-cluster-ip-range=10.96.0.0/16 \
        --tls-cert-file="$PKI_DIR/apiserver.crt" --tls-private-key-file="$PKI_DIR/apiserver.key" \
        --client-ca-file="$PKI_DIR/ca.crt" --allow-privileged=true \
        --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$PKI_DIR/service-account.pub" \
        --service-account-signing-key-file="$PKI_DIR/service-account.key" \
        --enable-admission-plugins=OwnerReferencesPermissionEnforcement \
        --audit-policy-file="$DEV_DIR/control-plane/audit-policy.yaml" --audit-log-path="$LOG_DIR/audit.log" \
        "${API_OPTIONS[@]}"
}

# Neither serves a port of its own: nobody asks them, and two ports less can collide.
start_controllers() {
    process_start kube-controller-manager "$(tool_or_die kube-controller-manager)" \
        --kubeconfig="$CLUSTER_DIR/kube-controller-manager.kubeconfig" --secure-port=0 --leader-elect=false \
        --use-service-account-credentials=true --root-ca-file="$PKI_DIR/ca.crt" \
        --kube-api-qps=200 --kube-api-burst=300 --concurrent-namespace-syncs=4 \
        --horizontal-pod-autoscaler-sync-period=2s \
        --service-account-private-key-file="$PKI_DIR/service-account.key" \
        --flex-volume-plugin-dir="$CLUSTER_DIR/volume-plugins" # else made under /usr/libexec
    process_start kube-scheduler "$(tool_or_die kube-scheduler)" \
        --kubeconfig="$CLUSTER_DIR/kube-scheduler.kubeconfig" --secure-port=0 --leader-elect=false
}

api_ready() {
    sluice_dev_kubectl get --raw /readyz
}

server_version() {
    sluice_dev_kubectl get --raw /version | sed -n 's/.*"gitVersion": "\([^"]*\)".*/\1/p'
}

# wait_ready PROCESS CONDITION SECONDS: fails early when the process has ended.
wait_ready() {
    if ! wait_for "! process_pid $1 || $2" "$3" || ! process_pid "$1" >/dev/null; then
        say "--- last lines of $LOG_DIR/$1.log"
        tail -n 15 "$LOG_DIR/$1.log" >&2 || true
        return 1
    fi
}

# Folders, ports, keys, kubeconfigs; what is there stays.
prepare() {
    local client
    mkdir -p "$CLUSTER_DIR" "$RUN_DIR" "$LOG_DIR"
    [[ -f $CLUSTER_DIR/ports ]] || rm -rf "${LOG_DIR:?}"/* # a new cluster; tests read its logs from the start
    choose_ports
    [[ ! -f $CLUSTER_KUBECONFIG ]] || return 0
    pki_make "$API_ADDRESS" "${CLIENTS[@]}"
    for client in "${CLIENTS[@]}" kube-controller-manager kube-scheduler admin; do # admin last: its file says that all is there
        pki_kubeconfig "${client%%=*}" "https://$API_ADDRESS:$API_PORT" "$CLUSTER_DIR/${client%%=*}.kubeconfig"
    done
}

start_control_plane() {
    start_etcd
    start_apiserver
    wait_ready kube-apiserver api_ready 120 || return 1
    start_controllers
}

# First what talks to the API server, then the API server, then etcd: an API server without etcd does not end.
stop_control_plane() {
    local name
    for name in $(process_names); do
        case $name in
        etcd | kube-apiserver) ;;
        *) process_stop "$name" 5 ;;
        esac
    done
    process_stop kube-apiserver
    process_stop etcd
}

forget_cluster() {
    find "$CLUSTER_DIR" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf --one-file-system {} +
}

cmd_status() {
    local name pid
    [[ -n $(process_names) ]] || { say "$CLUSTER_NAME is down" && return 1; }
    for name in $(process_names); do
        if pid=$(process_pid "$name"); then
            printf '%-24s pid %s, log %s\n' "$name" "$pid" "$LOG_DIR/$name.log"
        else
            printf '%-24s ended, log %s\n' "$name" "$LOG_DIR/$name.log"
        fi
    done
    printf '%-24s %s\n' 'kubeconfig' "$CLUSTER_KUBECONFIG"
    api_ready >/dev/null || { say "the API server is not ready" && return 1; }
}

cmd_stop_apiserver() {
    no_foreign_cluster
    lock_cluster
    # It closes its port and its watches at once, then waits a minute for idle HTTP/2 connections of the controllers.
    process_stop kube-apiserver 2 2>/dev/null
}

cmd_start_apiserver() {
    no_foreign_cluster
    [[ -f $CLUSTER_DIR/ports ]] || die "$CLUSTER_NAME is down; run: $PROGRAM up --name $CLUSTER_NAME"
    lock_cluster
    choose_ports
    local began
    began=$(date -u +%FT%T.%6NZ)
    start_apiserver
    wait_ready kube-apiserver api_ready 120 || die "the API server did not start"
    echo "$began $(date -u +%FT%T.%6NZ)" >>"$LOG_DIR/apiserver-starts" # for audit_forbidden
    # Refused for a moment, it can miss events and then ends itself ("Scheduler cache is corrupted").
    process_stop kube-scheduler
    start_controllers
    start_agents
}

no_foreign_cluster() {
    [[ -z ${SLUICE_KUBECONFIG:-} ]] || die "SLUICE_KUBECONFIG is set: that cluster is not ours to change"
}

# One command at a time on a cluster.
lock_cluster() {
    mkdir -p "$STATE_ROOT"
    exec 8>"$STATE_ROOT/.$CLUSTER_NAME.lock"
    flock 8
}

# parse_arguments ARGS…: sets COMMAND, OPERANDS (what follows it) and the cluster's name.
parse_arguments() {
    COMMAND=''
    OPERANDS=()
    use_cluster "${SLUICE_DEV_NAME:-dev}"
    while (($#)); do
        case $1 in
        --name) use_cluster "${2:-}" && shift ;;
        --name=*) use_cluster "${1#*=}" ;;
        -h | --help) COMMAND=help && return 0 ;;
        -*) die "unknown option $1 (see $PROGRAM --help)" ;;
        *) if [[ -z $COMMAND ]]; then COMMAND=$1; else OPERANDS+=("$1"); fi ;;
        esac
        shift
    done
}
