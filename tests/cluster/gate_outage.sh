#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What still holds while the webhook, or its configuration, is away; protected objects; and its certificates.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CONFIGURATIONS=$REPO_DIR/manifests/webhook/configurations.yaml
before_all() { restart_webhook; }
after_all() {
    restart_webhook
    process_stop second-webhook
    with_all_configurations
    wait_for bundles_fit 20
}

bundle() { # mutating|validating
    k get "$1webhookconfiguration" sluice -o json | jq -r '[.webhooks[].clientConfig.caBundle] | unique | join(" ")'
}
# Both configurations trust the CA that is served with.
bundles_fit() {
    local ca
    ca=$(k get secret -n sluice-system sluice-webhook-ca -o json | jq -r '.data["ca.crt"]')
    [[ -n $ca && $(bundle mutating) == "$ca" && $(bundle validating) == "$ca" ]]
}

test_while_the_webhook_is_down_nothing_is_created_and_deletes_go_through() {
    accepted k apply -f <(cluster one)
    accepted k apply -f <(cluster two | sed 's/{name: two}/{name: two, annotations: {sluice.dev\/deletion-protection: "true"}}/')
    process_stop sluice-webhook
    refused k apply -f <(cluster three)
    says 'failed calling webhook "validate.flinkcluster.sluice.dev"'
    refused k patch flinkcluster one --type=merge -p '{"spec": {"parallelism": 2}}'
    says 'failed calling webhook'
    refused k label flinkcluster one a=b
    # What the configurations leave out goes on: status, finalizers, deletion of what is not protected.
    accepted k patch flinkcluster one --subresource=status --type=merge -p '{"status": {"phase": "Running"}}'
    accepted k patch flinkcluster one --type=merge -p '{"metadata": {"finalizers": ["example.com/wait"]}}'
    accepted k delete flinkcluster one --wait=false
    is 'one is being deleted' true "$(field one '.metadata.deletionTimestamp != null')"
    accepted k patch flinkcluster one --type=merge -p '{"metadata": {"finalizers": null, "labels": {"a": "b"}}}'
    refused k get flinkcluster one
    refused k delete flinkcluster two
    says 'failed calling webhook "delete.flinkcluster.sluice.dev"'
    restart_webhook
}

test_a_protected_cluster_is_deleted_only_without_its_annotation() {
    accepted k apply -f <(cluster one)
    accepted k annotate flinkcluster one sluice.dev/deletion-protection=true
    refused k delete flinkcluster one
    says 'metadata.annotations[sluice.dev/deletion-protection]: Forbidden: the cluster is protected'
    refused k delete flinkclusters --all
    accepted k annotate flinkcluster one sluice.dev/deletion-protection-
    accepted k delete flinkcluster one
}

test_an_object_that_is_being_deleted_is_left_alone_whatever_its_spec() {
    accepted k apply -f <(cluster one | sed 's/{name: one}/{name: one, finalizers: [example.com\/wait]}/')
    accepted k delete flinkcluster one --wait=false
    accepted k patch flinkcluster one --type=merge -p '{"spec": {"image": "Bad Image"}}'
    accepted k patch flinkcluster one --type=merge -p '{"metadata": {"finalizers": null}}'
    refused k get flinkcluster one
}

test_status_and_metadata_beyond_labels_never_reach_the_webhook() {
    local before
    accepted k apply -f <(cluster one)
    before=$(wc -l <"$LOG_DIR/sluice-webhook.log")
    accepted k patch flinkcluster one --subresource=status --type=merge -p '{"status": {"phase": "Running"}}'
    accepted k patch flinkcluster one --type=merge -p '{"metadata": {"finalizers": ["example.com/wait"]}}'
    accepted k patch flinkcluster one --type=merge -p '{"metadata": {"finalizers": null}}'
    accepted k delete flinkcluster one
    is 'lines that the webhook wrote' "$before" "$(wc -l <"$LOG_DIR/sluice-webhook.log")"
}

test_the_schema_holds_while_there_is_no_webhook_at_all() {
    accepted k apply -f <(cluster app '  {image: flink:1.20.1, storage: {root: s3://a/b}, job: {upgradeMode: Savepoint}}')
    without_configurations mutating validating
    refused k create -f <(cluster "$(printf 'n%.0s' {1..41})")
    says metadata.name 'at most 40'
    refused k patch flinkcluster app --type=json -p '[{"op": "remove", "path": "/spec/job"}]'
    says spec.job
    refused k patch flinkcluster app --type=merge -p '{"spec": {"storage": {"root": "s3://other/b"}}}'
    says spec.storage 'to Suspended first'
    refused k create -f <(cluster two '  {image: flink:1.20.1, jobManager: {replicas: 2}}')
    says 'spec.storage.root: Required value: more than one JobManager needs storage'
    refused k create -f <(cluster two '  {image: flink:1.20.1, parallelism: 0}')
    says spec.parallelism
    # With state put away the storage may move.
    accepted k patch flinkcluster app --type=merge -p '{"spec": {"job": {"state": "Suspended"}}}'
    accepted k patch flinkcluster app --type=merge -p '{"spec": {"storage": {"root": "s3://other/b"}}}'
    with_all_configurations
}

