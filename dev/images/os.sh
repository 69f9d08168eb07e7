# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The layer under Flink: just enough of Debian for Flink's scripts, and a Java runtime. Sourced by build.sh.

# util-linux has `rev`, which config.sh calls; gettext-base `envsubst`, for FLINK_PROPERTIES.
OS_PACKAGES=(base-files base-passwd bash coreutils grep sed mawk findutils hostname procps util-linux gettext-base
    libc6 libc-bin libtinfo6 libselinux1 libpcre2-8-0 libgmp10 libacl1 libattr1 libcap2 libproc2-0 libsystemd0 liblzma5
    liblz4-1 libzstd1 libgcrypt20 libgpg-error0 zlib1g libgcc-s1 libstdc++6 libcrypt1 openjdk-17-jre-headless)

# os_debs FOLDER: the packages' files; those that an earlier try fetched stay.
os_debs() {
    mkdir -p "$1"
    if ! (cd "$1" && apt-get -o APT::Sandbox::User=root download "${OS_PACKAGES[@]}") >"$1.log" 2>&1; then
        say "the package lists are old or missing: apt-get update"
        apt-get update >>"$1.log" 2>&1 || true
        (cd "$1" && rm -f ./*.deb && apt-get -o APT::Sandbox::User=root download "${OS_PACKAGES[@]}") >>"$1.log" 2>&1 ||
            die "apt-get could not fetch the packages of the Flink images; its messages: $1.log"
    fi
    rm -f "$1.log"
}

os_accounts() {
    echo 'root:x:0:0:root:/root:/bin/bash' >"$1/etc/passwd"
    echo 'flink:x:9999:9999::/opt/flink:/bin/bash' >>"$1/etc/passwd"
    printf 'root:x:0:\nflink:x:9999:\n' >"$1/etc/group"
    echo 'hosts: files dns' >"$1/etc/nsswitch.conf"
}

# os_root FOLDER DEBS
os_root() {
    local root=$1 dir deb
    mkdir -p "$root/usr" "$root"/{etc,proc,sys,dev,run,root,opt,var,tmp}
    chmod 1777 "$root/tmp"
    for dir in bin sbin lib lib64; do
        mkdir "$root/usr/$dir"
        ln -s "usr/$dir" "$root/$dir"
    done
    for deb in "$2"/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --no-same-owner
    done
    rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bash-completion}
    os_accounts "$root"
    ln -sf mawk "$root/usr/bin/awk"
    ln -sf bash "$root/usr/bin/sh"
    ln -sf "../lib/jvm/java-17-openjdk-$(dpkg --print-architecture)/bin/java" "$root/usr/bin/java"
}

# os_layer OUT
os_layer() {
    local work=$1.work
    need_commands dpkg-deb=dpkg
    rm -rf "$work"
    mkdir -p "$work"
    say "fetching and unpacking Debian and Java for the Flink images"
    os_debs "${1%/*}/debs"
    os_root "$work/root" "${1%/*}/debs"
    oci_layer "$1" "$work/root" 0 .
    rm -rf "$work" "${1%/*}/debs"
}
