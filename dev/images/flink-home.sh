#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a complete FLINK_HOME, made once per version from Flink's published Python packages: they hold the
# same jars and scripts as the download, pinned here by hash. Not to be written to: FLINK_CONF_DIR and FLINK_LOG_DIR lie
# elsewhere.
#   dev/images/flink-home.sh 1.17|1.20|2|VERSION    (a beginning of a version in flink-versions.txt)
set -euo pipefail
# shellcheck source=../lib/base.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/base.sh"
# shellcheck source=../lib/tools.sh
source "$DEV_DIR/lib/tools.sh"

PINS=$DEV_DIR/images/flink-versions.txt

# version_of TEXT: the newest pinned version that is TEXT or begins with "TEXT.".
version_of() {
    sed -n 's/^apache-flink==\([^ ]*\).*/\1/p' "$PINS" |
        awk -v want="$1" '$0 == want || index($0, want ".") == 1' | sort -V | tail -n 1
}

# fetch PACKAGE VERSION FOLDER PIP_OPTIONS…: into FOLDER, unless an earlier try left it there whole.
fetch() {
    local package=$1 version=$2 folder=$3 log
    shift 3
    [[ ! -e $folder/done ]] || return 0
    mkdir -p "$folder"
    log=$folder/pip.log
    grep "^$package==$version " "$PINS" >"$folder/requirements.txt"
    say "Flink $version: fetching $package"
    if ! pip3 download --quiet --no-cache-dir --no-deps --require-hashes --requirement="$folder/requirements.txt" \
        --dest="$folder/files" "$@" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        die "pip3 could not fetch $package $version; the whole output: $log"
    fi
    touch "$folder/done"
}

# take HOME FILE: the folders of a Flink distribution inside a wheel or an sdist.
take() {
    local out=$1.unpacked name
    rm -rf "$out"
    mkdir -p "$out"
    case $2 in
    *.whl) python3 -m zipfile -e "$2" "$out" && mv "$out/pyflink" "$out/flink" ;;
    *) tar -xzf "$2" -C "$out" --no-same-owner && mv "$out"/*/deps "$out/flink" ;;
    esac
    for name in bin conf lib opt plugins; do
        if [[ -d $out/flink/$name ]]; then
            mkdir -p "$1/$name"
            cp -a --link "$out/flink/$name/." "$1/$name/"
        fi
    done
    rm -rf "$out"
}

# What the packages lack of the published archive.
complete() {
    local home=$1
    find "$home/bin" -name '*.py' -delete # the wheel's, not Flink's
    chmod -R u+rwX,go+rX,go-w "$home"
    chmod +x "$home"/bin/*.sh "$home/bin/flink"
    mkdir -p "$home/log" "$home/usrlib"
    if [[ -f $home/conf/flink-conf.yaml ]]; then
        # Flink 1.17 knows Java 8 and 11 alone; with what 1.18 opens, Java 17 runs it too.
        printf '\nenv.java.opts.all: %s\n' "$(opened_for_java_17)" >>"$home/conf/flink-conf.yaml"
    fi
}

opened_for_java_17() {
    local name words=()
    for name in java.lang java.net java.io java.nio sun.nio.ch java.lang.reflect java.text java.time java.util \
        java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks; do
        words+=("--add-opens=java.base/$name=ALL-UNNAMED")
    done
    echo "--add-exports=java.base/sun.net.util=ALL-UNNAMED ${words[*]}"
}

make_home() {
    local version=$1 home=$2
    local parts=$home.parts
    need_commands pip3=python3-pip python3=python3
    fetch apache-flink-libraries "$version" "$parts/libraries"
    fetch apache-flink "$version" "$parts/scripts" --only-binary=:all: --python-version=3.10 \
        --platform=manylinux1_x86_64 --platform=manylinux2014_x86_64
    rm -rf "$home.new"
    mkdir -p "$home.new"
    take "$home.new" "$(find "$parts/libraries/files" -type f)"
    take "$home.new" "$(find "$parts/scripts/files" -type f)"
    complete "$home.new"
    rm -rf "$parts"
    mv "$home.new" "$home"
}

main() {
    local version home
    version=$(version_of "${1:-}")
    [[ -n $version ]] || die "usage: dev/images/flink-home.sh VERSION; there are: $(sed -n \
        's/^apache-flink==\([^ ]*\).*/\1/p' "$PINS" | tr '\n' ' ')"
    home=$TOOLS_CACHE/flink-$version
    if [[ ! -d $home ]]; then
        mkdir -p "$TOOLS_CACHE"
        exec 8>"$home.lock"
        flock 8
        [[ -d $home ]] || make_home "$version" "$home"
    fi
    echo "$home"
}

main "$@"
