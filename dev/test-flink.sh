#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The suite with real Flink on a real node of this machine, as root: about 15 minutes the first time, when Kubernetes, the
# images and a Release build are made. What is asked for by name in arguments goes to ctest: dev/test-flink.sh -R failover
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS

say() { printf '\n== %s  (%d s)\n' "$1" $((SECONDS - started)); }

dev/node check || exit 1
say "programs of a Kubernetes node (built once, kept in a cache)"
dev/deps.sh node
dev/build-tools.sh node
say "images: pause, Flink 1.20 and 2, Sluice's Release build"
dev/images/build.sh pause flink-1.20 flink-2 sluice >/dev/null
say "the node itself"
dev/node-test.sh
say "Flink on it: each failover tells how long the output stood still"
# Without what ctest says of how it runs each.
ctest --test-dir build --verbose -L flink --repeat "until-pass:${SLUICE_TEST_TRIES:-1}" "$@" |
    sed -u -E 's/^[0-9]+: ?//; /^(Test command|Working Directory|Environment variables|Test timeout| SLUICE_| PYTHON)/d; /^$/d'
