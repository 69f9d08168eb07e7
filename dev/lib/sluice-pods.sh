# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sluice itself on the real node of dev/node: manifests/ as they are shipped, webhook and controller as pods under their
# own ServiceAccounts, reached through the real Service.

# load_images NAME…: builds images (see images/build.sh), loads them into the node, and prints each one's reference.
load_images() {
    local list ref tar
    list=$("$DEV_DIR/images/build.sh" "$@") || return 1
    while read -r ref tar; do
        "$DEV_DIR/node" load "$tar" --name "$CLUSTER_NAME" >&2 || return 1
        echo "$ref"
    done <<<"$list"
}

# install_sluice_pods: loads the image and applies manifests/; returns when both Deployments are whole and the webhook
# answers for FlinkClusters. Again after a change of the sources: the pods are replaced.
install_sluice_pods() {
    local name image digest
    image=$(load_images sluice) || die "Sluice's image could not be loaded"
    sluice_dev_kubectl apply --server-side --force-conflicts -k "$REPO_DIR/manifests" >/dev/null
    sluice_dev_kubectl wait --for=condition=Established crd/flinkclusters.sluice.dev --timeout=30s >/dev/null
    digest=$("$DEV_DIR/images/build.sh" sluice 2>/dev/null)
    for name in sluice-webhook sluice-controller; do
        # The tag is the same for each build: an annotation makes the Deployment notice a new one.
        sluice_dev_kubectl patch deployment "$name" --namespace=sluice-system --type=merge --patch \
            "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"dev.sluice.dev/image\":\"${digest##*-}\"}}}}}" >/dev/null
    done
    for name in sluice-webhook sluice-controller; do
        sluice_dev_kubectl rollout status "deployment/$name" --namespace=sluice-system --timeout=120s >/dev/null || {
            sluice_pods_trouble
            die "$name ($image) did not become ready"
        }
    done
    wait_for sluice_webhook_answers 60 || die "the API server does not reach the webhook"
}

# The webhook alone finds the fault in this one.
sluice_webhook_answers() {
    [[ $(sluice_dev_kubectl create --dry-run=server -f - 2>&1 <<<'{"apiVersion":"sluice.dev/v1beta1","kind":"FlinkCluster",
        "metadata":{"name":"probe","namespace":"default"},"spec":{"image":"Not An Image","flinkVersion":"1.20"}}') == \
        *"not an image reference"* ]]
}

sluice_pods_trouble() {
    sluice_dev_kubectl get pods,events --namespace=sluice-system >&2 || true
    sluice_dev_kubectl logs --namespace=sluice-system --selector=app.kubernetes.io/part-of=sluice --tail=20 --prefix >&2 ||
        true
}
