#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a FlinkPolicy itself must be, as kubectl shows it.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# policy NAME YAML: prints one that is for this test's namespace alone; YAML is indented by two.
policy() {
    # shellcheck disable=SC2031 # each test has its own
    printf 'apiVersion: sluice.dev/v1beta1\nkind: FlinkPolicy\nmetadata: {name: %s}\nspec:\n  match: {namespaces: [%s]}\n%s\n' \
        "$1-$NS" "$NS" "$2"
}
drop() { # NAME…
    local name
    for name in "$@"; do
        # shellcheck disable=SC2031
        k delete flinkpolicy "$name-$NS" --ignore-not-found
    done
}

test_every_fault_is_told_at_once_as_of_a_built_in_kind() {
    # shellcheck disable=SC2031
    refused k apply -f <(policy bad '  images: {allowed: ["a.io/[x"], flinkVersions: ["1.16"]}
  parallelism: {default: 9, min: 8, max: 4}
  storage: {defaultRoot: "s3://other", allowed: ["s3://flink-{namespace}/**"]}
  exempt: [{namespace: a, name: b, until: soon, reason: migration}]')
    # shellcheck disable=SC2031
    says "The FlinkPolicy \"bad-$NS\" is invalid:" '* spec.images.allowed[0]: Invalid value: "a.io/[x"' \
        '* spec.images.flinkVersions[0]: Invalid value: "1.16"' '* spec.exempt[0].until: Invalid value: "soon"' \
        '* spec.parallelism.min: Invalid value: 8: must be at most' \
        '* spec.parallelism.default: Invalid value: 9: must be at most' \
        '* spec.storage.defaultRoot: Invalid value: "s3://other": storage.allowed does not allow it'
}

test_what_the_schema_refuses_the_api_server_refuses_too() {
    refused k apply --validate=false -f <(policy bad '  enforcement: Never
  priority: high')
    says 'spec.enforcement' 'spec.priority'
}

test_the_samples_are_accepted() {
    local file
    for file in "$SAMPLES"/policies/*.yaml; do
        accepted k apply --dry-run=server -f "$file"
        says_not Warning
    done
}

test_contradictions_are_told() {
    accepted k apply -f <(policy quota '  parallelism: {max: 4}')
    sleep 1 # the webhook follows by a watch
    accepted k apply -f <(policy floor '  parallelism: {min: 8}')
    # shellcheck disable=SC2031
    says "Warning: spec.parallelism.min: policy quota-$NS wants at most 4, floor-"
    drop quota floor
}

test_what_may_be_meant_is_warned_of() {
    accepted k apply --dry-run=server -f <(policy odd '  images: {allowed: []}
  exempt: [{namespace: a, name: b, rules: [image.tags], until: "2020-01-01T00:00:00Z", reason: migration}]')
    says 'spec.images.allowed: the list is empty' 'did you mean "images.tags"?' 'is over: it exempts from nothing'
}

# One that came around the webhook can be edited: what is wrong already is only warned of.
test_a_stored_fault_does_not_stop_the_next_edit() {
    without_configurations validating
    accepted k apply -f <(policy old '  parallelism: {min: 8, max: 4}')
    with_all_configurations
    # shellcheck disable=SC2031
    accepted k patch flinkpolicy "old-$NS" --type=merge -p '{"spec": {"priority": 7}}'
    says 'Warning: spec.parallelism.min'
    # shellcheck disable=SC2031
    refused k patch flinkpolicy "old-$NS" --type=merge -p '{"spec": {"parallelism": {"min": 9}}}'
    drop old
}

test_columns_and_short_name() {
    accepted k apply -f <(policy shown '  enforcement: Warn
  priority: 5')
    # shellcheck disable=SC2031
    accepted k get fp "shown-$NS"
    says NAME ENFORCEMENT PRIORITY AUDITED VIOLATIONS LAST-AUDIT AGE Warn 5
    drop shown
}

run_tests "$@"
