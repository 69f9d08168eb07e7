#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What manifests/ brings is taken by the API server, gives no power over others, and suits the published pod security.
# That each right is used is rights_test.py's to tell.
# shellcheck disable=SC2031 # NS is set in the subshell in which a test runs
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

MANIFESTS=$REPO_DIR/manifests
SLUICE=${SLUICE_BIN_DIR:-$REPO_DIR/build/bin}/sluice

test_the_kustomization_builds_and_every_object_of_it_is_taken() {
    # A dry run makes no namespace: the fixture's stands. Its webhook configurations have another address.
    without_configurations mutating validating
    accepted sluice_dev_kubectl apply --server-side --force-conflicts --dry-run=server -k "$MANIFESTS"
    says_not Warning
    says deployment.apps/sluice-webhook deployment.apps/sluice-controller
    with_all_configurations
}

test_every_file_stands_in_the_kustomization() {
    local file
    while read -r file; do
        grep -q "^  - $file\$" "$MANIFESTS/kustomization.yaml" || fail "$file does not"
    done < <(cd "$MANIFESTS" && find . -name '*.yaml' ! -path './samples/*' ! -path './monitoring/*' ! -name kustomization.yaml -printf '%P\n')
}

restrict() { k label namespace "$NS" pod-security.kubernetes.io/enforce=restricted >/dev/null; }

available() { # DEPLOYMENT
    [[ $(k get deployment "$1" -o 'jsonpath={.status.availableReplicas}') == 2 ]]
}

# The namespace that is shipped demands the restricted level: the API server admits the pods, or they never come.
test_the_programs_pods_come_where_the_restricted_level_is_demanded() {
    local name
    restrict
    for name in webhook controller; do
        k create serviceaccount "sluice-$name"
        sed "s/namespace: sluice-system/namespace: $NS/" "$MANIFESTS/$name/deployment.yaml" | k apply -f -
    done
    wait_for 'available sluice-webhook && available sluice-controller' 30 || fail "no pods: $(k get events)"
}

test_what_a_flinkcluster_becomes_is_taken_where_the_restricted_level_is_demanded() {
    local file name
    restrict
    for file in "$SAMPLES"/good/*.yaml; do
        sed "s/^  name: .*/&\n  namespace: $NS/" "$file" >"$TEST_DIR/cluster.yaml"
        name=$(k create --dry-run=client --validate=false -o 'jsonpath={.metadata.name}' -f "$TEST_DIR/cluster.yaml")
        k create serviceaccount "$name-flink" # pods ask for one that is there, and a dry run makes none
        "$SLUICE" render "$TEST_DIR/cluster.yaml" >"$TEST_DIR/objects.yaml"
        accepted k apply --server-side --force-conflicts --dry-run=server -f "$TEST_DIR/objects.yaml"
        says "controllerrevision.apps/$name-r1" configmap/ "rolebinding.rbac.authorization.k8s.io/$name-flink" \
            "service/$name-rest" "service/$name-jobmanager" "pod/$name-jm-" "pod/$name-tm-"
        says_not Warning
    done
}

may() { # ACCOUNT VERB RESOURCE [ARGS…]
    [[ $(k auth can-i --as="system:serviceaccount:sluice-system:$1" "${@:2}" 2>/dev/null) == yes ]]
}

may_not() {
    ! may "$@" || fail "$1 may ${*:2}"
}

test_what_would_be_power_over_others_is_not_granted() {
    may sluice-controller bind clusterroles/sluice-flink-ha || fail "the controller may not bind its role"
    may_not sluice-controller bind clusterroles/cluster-admin
    may_not sluice-controller escalate clusterroles
    may_not sluice-controller create roles
    may_not sluice-controller get secrets
    may_not sluice-controller update flinkclusters
    may_not sluice-controller update leases/kube-scheduler -n kube-system
    may sluice-webhook patch mutatingwebhookconfigurations/sluice || fail "the webhook may not publish its bundle"
    may_not sluice-webhook patch mutatingwebhookconfigurations/other
    may_not sluice-webhook get secrets -n sluice-system
    may_not sluice-webhook get secrets
    may_not sluice-webhook get flinkclusters
    may_not sluice-webhook update flinkclusters
    may_not sluice-webhook update flinkpolicies
    may_not sluice-webhook update namespaces
}

after_all() { with_all_configurations; }

run_tests "$@"
