#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What manifests/ brings is taken by the API server, grants no more than is used, and suits the published pod security.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

MANIFESTS=$REPO_DIR/manifests

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
    done < <(cd "$MANIFESTS" && find . -name '*.yaml' ! -path './samples/*' ! -name kustomization.yaml -printf '%P\n')
}

# The namespace asks for the restricted level; the API server warns of, or refuses, pods that miss it.
test_the_programs_meet_the_restricted_pod_security_level() {
    # shellcheck disable=SC2031 # each test has its own
    k label namespace "$NS" pod-security.kubernetes.io/enforce=restricted >/dev/null
    local name
    for name in webhook controller; do
        accepted k create --dry-run=server -f <(sluice_dev_kubectl create --dry-run=client -o json -f "$MANIFESTS/$name/deployment.yaml" |
            jq 'select(.kind == "Deployment") | {apiVersion: "v1", kind: "Pod", metadata: {name: "probe"},
                spec: (.spec.template.spec | del(.serviceAccountName, .priorityClassName))}')
        says_not Warning
    done
}

# "ACCOUNT GROUP/RESOURCE VERB", sorted.
granted() {
    local file
    for file in "$MANIFESTS"/rbac/{webhook,controller}.yaml; do
        sluice_dev_kubectl create --dry-run=client -o json -f "$file" | jq -r --arg account "sluice-$(basename "$file" .yaml)" '
            select(.rules) | .rules[] | .verbs[] as $verb | .apiGroups[] as $group | .resources[] as $resource |
            "\($account) \($group)/\($resource) \($verb)"'
    done | LC_ALL=C sort -u
}
used() {
    jq -r 'select(.user.username | startswith("system:serviceaccount:sluice-system:")) | select(.objectRef) |
        "\(.user.username | sub(".*:"; "")) \(.objectRef.apiGroup // "")/\(.objectRef.resource)\(
            if .objectRef.subresource then "/" + .objectRef.subresource else "" end) \(.verb)"' "$LOG_DIR/audit.log" | LC_ALL=C sort -u
}

# For information: a right may wait for something that this run did not need, and the API server itself asks for
# `bind` and for the finalizers. But none is used that is not granted.
test_the_rights_that_are_granted_are_those_that_are_used() {
    granted >"$TEST_DIR/granted"
    used >"$TEST_DIR/used"
    LC_ALL=C comm -23 "$TEST_DIR/granted" "$TEST_DIR/used" | awk '{ verbs[$1 " " $2] = verbs[$1 " " $2] " " $3 }
        END { for (what in verbs) print "granted, not used in this run: " what verbs[what] }' | sort >"$TEST_DIR/information"
    is 'rights that are used and not granted' '' "$(LC_ALL=C comm -13 "$TEST_DIR/granted" "$TEST_DIR/used")"
    is 'requests that were forbidden' '' "$(audit_forbidden)"
}
after_all() {
    with_all_configurations
    [[ ! -f $TEST_DIR/information ]] || cat "$TEST_DIR/information"
}

run_tests "$@"
