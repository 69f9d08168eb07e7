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
    local name image before
    image=$(load_images sluice) || die "Sluice's image could not be loaded"
    before=$(sluice_dev_kubectl get deployments --namespace=sluice-system -o name 2>/dev/null || true)
    sluice_dev_kubectl apply --server-side --force-conflicts -k "$REPO_DIR/manifests" >/dev/null
    sluice_dev_kubectl wait --for=condition=Established crd/flinkclusters.sluice.dev --timeout=30s >/dev/null
    # The tag is the same for each build, so a Deployment does not notice a new one.
    for name in $before; do
        sluice_dev_kubectl rollout restart "$name" --namespace=sluice-system >/dev/null
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

# flink_namespace NAME: a namespace under PodSecurity "restricted", with the claim flink-data (the folder flink-data/NAME of
# the node), for Flink's checkpoints and HA data and for what its jobs write.
flink_namespace() {
    local folder=$CLUSTER_DIR/flink-data/$1
    install -d -o 9999 -g 9999 "$folder"
    sluice_dev_kubectl apply -f - >/dev/null <<EOT
apiVersion: v1
kind: Namespace
metadata: {name: $1, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: flink-data-$1}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  storageClassName: flink-data-$1
  claimRef: {namespace: $1, name: flink-data}
  hostPath: {path: "$folder", type: Directory}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: flink-data, namespace: $1}
spec:
  accessModes: [ReadWriteMany]
  storageClassName: flink-data-$1
  volumeName: flink-data-$1
  resources: {requests: {storage: 1Gi}}
EOT
}
