#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is filled in, what follows, and above all what stays as it was stored.
# shellcheck disable=SC2031 # NS is set in the subshell in which a test runs
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# numbers NAME: parallelism, TaskManagers, slots as stored.
numbers() { field "$1" '[.spec.parallelism, .spec.taskManager.replicas, .spec.taskManager.slots]'; }
note() { field "$1" '.metadata.annotations["sluice.dev/defaulted"]'; }
version() { field "$1" .metadata.resourceVersion; }
# all_of NAME: what no re-apply may change.
all_of() { field "$1" '[.metadata.generation, .spec, .metadata.annotations["sluice.dev/defaulted"]]'; }

law() { # NUMBERS FIELDS…: a session cluster of FIELDS gets NUMBERS
    local expected=$1
    shift
    accepted k apply -f <(cluster law "  {image: flink:1.20.1, $*}")
    is "the law for { $* }" "$expected" "$(numbers law)"
    accepted k delete flinkcluster law
}

test_the_parallelism_law_fills_in_what_is_missing() {
    law '[1,1,null]' 'restartNonce: 1'
    law '[1,1,4]' 'taskManager: {slots: 4}'
    law '[8,3,3]' 'parallelism: 8, taskManager: {slots: 3}'
    law '[12,3,4]' 'taskManager: {replicas: 3, slots: 4}'
    law '[5,3,2]' 'parallelism: 5, taskManager: {replicas: 3, slots: 2}'
    says_not Warning
}

test_numbers_that_contradict_are_refused_and_idle_slots_are_warned_of() {
    local job='job: {upgradeMode: Stateless}'
    refused k apply -f <(cluster a "  {image: flink:1.20.1, $job, parallelism: 9, taskManager: {replicas: 4, slots: 2}}")
    says 'spec.parallelism: Invalid value: 9: does not fit 4 TaskManagers of 2 slots (8)'
    accepted k apply -f <(cluster a "  {image: flink:1.20.1, $job, parallelism: 4, taskManager: {replicas: 4, slots: 2}}")
    says Warning: 'spec.taskManager.replicas' 4
    # It is only the default of the jobs of a session cluster; the adaptive scheduler takes the slots there are.
    accepted k apply -f <(cluster b '  {image: flink:1.20.1, parallelism: 9, taskManager: {replicas: 4, slots: 2}}')
    says 'Warning: spec.parallelism'
    accepted k apply -f <(cluster c "  {image: flink:1.20.1, $job, parallelism: 9, taskManager: {replicas: 4, slots: 2},
        flinkConfiguration: {jobmanager.scheduler: adaptive}}")
    says 'Warning: spec.parallelism'
}

test_reactive_mode_wants_task_managers_and_no_parallelism() {
    local rest='job: {upgradeMode: Stateless}, flinkConfiguration: {scheduler-mode: reactive}'
    refused k apply -f <(cluster a "  {image: flink:1.20.1, $rest, parallelism: 2}")
    says 'spec.taskManager.replicas: Required value' 'spec.parallelism: Forbidden'
    accepted k apply -f <(cluster a "  {image: flink:1.20.1, $rest, taskManager: {replicas: 3}}")
    is 'what is stored' '[null,3,null]' "$(numbers a)"
}

test_the_flink_version_is_read_from_the_tag_alone() {
    accepted k apply -f <(cluster a "  image: registry.example.com:5000/1.17/flink:1.20.1-scala_2.12-java17@sha256:$(printf 'a%.0s' {1..64})")
    is flinkVersion 1.20 "$(field a .spec.flinkVersion)"
    refused k apply -f <(cluster b '  image: registry.example.com/flink-1.20/job:latest')
    says 'spec.flinkVersion: Required value'
}

test_the_same_manifest_applied_again_writes_nothing() {
    local before
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    before=$(version playground)
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    says unchanged
    is 'resourceVersion after the second apply' "$before" "$(version playground)"
    accepted k apply --server-side -f "$SAMPLES/good/application.yaml"
    before=$(version fraud)
    accepted k apply --server-side -f "$SAMPLES/good/application.yaml"
    is 'resourceVersion after the second server-side apply' "$before" "$(version fraud)"
    sleep 2
    is 'resourceVersion two seconds later' "$before" "$(version fraud)"
}

test_one_way_of_applying_after_the_other_changes_nothing_that_is_stored() {
    local before
    accepted k apply -f "$SAMPLES/good/application.yaml"
    before=$(all_of fraud)
    accepted k apply --server-side --force-conflicts -f "$SAMPLES/good/application.yaml"
    is 'after a server-side apply' "$before" "$(all_of fraud)"
    accepted k apply -f "$SAMPLES/good/application.yaml"
    is 'after a client-side apply' "$before" "$(all_of fraud)"
}

