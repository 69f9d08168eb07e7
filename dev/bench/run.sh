#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench: builds the release programs, then measures. ROUNDS, SECONDS_EACH, CONNECTIONS, POLICIES and
# OUT may be set.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release -DSLUICE_TESTS=OFF >/dev/null
cmake --build build/release --parallel "$(nproc)" --target sluice-webhook static_server openloop profile sluice-certs -- --quiet
exec python3 dev/bench/run.py build/release "$@"
