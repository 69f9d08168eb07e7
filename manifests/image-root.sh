#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The contents of Sluice's image: its programs, stripped, and what they load, links resolved, at the paths where the
# loader looks. No shell, no package manager.
#   image-root.sh BIN OUT    BIN: folder of the built programs; OUT: must not exist yet
set -eu
bin=$1
out=$2
mkdir -p "$(dirname "$out")"
mkdir "$out"
install -D --strip -t "$out/bin" "$bin/sluice" "$bin/sluice-webhook" "$bin/sluice-controller" "$bin/sluice-certs"
for program in "$out"/bin/*; do ldd "$program"; done >"$out/libraries"
grep -o '/[^ ]*' "$out/libraries" | grep -v "^$out" | sort -u | while read -r lib; do
    mkdir -p "$out$(dirname "$lib")"
    cp -L "$lib" "$out$lib"
done
rm "$out/libraries"
