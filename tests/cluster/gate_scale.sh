#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The scale subresource, by hand and by an autoscaler. The controller runs: it says what is in effect.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

before_all() {
    start_controller gate-controller --leader-election-lease-duration=4s --leader-election-renew-deadline=3s \
        --leader-election-retry-period=500ms
}
after_all() { process_stop gate-controller; }

# stored NAME PATH VALUE
stored() { [[ $(field "$1" "$2") == "$3" ]]; }
in_effect() { # NAME PARALLELISM TASKMANAGERS
    [[ $(field "$1" '[.status.parallelism, .status.taskManager.replicas]') == "[$2,$3]" ]]
}

test_the_subresource_shows_number_and_selector() {
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    wait_for 'in_effect playground 1 1' 20
    # shellcheck disable=SC2031 # each test has its own
    accepted k get --raw "/apis/sluice.dev/v1beta1/namespaces/$NS/flinkclusters/playground/scale"
    is 'spec.replicas and status.replicas' '[1,1]' "$(jq -c '[.spec.replicas, .status.replicas]' <<<"$ANSWER")"
    local selector
    selector=$(jq -r .status.selector <<<"$ANSWER")
    is 'pods of the selector' 1 "$(k get pods -l "$selector" -o name | wc -l)"
    says taskmanager
}

# What a session cluster has in effect is the default of its jobs: a new one would restart all pods, and nobody asked.
test_a_scaled_session_cluster_gets_pods_and_restarts_none() {
    local before
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    wait_for 'in_effect playground 1 1' 20
    before=$(k get pods -o name)
    accepted k scale flinkcluster playground --replicas=3
    wait_for 'in_effect playground 1 3' 20
    is 'pods' 4 "$(k get pods -o name | wc -l)"
    is 'pods that stayed' "$before" "$(k get pods -o name | grep -Fx "$before")"
    accepted k scale flinkcluster playground --replicas=1
    wait_for 'in_effect playground 1 1' 20
    # The subresource has the schema's bounds; the rules come with the next write of the spec.
    refused k scale flinkcluster playground --replicas=20000
    says 10000
}

test_a_job_that_was_scaled_keeps_its_numbers_when_the_manifest_comes_again() {
    sed 's/^  taskManager:/  parallelism: 4\n  taskManager:/; /replicas: 3/d' "$SAMPLES/good/stateless.yaml" >"$TEST_DIR/one.yaml"
    accepted k apply -f "$TEST_DIR/one.yaml"
    is 'TaskManagers by the law' 1 "$(field router .spec.taskManager.replicas)"
    accepted k scale flinkcluster router --replicas=2
    accepted k apply -f "$TEST_DIR/one.yaml"
    says unchanged
    is 'TaskManagers after an apply' 2 "$(field router .spec.taskManager.replicas)"
    accepted k label flinkcluster router a=b
    is 'TaskManagers after a label' 2 "$(field router .spec.taskManager.replicas)"
    wait_for 'in_effect router 4 2' 20
}

test_a_parallelism_that_was_filled_in_gives_way_to_the_scaled_number() {
    accepted k apply -f "$SAMPLES/good/stateless.yaml"
    is 'parallelism by the law' 12 "$(field router .spec.parallelism)"
    accepted k scale flinkcluster router --replicas=2
    # 12 would not fit 2 TaskManagers of 4 slots, but nobody asked for 12.
    wait_for 'in_effect router 8 2' 20
    accepted k patch flinkcluster router --type=merge -p '{"spec": {"image": "registry.example.com/flink/router:2.1.1"}}'
    wait_for 'stored router .status.observedGeneration 3' 20
    wait_for 'in_effect router 8 2' 20
    accepted k patch flinkcluster router --type=merge -p '{"spec": {"taskManager": {"slots": 3}}}'
    is 'stored when the slots change' '[6,2]' "$(field router '[.spec.parallelism, .spec.taskManager.replicas]')"
}

JOB='  {image: flink:1.20.1, job: {upgradeMode: Stateless}, parallelism: 4, taskManager: {slots: 2}}'

test_a_number_too_small_for_the_job_is_refused_at_the_door() {
    accepted k apply -f <(cluster job "$JOB")
    refused k scale flinkcluster job --replicas=1
    says 'spec.replicas: Invalid value: 1: parallelism 4 needs 2 TaskManagers of 2 slots'
    is 'stored' 2 "$(field job .spec.taskManager.replicas)"
    # The webhook knows what is stored now, not what it once was.
    accepted k patch flinkcluster job --type=merge -p '{"spec": {"parallelism": 2, "taskManager": {"replicas": 2}}}'
    wait_for 'k scale flinkcluster job --replicas=1' 2
    refused k scale flinkcluster job --replicas=0
}

# For what came around the webhook the controller answers.
test_a_number_too_small_for_the_job_is_not_accepted_and_its_pods_stay() {
    accepted k apply -f <(cluster job "$JOB")
    wait_for 'in_effect job 4 2' 20
    without_configurations validating
    accepted k scale flinkcluster job --replicas=1
    with_all_configurations
    accepted k wait flinkcluster job --for=condition=Accepted=False --timeout=20s
    accepted k get flinkcluster job -o json
    says 'spec.parallelism: Invalid value: 4: does not fit 1 TaskManager of 2 slots (2)'
    in_effect job 4 2 || fail 'the accepted TaskManagers are gone'
    # Who has nothing to do with it is told, and not held up.
    accepted k label flinkcluster job a=b
    says 'Warning: spec.parallelism'
    accepted k scale flinkcluster job --replicas=2
    accepted k wait flinkcluster job --for=condition=Accepted --timeout=20s
}

test_an_autoscaler_scales_a_session_cluster() {
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    wait_for 'in_effect playground 1 1' 20
    accepted k autoscale flinkcluster playground --min=2 --max=4 --cpu-percent=80
    # The autoscaler of a fresh control plane looks for new kinds twice a minute.
    wait_for 'stored playground .spec.taskManager.replicas 2' 40
    wait_for 'in_effect playground 1 2' 20
    is 'AbleToScale' True "$(k get hpa playground -o jsonpath='{.status.conditions[?(@.type=="AbleToScale")].status}')"
}

run_tests "$@"
