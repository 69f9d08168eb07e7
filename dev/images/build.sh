#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds images for the node of dev/node, without a container engine: pause, flink-1.20, flink-2, sluice.
#   dev/images/build.sh NAME…    prints "REF PATH-OF-OCI-ARCHIVE" for each
# Each lies in the cache under a hash of what it is made of, and is built when that is new. The Flink images keep the
# official image's contract (flink/docker-entrypoint.sh), with a smaller lib folder, and have proof.jar in usrlib.
set -euo pipefail
# shellcheck source=../lib/base.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/base.sh"
# shellcheck source=../lib/tools.sh
source "$DEV_DIR/lib/tools.sh"
# shellcheck source=oci.sh
source "$DEV_DIR/images/oci.sh"
# shellcheck source=os.sh
source "$DEV_DIR/images/os.sh"

HERE=$DEV_DIR/images
CACHE=$TOOLS_CACHE/images
UNUSED_DAYS=7

# hash_of FILE…: of names and contents.
hash_of() {
    (cd "$REPO_DIR" && printf '%s\0' "$@" | sort -z | xargs -0 sha256sum) | sha256sum | cut -c 1-16
}

# cached NAME KEY: the path; succeeds when it is there. Those that nobody used for a week are removed.
cached() {
    local path=$CACHE/$1-$2.tar
    echo "$path"
    find "$CACHE" -maxdepth 1 -name '*.tar' -mtime "+$UNUSED_DAYS" -delete
    [[ -f $path ]] && touch "$path"
}

files_below() {
    (cd "$REPO_DIR" && find "$@" -type f | sort)
}

# ---- pause --------------------------------------------------------------------------

build_pause() {
    local key path work
    key=$(hash_of dev/images/{build.sh,oci.sh,pause/pause.c})
    if ! path=$(cached pause "$key"); then
        need_commands gcc=gcc
        work=$path.root
        rm -rf "$work" && mkdir -p "$work"
        gcc -Os -static -s -o "$work/pause" "$HERE/pause/pause.c"
        oci_layer "$path.layer" "$work" 0 pause
        oci_image localhost/pause:1 "$path" '{"User":"65535:65535","Entrypoint":["/pause"]}' "$path.layer"
        rm -rf "$work" "$path.layer"
    fi
    echo "localhost/pause:1 $path"
}

# ---- Flink --------------------------------------------------------------------------

