#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What somebody at a terminal is answered: by every way of writing an object that kubectl knows.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

FIVE_PATHS=(spec.image: spec.iamRole: spec.parallelism: 'spec.taskManager.resources.requests[memory]:' spec.job.upgradeMode:)

test_every_good_sample_is_accepted() {
    local file
    for file in "$SAMPLES"/good/*.yaml; do
        accepted k apply -f "$file"
        says created
    done
}

test_every_bad_sample_is_refused_and_nothing_of_it_is_stored() {
    local file
    for file in "$SAMPLES"/bad/*.yaml; do
        refused k apply -f "$file"
        says 'is invalid' spec.
        says_not Error:
    done
    is 'stored FlinkClusters' '' "$(k get flinkclusters -o name)"
}

test_five_faults_are_named_in_one_answer_by_apply_create_and_replace() {
    accepted k apply -f <(cluster broken '  {image: flink:1.20.1, job: {upgradeMode: Stateless}}')
    local verb
    for verb in apply replace; do
        refused k "$verb" -f "$SAMPLES/bad/five-faults.yaml"
        says "${FIVE_PATHS[@]}" 'The FlinkCluster "broken" is invalid'
        is 'number of causes' 5 "$(grep -c '^\* ' <<<"$ANSWER")"
    done
    accepted k delete flinkcluster broken
    refused k create -f "$SAMPLES/bad/five-faults.yaml"
    says "${FIVE_PATHS[@]}"
    is 'number of causes' 5 "$(grep -c '^\* ' <<<"$ANSWER")"
}

test_a_default_that_would_follow_is_no_fault_beside_those_of_the_schema() {
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, job: {upgradeMode: Stateless}, parallelism: 4}')
    refused k apply -f <(cluster a '  {image: flink:2.0.0, job: {upgradeMode: stateless}, parallelism: 8}')
    says 'is invalid: spec.job.upgradeMode: Unsupported value: "stateless"'
    refused k apply -f <(cluster a '  {image: flink:2.0.0, job: {upgradeMode: Stateless}, parallelism: "8"}')
    says 'is invalid: spec.parallelism: Invalid value: "8": must be an integer'
}

# Outside our reach: the API server can't merge a value of a wrong type, and says so before any webhook is asked.
test_under_server_side_apply_the_api_server_itself_answers_a_wrong_type() {
    refused k apply --server-side -f "$SAMPLES/bad/five-faults.yaml"
    says '.spec.parallelism: expected numeric (int or float), got string'
    sed 's/"eight"/8/' "$SAMPLES/bad/five-faults.yaml" >"$TEST_DIR/four.yaml"
    refused k apply --server-side -f "$TEST_DIR/four.yaml"
    says spec.image: spec.iamRole: 'spec.taskManager.resources.requests[memory]:' spec.job.upgradeMode:
    is 'number of causes' 4 "$(grep -c '^\* ' <<<"$ANSWER")"
}

test_a_patch_is_answered_with_all_its_faults() {
    local kind patch
    accepted k apply -f <(cluster one)
    patch='{"spec": {"parallelism": "two", "image": "Bad Image", "jobManager": {"replicas": 3}}}'
    for kind in merge json; do
        [[ $kind == merge ]] || patch='[{"op": "add", "path": "/spec/parallelism", "value": "two"},
            {"op": "replace", "path": "/spec/image", "value": "Bad Image"},
            {"op": "add", "path": "/spec/jobManager", "value": {"replicas": 3}}]'
        refused k patch flinkcluster one --type="$kind" --patch="$patch"
        says spec.parallelism: spec.image: 'more than one JobManager needs storage'
    done
    is 'image of the stored object' flink:1.20.1 "$(field one .spec.image)"
}

test_an_edit_is_refused_with_the_faults_as_comments_and_accepted_when_right() {
    accepted k apply -f <(cluster one)
    # kubectl opens the editor again with the faults on top; this one gives up then.
    cat >"$TEST_DIR/editor" <<'SH'
#!/bin/sh
grep -q 'spec.taskManager.slots' "$1" && cp "$1" "$0.seen" && exit 0
sed -i 's/^  image:.*/  image: "Bad Image"\n  taskManager: {slots: 5000, replicas: 1}/; /^  taskManager:$/,/replicas/d' "$1"
SH
    chmod +x "$TEST_DIR/editor"
    EDITOR="$TEST_DIR/editor" refused k edit flinkcluster one
    grep '^#' "$TEST_DIR/editor.seen" || fail 'the editor was not opened a second time'
    grep -q '^# \* spec.image: .*"Bad Image"' "$TEST_DIR/editor.seen" || fail 'the image is not named'
    is 'image of the stored object' flink:1.20.1 "$(field one .spec.image)"
    EDITOR='sed -i s/flink:1.20.1/flink:1.20.2/' accepted k edit flinkcluster one
    is 'image after the second edit' flink:1.20.2 "$(field one .spec.image)"
}

