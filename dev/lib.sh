# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by dev/cluster, the demo and the cluster tests. Source it under `set -euo pipefail`, then `use_cluster NAME`.
#
#   wait_for CONDITION SECONDS                    lib/base.sh
#   need_commands COMMAND=PACKAGE…                lib/base.sh
#   process_start|process_stop|process_signal|process_pid NAME …   lib/process.sh
#   free_port                                     lib/process.sh
#   sluice_dev_kubectl ARGS…, make_sa_kubeconfig NS SA OUT, start_program NAME PROGRAM ARGS…,
#   apply_webhooks PORT FILE…, audit_forbidden    below
#   install_sluice, start_webhook, start_controller   lib/sluice.sh
#   load_images NAME…, install_sluice_pods, flink_namespace NAME   lib/sluice-pods.sh, on dev/node alone

# shellcheck source=lib/base.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/base.sh"
# shellcheck source=lib/tools.sh
source "$DEV_DIR/lib/tools.sh"
# shellcheck source=lib/process.sh
source "$DEV_DIR/lib/process.sh"
# shellcheck source=lib/pki.sh
source "$DEV_DIR/lib/pki.sh"
# shellcheck source=lib/sluice.sh
source "$DEV_DIR/lib/sluice.sh"
# shellcheck source=lib/sluice-pods.sh
source "$DEV_DIR/lib/sluice-pods.sh"

need_kubectl() {
    tool_path kubectl >/dev/null || "$DEV_DIR/build-tools.sh"
}

# kubectl as the cluster's admin.
sluice_dev_kubectl() {
    "$(tool_path kubectl)" --kubeconfig="$CLUSTER_KUBECONFIG" "$@"
}

# make_sa_kubeconfig NAMESPACE SERVICE_ACCOUNT OUT [DURATION]: a kubeconfig that has that account's rights and no others.
# The token lies in OUT.token, which the kubeconfig names: write a new one there and a client that re-reads its file goes on.
# It holds for a week, as long as somebody may leave a demo running.
make_sa_kubeconfig() {
    local server ca=$3.ca
    server=$(sluice_dev_kubectl config view --raw --minify -o 'jsonpath={.clusters[0].cluster.server}')
    sluice_dev_kubectl config view --raw --minify --flatten \
        -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d >"$ca"
    renew_sa_token "$@"
    kubeconfig_write "$3" "$server" "$ca" "$1" "tokenFile: \"$(realpath "$3.token")\""
    rm "$ca"
}

# renew_sa_token NAMESPACE SERVICE_ACCOUNT OUT [DURATION]: replaces OUT.token at once, as a kubelet does.
renew_sa_token() {
    (umask 077 && sluice_dev_kubectl create token "$2" --namespace="$1" --duration="${4:-168h}" >"$3.token.new")
    mv "$3.token.new" "$3.token"
}

# start_program NAME PROGRAM ARGS…: a program of ours as a process of this cluster (`process_stop NAME` ends it, and so
# does `dev/cluster down`). PROGRAM is a file name in $SLUICE_BIN_DIR (build/bin) or a path. Log: $LOG_DIR/NAME.log.
start_program() {
    local name=$1 program=$2
    shift 2
    [[ $program == */* ]] || program=${SLUICE_BIN_DIR:-$REPO_DIR/build/bin}/$program
    [[ -x $program ]] || die "$program is not built; run: make build"
    process_start "$name" "$program" "$@"
}

# apply_webhooks PORT FILE…: applies webhook configurations so that the API server finds the webhook as a process on this
# machine: clientConfig.service becomes the URL of PORT. A CA bundle that is there already stays.
apply_webhooks() {
    local port=$1 file
    shift
    need_commands jq=jq
    for file in "$@"; do
        sluice_dev_kubectl create --dry-run=client -o json -f "$file" |
            jq --arg port "$port" '(.webhooks[]?.clientConfig | select(.service)) |=
                (.url = "https://127.0.0.1:" + $port + .service.path | del(.service))' |
            sluice_dev_kubectl apply -f -
    done
}

# audit_forbidden: every request of a program of ours (ServiceAccounts in sluice-system), or for ConfigMaps of a Flink pod,
# that was answered 403; one line each. Empty output is what a test wants. Three kinds don't count: an API server that was
# started again refuses everybody until it has read the roles, nobody may create in a namespace that is being deleted, and
# quota and Pod Security refuse what is made, not who makes it.
audit_forbidden() {
    need_commands jq=jq
    local starts
    starts=$(cat "$LOG_DIR/apiserver-starts" 2>/dev/null || true)
    jq -r --arg starts "$starts" '
        ($starts | split("\n") | map(split(" ") | select(length == 2))) as $starts |
        .requestReceivedTimestamp as $at |
        select(.responseStatus.code == 403 and
            (.user.username | test("^system:serviceaccount:(sluice-system:|[^:]*:[^:]*-flink$)"))) |
        select([.responseStatus.details.causes[]?.reason] | index("NamespaceTerminating") | not) |
        select(.responseStatus.message // "" | test("exceeded quota: |violates PodSecurity ") | not) |
        select($starts | any(.[0] <= $at and $at <= .[1]) | not) |
        "\(.user.username) \(.verb) \(.requestURI)"' "$LOG_DIR/audit.log" | sort | uniq -c
}
