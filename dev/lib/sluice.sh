# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sluice itself on the local control plane: as processes of this machine, under their own ServiceAccounts'
# tokens and with the shipped RBAC alone.

# install_sluice: namespace, CRD, RBAC, webhook configurations that point at this machine. $WEBHOOK_PORT is chosen here.
install_sluice() {
    local file
    WEBHOOK_PORT=$(free_port)
    for file in namespace.yaml crd/flinkclusters.yaml crd/flinkpolicies.yaml rbac/flink-ha.yaml rbac/webhook.yaml rbac/controller.yaml; do
        sluice_dev_kubectl apply --server-side -f "$REPO_DIR/manifests/$file" >/dev/null
    done
    apply_webhooks "$WEBHOOK_PORT" "$REPO_DIR/manifests/webhook/configurations.yaml" >/dev/null
    sluice_dev_kubectl wait --for=condition=Established crd/flinkclusters.sluice.dev crd/flinkpolicies.sluice.dev --timeout=30s >/dev/null
}

# start_webhook [NAME [ARGS…]]: serves on $WEBHOOK_PORT; returns when it is ready, its health port in $WEBHOOK_HEALTH.
start_webhook() {
    local name=${1:-sluice-webhook}
    shift || true
    WEBHOOK_HEALTH=$(free_port)
    make_sa_kubeconfig sluice-system sluice-webhook "$CLUSTER_DIR/$name.kubeconfig"
    start_program "$name" sluice-webhook --kubeconfig="$CLUSTER_DIR/$name.kubeconfig" \
        --listen="127.0.0.1:$WEBHOOK_PORT" --health-listen="127.0.0.1:$WEBHOOK_HEALTH" --extra-names=127.0.0.1 \
        --drain-delay=0s "$@"
    wait_for "curl -fsS -o /dev/null http://127.0.0.1:$WEBHOOK_HEALTH/readyz" 20 ||
        die "$name is not ready; its log: $LOG_DIR/$name.log"
}

# start_controller [NAME [ARGS…]]: returns when it is ready (it may not lead yet), its health port in $CONTROLLER_HEALTH.
# CONTROLLER_PROGRAM names another build of it.
start_controller() {
    local name=${1:-sluice-controller}
    shift || true
    CONTROLLER_HEALTH=$(free_port)
    make_sa_kubeconfig sluice-system sluice-controller "$CLUSTER_DIR/$name.kubeconfig"
    start_program "$name" "${CONTROLLER_PROGRAM:-sluice-controller}" --kubeconfig="$CLUSTER_DIR/$name.kubeconfig" \
        --health-listen="127.0.0.1:$CONTROLLER_HEALTH" "$@"
    wait_for "curl -fsS -o /dev/null http://127.0.0.1:$CONTROLLER_HEALTH/readyz" 20 ||
        die "$name is not ready; its log: $LOG_DIR/$name.log"
}
