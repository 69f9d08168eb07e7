# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the tests that talk with kubectl to the control plane that fixture.sh brought up. A test file sources this, defines
# functions test_*, and ends with `run_tests "$@"`; arguments choose some of them by name. Each runs in a subshell of its own, in a namespace of its
# own ($NS), under `set -e`; its output is shown when it fails.
#
#   k ARGS…                    kubectl as the cluster's admin, in $NS
#   answer COMMAND…            runs it; $ANSWER has what it said on both streams, $STATUS its exit status
#   accepted | refused COMMAND…   the same, and fails unless it ended so
#   says | says_not TEXT…      each TEXT stands (or does not) in $ANSWER
#   is WHAT EXPECTED ACTUAL    fails unless the two are equal
#   cluster NAME [YAML]        prints a FlinkCluster; YAML, indented by two, follows `spec:`
#   field NAME PATH            one field of a stored FlinkCluster, by jq
#   restart_webhook            the fixture's webhook, where a test stopped it; nothing happens while it runs
#   without_configurations mutating|validating…, with_all_configurations   takes webhook configurations away, and brings them back

# shellcheck source=../../dev/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"
use_cluster "${SLUICE_TEST_CLUSTER:-test}"
[[ -f $CLUSTER_DIR/webhook-port ]] || die "cluster '$CLUSTER_NAME' is not there; run: tests/cluster/fixture.sh up"
export WEBHOOK_PORT
WEBHOOK_PORT=$(<"$CLUSTER_DIR/webhook-port")
export SAMPLES=$REPO_DIR/manifests/samples
TEST_DIR=$(mktemp -d)
NS=default

k() { sluice_dev_kubectl --namespace="$NS" "$@"; }

fail() {
    say "FAILED: $*"
    exit 1
}

answer() {
    STATUS=0
    ANSWER=$("$@" 2>&1) || STATUS=$?
    printf '$ %s\n%s\n' "$*" "$ANSWER"
}

accepted() {
    answer "$@"
    [[ $STATUS == 0 ]] || fail "refused: $*"
}

refused() {
    answer "$@"
    [[ $STATUS != 0 ]] || fail "accepted: $*"
}

says() {
    local text
    for text in "$@"; do
        [[ $ANSWER == *"$text"* ]] || fail "the answer lacks: $text"
    done
}

says_not() {
    local text
    for text in "$@"; do
        [[ $ANSWER != *"$text"* ]] || fail "the answer has: $text"
    done
}

is() {
    [[ $2 == "$3" ]] || fail "$1: expected '$2', found '$3'"
}

cluster() {
    printf 'apiVersion: sluice.dev/v1beta1\nkind: FlinkCluster\nmetadata: {name: %s}\nspec:\n' "$1"
    printf '%s\n' "${2:-  image: flink:1.20.1}"
}

field() {
    k get flinkcluster "$1" -o json | jq -rc "$2"
}

restart_webhook() {
    process_pid sluice-webhook >/dev/null || start_webhook
    [[ -z ${WEBHOOK_HEALTH:-} ]] || echo "$WEBHOOK_HEALTH" >"$CLUSTER_DIR/webhook-health-port"
}

# The API server follows its configurations by a watch: a change is in force a moment later.
without_configurations() { # mutating|validating …
    local kind
    for kind in "$@"; do
        sluice_dev_kubectl get "${kind}webhookconfiguration" sluice -o json >"$TEST_DIR/$kind.json"
        sluice_dev_kubectl delete "${kind}webhookconfiguration" sluice
    done
    sleep 1
}
with_all_configurations() {
    local file
    for file in "$TEST_DIR"/{mutating,validating}.json; do
        [[ ! -f $file ]] || jq 'del(.metadata | .uid, .resourceVersion, .annotations)' "$file" | sluice_dev_kubectl create -f -
    done
    rm -f "$TEST_DIR"/{mutating,validating}.json
    sleep 1
}

run_one() { # TEST
    local log=$TEST_DIR/$1.log status started=$EPOCHREALTIME
    set +e
    (
        set -e
        NS=$(tr _ - <<<"${1#test_}" | cut -c1-50 | sed 's/-*$//')-$RANDOM
        sluice_dev_kubectl create namespace "$NS" >/dev/null
        "$1"
        sluice_dev_kubectl delete namespace "$NS" --wait=false >/dev/null
    ) >"$log" 2>&1
    status=$?
    printf '%s %5.1f s  %s\n' "$([[ $status == 0 ]] && echo ok || echo FAIL)" \
        "$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')" "$(tr _ ' ' <<<"${1#test_}")"
    if [[ $status != 0 ]]; then
        sed 's/^/    /' "$log"
        FAILED_TESTS+=("$1")
    fi
    set -e
}

# run_tests [TEST…]: `before_all` and `after_all`, where defined, stand around them.
run_tests() {
    local test tests=("$@")
    FAILED_TESTS=()
    # In the order in which they stand in the file.
    ((${#tests[@]})) || mapfile -t tests < <(sed -n 's/^\(test_[a-z0-9_]*\)() {$/\1/p' "$0")
    trap 'status=$?; trap - EXIT; declare -F after_all >/dev/null && after_all; rm -rf "$TEST_DIR"; exit $status' EXIT
    ! declare -F before_all >/dev/null || before_all
    for test in "${tests[@]}"; do
        run_one "$test" # in no condition: `set -e` would be off within
    done
    ((${#FAILED_TESTS[@]} == 0)) || fail "${#FAILED_TESTS[@]} of ${#tests[@]} tests"
}
