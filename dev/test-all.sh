#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every test, in the order in which they fail fastest: gcc build and units, the same under clang with
# AddressSanitizer and UBSan and with ThreadSanitizer, then the cluster tests on a real control plane.
# The last run is the one whose closing line is printed last.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
started=$SECONDS

say() { printf '\n== %s  (%d s)\n' "$1" $((SECONDS - started)); }

configure_and_build() { # PRESET FOLDER
    cmake --preset "$1" >/dev/null
    cmake --build "$2" --parallel "$jobs" -- --quiet
}

# The control plane takes minutes to build the first time, then nothing: it goes first, so that what is
# missing is said at once.
say "control plane (built once, kept in a cache)"
dev/build-tools.sh

say "build with gcc, warnings are errors"
configure_and_build dev build
say "build with clang, AddressSanitizer and UBSan"
configure_and_build asan build/asan
say "unit tests under AddressSanitizer and UBSan"
ctest --test-dir build/asan --output-on-failure --parallel "$jobs" -LE 'cluster|flink' --quiet
say "build with clang, ThreadSanitizer"
configure_and_build tsan build/tsan
say "unit tests under ThreadSanitizer"
ctest --test-dir build/tsan --output-on-failure --parallel "$jobs" -LE 'cluster|flink|single' --quiet
say "unit tests, fuzz corpora, cluster tests"
ctest --test-dir build --output-on-failure -LE flink --repeat "until-pass:${SLUICE_TEST_TRIES:-1}"