test_an_object_written_back_as_it_was_read_changes_nothing() {
    local before
    accepted k create -f "$SAMPLES/good/application.yaml"
    before=$(version fraud)
    accepted k replace -f <(k get flinkcluster fraud -o yaml)
    is 'after a replace' "$before" "$(version fraud)"
    # Where kubectl keeps an annotation of what was applied, a replace writes the whole object there: all of it
    # is the user's from then on.
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    before=$(field playground '[.metadata.generation, .spec]')
    accepted k replace -f <(k get flinkcluster playground -o yaml)
    is 'the spec after a replace' "$before" "$(field playground '[.metadata.generation, .spec]')"
    is 'what is still ours' '{}' "$(note playground)"
}

test_a_change_of_metadata_changes_no_default() {
    local before
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    before=$(all_of playground)
    accepted k label flinkcluster playground team=payments
    accepted k annotate flinkcluster playground example.com/why=because
    accepted k label flinkcluster playground team-
    is 'after three changes' "$before" "$(all_of playground)"
    accepted k annotate --overwrite flinkcluster playground 'sluice.dev/defaulted={"parallelism": {"value": 7}}'
    is 'after a forged note' "$before" "$(all_of playground)"
    accepted k annotate flinkcluster playground sluice.dev/defaulted-
    is 'after the note was taken away' "$before" "$(all_of playground)"
}

test_another_webhook_process_keeps_what_the_one_before_filled_in() {
    local before
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    accepted k apply --server-side -f "$SAMPLES/good/stateless.yaml"
    before=$(all_of playground)$(all_of router)$(version router)
    process_stop sluice-webhook
    restart_webhook
    accepted k apply -f "$SAMPLES/good/minimal.yaml"
    accepted k apply --server-side -f "$SAMPLES/good/stateless.yaml"
    is 'after the restart' "$before" "$(all_of playground)$(all_of router)$(version router)"
    accepted k label flinkcluster playground team=payments
    accepted k label flinkcluster playground team-
    is 'after a change of metadata' "$before" "$(all_of playground)$(all_of router)$(version router)"
}

test_a_default_follows_what_it_was_worked_out_from() {
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, parallelism: 8}')
    is 'at first' '[8,8,null]' "$(numbers a)"
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, parallelism: 8, taskManager: {slots: 4}}')
    is 'with four slots' '[8,2,4]' "$(numbers a)"
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, parallelism: 12, taskManager: {slots: 4}}')
    is 'with another parallelism' '[12,3,4]' "$(numbers a)"
    accepted k apply -f <(cluster a '  {image: flink:2.0.0, parallelism: 12, taskManager: {slots: 4}}')
    is 'the version of the new image' 2.0 "$(field a .spec.flinkVersion)"
    accepted k apply -f <(cluster a '  {image: flink:2.0.0, taskManager: {slots: 4, replicas: 5}}')
    is 'when the other number is the given one' '[20,5,4]' "$(numbers a)"
}

test_a_default_that_the_user_takes_over_is_the_users() {
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, parallelism: 8, taskManager: {slots: 2}}')
    # An equal value, committed by client-side apply: only kubectl's annotation tells whose it is.
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, parallelism: 8, taskManager: {slots: 2, replicas: 4}}')
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, parallelism: 8, taskManager: {slots: 4, replicas: 4}}')
    is 'client-side' '[8,4,4]' "$(numbers a)"
    accepted k apply --server-side -f <(cluster b '  {image: flink:1.20.1, parallelism: 8, taskManager: {slots: 2}}')
    accepted k apply --server-side -f <(cluster b '  {image: flink:1.20.1, parallelism: 8, taskManager: {slots: 2, replicas: 4}}')
    accepted k patch flinkcluster b --type=merge -p '{"spec": {"taskManager": {"slots": 4}}}'
    is 'server-side' '[8,4,4]' "$(numbers b)"
}

test_two_managers_of_one_object_each_keep_their_fields() {
    accepted k apply --server-side --field-manager=platform -f <(cluster a '  {image: flink:1.20.1}')
    accepted k apply --server-side --field-manager=team -f <(cluster a '  {parallelism: 6, taskManager: {slots: 2}}')
    is 'both together' '["flink:1.20.1",6,3]' "$(field a '[.spec.image, .spec.parallelism, .spec.taskManager.replicas]')"
    accepted k apply --server-side --field-manager=platform -f <(cluster a '  {image: flink:2.0.0}')
    is 'after another image' '["2.0",6,3]' "$(field a '[.spec.flinkVersion, .spec.parallelism, .spec.taskManager.replicas]')"
    refused k apply --server-side --field-manager=platform -f <(cluster a '  {image: flink:2.0.0, parallelism: 7}')
    says 'conflict with "team": .spec.parallelism'
    # What was filled in has no owner: taking it over is no conflict.
    accepted k apply --server-side --field-manager=scaler -f <(cluster a '  {taskManager: {replicas: 5}}')
    accepted k apply --server-side --field-manager=team -f <(cluster a '  {parallelism: 8, taskManager: {slots: 2}}')
    is 'with a third manager' '[8,5,2]' "$(numbers a)"
    # A manager that gives its field up takes it along, and the law works it out anew.
    accepted k apply --server-side --field-manager=team -f <(cluster a '  {taskManager: {slots: 2}}')
    is 'when the parallelism is given up' '[10,5,2]' "$(numbers a)"
}