# proof_jar HOME OUT: the test jobs, compiled against that Flink.
proof_jar() {
    local classes=$2.classes
    need_commands javac=openjdk-17-jdk-headless
    rm -rf "$classes" && mkdir -p "$classes"
    javac --release 11 -Xlint:all,-path,-serial,-classfile -Werror -cp "$1/lib/*" -d "$classes" "$HERE"/proof/*.java >&2 ||
        die "the test jobs do not compile against $1"
    jar --create --file="$2" --main-class=dev.sluice.proof.StateProof -C "$classes" .
    rm -rf "$classes"
}

# flink_configuration HOME OUT: what the official image's build does to it.
flink_configuration() {
    sed -e 's/^  bind-host: localhost$/  bind-host: 0.0.0.0/' -e 's/^  address: localhost$/  address: 0.0.0.0/' \
        -e '/^  host: localhost$/d' "$1/conf/config.yaml" >"$2"
}

# flink_root HOME FOLDER: jars that no test needs (SQL, Python, most reporters) stay away. opt has one plugin, a small one,
# so that ENABLE_BUILT_IN_PLUGINS can be tried.
flink_root() {
    local home=$1 flink=$2/opt/flink jar
    mkdir -p "$flink"/{lib,opt,plugins,usrlib,log}
    cp -a --link "$home"/{bin,conf} "$flink/"
    for jar in "$home"/lib/{flink-dist,flink-connector-files,log4j}-*.jar; do
        cp -a --link "$jar" "$flink/lib/"
    done
    cp -a --link "$home/plugins/metrics-prometheus" "$flink/plugins/"
    cp -a --link "$home"/plugins/metrics-slf4j/*.jar "$flink/opt/"
    rm "$flink/conf/config.yaml"
    flink_configuration "$home" "$flink/conf/config.yaml"
    proof_jar "$home" "$flink/usrlib/proof.jar"
    cp "$HERE/flink/docker-entrypoint.sh" "$2/docker-entrypoint.sh"
}

# Two cores start a dozen JVMs in a test: with C1 alone each start costs 5 s of CPU time, not 7. It is the test images'
# alone, and no memory setting, so those that Sluice renders act as they do in production.
flink_config() {
    local java
    java=/usr/lib/jvm/java-17-openjdk-$(dpkg --print-architecture)
    cat <<JSON
{"User":"flink","WorkingDir":"/opt/flink","Entrypoint":["/docker-entrypoint.sh"],"Cmd":["help"],
"Env":["PATH=/opt/flink/bin:/usr/sbin:/usr/bin:/sbin:/bin","FLINK_HOME=/opt/flink","JAVA_HOME=$java","LANG=C.UTF-8",
"JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -Xshare:auto"]}
JSON
}

# build_flink NAME VERSION
build_flink() {
    local name=$1 home version os key path
    home=$("$HERE/flink-home.sh" "$2")
    version=${home##*-}
    os=$(cached os "$(hash_of dev/images/{os.sh,oci.sh})") || os_layer "$os"
    # shellcheck disable=SC2046 # no file name here has a space
    key=$(hash_of dev/images/{build.sh,oci.sh,os.sh,flink-home.sh,flink-versions.txt} \
        $(files_below dev/images/{flink,proof}))
    if ! path=$(cached "$name" "$key"); then
        say "building the image of Flink $version"
        rm -rf "$path.root" && mkdir -p "$path.root"
        flink_root "$home" "$path.root"
        oci_layer "$path.flink" "$path.root" 9999 --exclude=opt/flink/usrlib/* opt/flink
        oci_layer "$path.proof" "$path.root" 9999 docker-entrypoint.sh opt/flink/usrlib/proof.jar
        oci_image "localhost/flink:$version" "$path" "$(flink_config | tr -d '\n')" "$os" "$path.flink" "$path.proof"
        rm -rf "$path.root" "$path.flink" "$path.proof"
    fi
    echo "localhost/flink:$version $path"
}

# ---- Sluice -------------------------------------------------------------------------

# As manifests/Dockerfile: the Release build, the same root folder, the same user and entry point. The name is the one
# that manifests/ install, as containerd writes it out.
build_sluice() {
    local build=$REPO_DIR/build/image log tag key path
    "$DEV_DIR/deps.sh" build >&2
    mkdir -p "$build"
    log=$build/image.log
    say "building Sluice for its image"
    (cd "$REPO_DIR" && cmake --preset release -B "$build" -DSLUICE_TESTS=OFF &&
        cmake --build "$build" --target sluice sluice-webhook sluice-controller sluice-certs) >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "Sluice could not be built; the whole output: $log"
    }
    tag=$(sed -n 's/^ *newTag: *//p' "$REPO_DIR/manifests/kustomization.yaml")
    key=$(hash_of dev/images/{build.sh,oci.sh} manifests/image-root.sh build/image/bin/sluice{,-webhook,-controller,-certs})
    if ! path=$(cached sluice "$key"); then
        rm -rf "$path.root"
        "$REPO_DIR/manifests/image-root.sh" "$build/bin" "$path.root"
        oci_layer "$path.layer" "$path.root" 0 .
        oci_image "docker.io/library/sluice:$tag" "$path" \
            '{"User":"65532:65532","Entrypoint":["/bin/sluice-webhook"],"Env":["PATH=/bin"]}' "$path.layer"
        rm -rf "$path.root" "$path.layer"
    fi
    echo "docker.io/library/sluice:$tag $path"
}

main() {
    local name
    (($#)) || die "usage: dev/images/build.sh pause|flink-1.20|flink-2|sluice …"
    need_commands flock=util-linux
    mkdir -p "$CACHE"
    exec 8>"$CACHE/lock"
    flock 8
    for name; do
        case $name in
        pause) build_pause ;;
        flink-1.20 | flink-2) build_flink "$name" "${name#flink-}" ;;
        sluice) build_sluice ;;
        *) die "no such image: $name" ;;
        esac
    done
}

main "$@"
