#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of promtool: the machine's own, else that of Debian's package prometheus, which is fetched and unpacked
# into the cache, not installed: nobody wants a Prometheus running for a check of a file.
set -euo pipefail

if command -v promtool; then
    exit 0
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/prometheus
if [[ ! -x $cache/usr/bin/promtool ]]; then
    command -v apt-get >/dev/null || {
        echo "promtool is missing, and this is no Debian: install Prometheus' promtool" >&2
        exit 1
    }
    echo "fetching promtool: 19 MB, once" >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    download=(apt-get download -qq -o APT::Sandbox::User=root prometheus)
    (cd "$work" && { "${download[@]}" || { apt-get update -qq && "${download[@]}"; }; }) >&2
    mkdir -p "$cache"
    dpkg-deb --extract "$work"/prometheus_*.deb "$work/x"
    mkdir -p "$cache/usr/bin"
    mv "$work/x/usr/bin/promtool" "$cache/usr/bin/promtool"
fi
echo "$cache/usr/bin/promtool"