test_two_bad_clusters_of_one_file_are_answered_with_every_fault_of_both() {
    refused k apply -f "$SAMPLES/bad/two-clusters.yaml"
    says '"first" is invalid: [' 'more than one JobManager needs storage' 'spec.flinkVersion: Required value' \
        '"second" is invalid: [' spec.iamRole:
    refused k apply -f <(cat "$SAMPLES/bad/five-faults.yaml" <(echo ---) "$SAMPLES/bad/parallelism.yaml")
    says "${FIVE_PATHS[@]}" '"cramped" is invalid'
}

test_a_good_cluster_beside_a_bad_one_is_stored() {
    refused k apply -f <(cluster good; echo ---; cluster bad '  image: "Bad Image"')
    says 'flinkcluster.sluice.dev/good created' 'The FlinkCluster "bad" is invalid'
}

test_warnings_are_shown_and_the_object_is_stored() {
    accepted k apply -f <(cluster one '  {image: flink:1.20.1, flinkVersion: v1_20, storage: {root: s3://state/x}}')
    says 'Warning: spec.flinkVersion: ' 'Warning: spec.storage.root: no plugin for s3' created
}

test_a_dry_run_gives_the_same_answer_and_stores_nothing() {
    accepted k apply --dry-run=server -o json -f <(cluster one)
    is 'parallelism of the dry run' 1 "$(jq .spec.parallelism <<<"$ANSWER")"
    refused k get flinkcluster one
    refused k apply --dry-run=server -f "$SAMPLES/bad/five-faults.yaml"
    says "${FIVE_PATHS[@]}"
}

test_unknown_fields_are_refused_warned_of_or_dropped_as_the_writer_wishes() {
    local yaml='  {image: flink:1.20.1, paralelism: 3, taskManager: {slot: 2}}'
    refused k apply --validate=strict -f <(cluster one "$yaml")
    says 'unknown field "spec.paralelism"' 'unknown field "spec.taskManager.slot"'
    accepted k apply --validate=warn -f <(cluster one "$yaml")
    says 'Warning: unknown field "spec.paralelism"'
    is 'what was stored' '[1,null]' "$(field one '[.spec.parallelism, .spec.taskManager.slot]')"
    accepted k apply --validate=ignore -f <(cluster two "$yaml")
    says_not Warning
}

test_generated_names_are_judged_before_they_are_known() {
    accepted k create -f <(cluster x | sed 's/{name: x}/{generateName: nightly-}/')
    says 'flinkcluster.sluice.dev/nightly-'
    # 36 characters, and five that are added.
    refused k create -f <(cluster x | sed "s/{name: x}/{generateName: $(printf 'n%.0s' {1..36})}/")
    says 'at most 40'
    refused k create -f <(cluster x | sed 's/{name: x}/{generateName: 9-}/')
    says 'start with a letter'
}

test_fields_of_another_kind_of_operator_are_answered_with_the_right_ones() {
    refused k apply -f "$SAMPLES/bad/foreign-fields.yaml"
    says 'use serviceAccountName' 'use resources' 'spec.mode:' 'Warning: spec.flinkConfiguration['
}

test_an_object_of_a_thousand_keys_is_judged_whole() {
    { cluster big && echo '  flinkConfiguration:' && seq -f '    my.own.key.%g: "1"' 1000; } >"$TEST_DIR/big.yaml"
    accepted k create -f "$TEST_DIR/big.yaml"
    says 'Warning: spec.flinkConfiguration[my.own.key.1]: '
    { cluster big && echo '  flinkConfiguration:' && seq -f '    my.own.key.%g: [1]' 1000; } >"$TEST_DIR/big.yaml"
    refused k replace -f "$TEST_DIR/big.yaml"
    says 'spec.flinkConfiguration[my.own.key.1]: Invalid value'
    ((${#ANSWER} < 65536)) || fail "an answer of ${#ANSWER} characters"
}

run_tests "$@"