test_a_field_that_is_taken_away_is_filled_in_again() {
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, taskManager: {replicas: 3, slots: 2}}')
    accepted k patch flinkcluster a --type=json -p '[{"op": "remove", "path": "/spec/parallelism"}, {"op": "remove", "path": "/spec/flinkVersion"}]'
    is 'what is stored' '[6,3,2]' "$(numbers a)"
    is flinkVersion 1.20 "$(field a .spec.flinkVersion)"
}

# policy NAME YAML: a FlinkPolicy for $NS alone; YAML, indented by two, follows `match:`. The webhook has it a second later.
policy() {
    printf 'apiVersion: sluice.dev/v1beta1\nkind: FlinkPolicy\nmetadata: {name: %s-%s}\nspec:\n  match: {namespaces: [%s]}\n%s\n' \
        "$NS" "$1" "$NS" "$2" | k apply -f -
    sleep 1
}
without_policies() { k delete flinkpolicy "$NS-base" "$NS-top" --ignore-not-found; }

test_what_policies_give_is_set_once_and_stays() {
    local before spec lean='  {image: registry.example.com/flink, flinkVersion: "1.20", job: {upgradeMode: Stateless}}'
    trap without_policies EXIT
    policy base '  images: {defaultTag: "{flinkVersion}"}
  iamRoles: {default: "arn:aws:iam::123456789012:role/{namespace}/{name}"}
  parallelism: {default: 4}
  storage: {defaultRoot: "s3://flink-{namespace}"}
  resources: {taskManager: {default: {memory: 4Gi}}}
  flinkConfiguration: {defaults: {execution.checkpointing.interval: 1min}}'
    policy top '  priority: 10
  jobManager: {replicas: {default: 2}}'
    accepted k apply -f <(cluster a "$lean")
    accepted k apply --server-side -f <(cluster b "$lean")
    is 'what is stored' "$(all_of a | jq .[1])" "$(all_of b | jq ".[1].iamRole |= sub(\"/b$\"; \"/a\") | .[1]")"
    is 'the image' registry.example.com/flink:1.20 "$(field a .spec.image)"
    is 'the numbers' '[4,4,null]' "$(numbers a)"
    is 'the rest' "[\"arn:aws:iam::123456789012:role/$NS/a\",2,\"s3://flink-$NS\",\"4Gi\",\"1min\"]" "$(field a \
        '[.spec.iamRole, .spec.jobManager.replicas, .spec.storage.root, .spec.taskManager.resources.requests.memory, .spec.flinkConfiguration["execution.checkpointing.interval"]]')"
    is 'by whom' "\"$NS-top\"" "$(note a | jq -r . | jq '.policy["jobManager.replicas"]')"
    before=$(all_of a)$(all_of b)
    spec=$(field b .spec)
    policy base '  images: {defaultTag: "1.20.9"}
  iamRoles: {default: "arn:aws:iam::123456789012:role/other"}
  parallelism: {default: 7}
  storage: {defaultRoot: "s3://other"}
  flinkConfiguration: {defaults: {web.cancel.enable: false}}'
    accepted k apply -f <(cluster a "$lean")
    accepted k apply --server-side -f <(cluster b "$lean")
    is 'after the same manifests, under other policies' "$before" "$(all_of a)$(all_of b)"
    accepted k label flinkcluster a team=payments
    accepted k label flinkcluster a team-
    accepted k apply -f <(cluster a "$lean")
    is 'after a change of metadata' "$before" "$(all_of a)$(all_of b)"
    accepted k replace -f <(cluster b "$lean")
    is 'after a PUT of the lean manifest' "$spec" "$(field b .spec)"
    without_policies
    accepted k apply -f <(cluster a "$lean")
    accepted k replace -f <(cluster b "$lean")
    is 'without any policy' "$before" "$(all_of a)$(all_of b)"
}

test_what_a_policy_gave_is_changed_by_hand_alone() {
    trap without_policies EXIT
    policy base '  iamRoles: {default: "arn:aws:iam::123456789012:role/{name}"}'
    accepted k apply -f <(cluster a '  {image: flink:1.20.1}')
    accepted k apply -f <(cluster a '  {image: flink:1.20.1, iamRole: "arn:aws:iam::123456789012:role/mine"}')
    is 'by hand' arn:aws:iam::123456789012:role/mine "$(field a .spec.iamRole)"
    is 'the note' null "$(note a | jq -r . | jq .policy)"
    refused k create -f <(cluster a '  {image: flink:1.20.1}' | sed 's/name: a/generateName: a-/')
    says 'spec.iamRole: Required value' '{name}' generateName "(policy $NS-base, iamRoles.default)"
}

run_tests "$@"
