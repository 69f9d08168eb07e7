#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks at the sources without running them: format, shell scripts, the rules of the house, clang-tidy.
# Every part runs, also after one has failed.
#   lint.sh          everything: three minutes on two cores, nearly all of it clang-tidy
#   lint.sh --fast   without clang-tidy
set -euo pipefail
cd "$(dirname "$0")/.."
failed=()

part() { # NAME COMMAND…
    local name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed+=("$name")
}

sources() { git ls-files -- "$@" | while read -r f; do if [[ -f $f ]]; then echo "$f"; fi; done; }

format() {
    # clang-format's output differs between its releases; Debian 12 has 14.
    sources '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

scripts() {
    sources | xargs grep -lE '^#!/(usr/bin/env bash|bin/sh)$' | xargs shellcheck -x -P SCRIPTDIR
}

tidy() {
    [[ -f build/compile_commands.json ]] || cmake --preset dev >/dev/null || return 1
    # The commands are gcc's: clang doesn't know all of its warnings.
    sources 'common/*.c' 'certs/*.c' 'webhook/*.c' 'controller/*.c' 'cli/*.c' 'docs/*.c' |
        xargs -P "$(nproc)" -n 4 clang-tidy -p build --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null
}

part "clang-format" format
part "shellcheck" scripts
part "rules of the house" python3 tests/house/house.py
if [[ ${1:-} != --fast ]]; then
    part "clang-tidy" tidy
fi
if [[ ${#failed[@]} -gt 0 ]]; then
    printf 'lint: failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