test_validation_says_when_mutation_did_not_run() {
    without_configurations mutating
    refused k apply -f <(cluster one)
    says spec.parallelism: spec.taskManager.replicas: 'did not run'
    # Who says everything himself needs no mutation.
    accepted k apply -f <(cluster one '  {image: flink:1.20.1, flinkVersion: "1.20", parallelism: 1, taskManager: {replicas: 1}}')
    with_all_configurations
}

test_what_came_around_the_webhook_can_be_edited_elsewhere() {
    without_configurations mutating validating
    accepted k create -f <(cluster old '  {image: flink:1.20.1, flinkVersion: "1.20", parallelism: 1, iamRole: some-role,
        taskManager: {replicas: 1, resources: {requests: {memory: 4Gi}, limits: {memory: 2Gi}}}}')
    with_all_configurations
    accepted k patch flinkcluster old --type=merge -p '{"spec": {"restartNonce": 1}}'
    says 'Warning: spec.iamRole' 'Warning: spec.taskManager.resources.requests[memory]'
    accepted k label flinkcluster old a=b
    refused k patch flinkcluster old --type=merge -p '{"spec": {"iamRole": "another-role"}}'
    says 'spec.iamRole: Invalid value: "another-role"'
    says 'Warning: spec.taskManager.resources.requests[memory]'
    is 'number of refusals' 1 "$(grep -c 'is invalid: spec.iamRole' <<<"$ANSWER")"
    accepted k patch flinkcluster old --type=merge -p '{"spec": {"iamRole": "arn:aws:iam::123456789012:role/a"}}'
    refused k patch flinkcluster old --type=merge -p '{"spec": {"iamRole": "some-role"}}'
}

# Without what only the API server keeps.
configuration() { k get "$1webhookconfiguration" sluice -o json | jq -c '[.metadata.labels, .webhooks]'; }
owned_by_us() {
    k get "$1webhookconfiguration" sluice -o json --show-managed-fields | jq -c '[.metadata.managedFields[] |
        select(.manager == "sluice-webhook") | .fieldsV1 | paths(. == {}) | map(select(startswith("f:")))] | unique'
}

test_the_ca_is_put_into_both_configurations_and_nothing_else_is_touched() {
    local kind mutating validating
    mutating=$(configuration mutating) validating=$(configuration validating)
    for kind in mutating validating; do
        k patch "${kind}webhookconfiguration" sluice --type=json -p '[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]'
    done
    wait_for bundles_fit 20
    is 'the mutating configuration' "$mutating" "$(configuration mutating)"
    is 'the validating configuration' "$validating" "$(configuration validating)"
    for kind in mutating validating; do
        is "what we own of the $kind one" '[["f:webhooks","f:clientConfig","f:caBundle"]]' "$(owned_by_us "$kind")"
    done
    # The file applied again, as it stands in the repository, leaves the bundle alone.
    apply_webhooks "$WEBHOOK_PORT" "$CONFIGURATIONS"
    bundles_fit || fail 'applying the file again took the bundle away'
    accepted k apply -f <(cluster one)
}

test_two_replicas_serve_with_one_ca() {
    local port=$WEBHOOK_PORT health=${WEBHOOK_HEALTH:-} secret
    secret=$(k get secret -n sluice-system sluice-webhook-ca -o json | jq -c '[.metadata.uid, .data]')
    WEBHOOK_PORT=$(free_port)
    start_webhook second-webhook
    is 'the Secret' "$secret" "$(k get secret -n sluice-system sluice-webhook-ca -o json | jq -c '[.metadata.uid, .data]')"
    # Its own leaf, which the one bundle verifies.
    bundle validating | base64 -d >"$TEST_DIR/ca.pem"
    accepted curl -sS --cacert "$TEST_DIR/ca.pem" "https://127.0.0.1:$WEBHOOK_PORT/validate-sluice-dev-v1beta1-flinkcluster"
    accepted curl -sS --cacert "$TEST_DIR/ca.pem" "https://127.0.0.1:$port/validate-sluice-dev-v1beta1-flinkcluster"
    process_stop second-webhook
    WEBHOOK_PORT=$port WEBHOOK_HEALTH=$health
    accepted k apply -f <(cluster one)
}

test_a_lost_secret_is_made_again_and_reviews_go_on() {
    accepted k delete secret -n sluice-system sluice-webhook-ca
    wait_for 'k get secret -n sluice-system sluice-webhook-ca' 30
    wait_for bundles_fit 30
    wait_for 'k create --dry-run=server -f <(cluster probe)' 10
    accepted k apply -f <(cluster one)
}

run_tests "$@"
