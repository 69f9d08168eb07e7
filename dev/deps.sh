#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that Sluice is built and tested with when run as root; otherwise names
# the missing ones in one line to copy. Says nothing when all are there.
#   deps.sh build|test|bench|lint|node
set -euo pipefail

build=(gcc cmake ninja-build pkg-config make libmicrohttpd-dev libgnutls28-dev libssl-dev libcjson-dev
    libcurl4-openssl-dev libyaml-dev)
tests=(check clang libclang-rt-14-dev python3 jq openssl curl ca-certificates git)
bench=(wrk)
lint=(clang-format clang-tidy shellcheck)
# A node takes the container tools that are there, whoever made them: Debian's containerd would push Docker's out.
node=(iproute2 procps curl openssl gcc)
command -v containerd >/dev/null || node+=(containerd)
command -v runc >/dev/null || node+=(runc)
command -v nft >/dev/null || node+=(nftables)
[[ -x /usr/lib/cni/bridge && -x /usr/lib/cni/host-local ]] || node+=(containernetworking-plugins)

want=("${build[@]}" "${tests[@]}") # the unit tests belong to every build
case "${1:-build}" in
node) want=("${node[@]}") ;;
bench) want+=("${bench[@]}") ;;
lint) want+=("${lint[@]}") ;;
esac

missing=()
for package in "${want[@]}"; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [[ $status == "install ok installed" ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Sluice is built on Debian 12; these packages, or what your system calls them, are missing: ${missing[*]}" >&2
    exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
    echo "Packages are missing. Install them with:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
    exit 1
fi
echo "Installing packages: ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
