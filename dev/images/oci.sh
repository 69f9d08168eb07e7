# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# OCI image archives out of tar files, without an engine. Sourced by build.sh.

OCI_TYPE=application/vnd.oci.image

# oci_layer OUT FOLDER OWNER PATH…: PATHs of FOLDER as a layer whose bytes depend on names, modes and contents alone.
oci_layer() {
    local out=$1 folder=$2 owner=$3
    shift 3
    tar -C "$folder" --create --file="$out.new" --format=gnu --sort=name --mtime=@0 --owner="$owner" --group="$owner" \
        --numeric-owner "$@"
    mv "$out.new" "$out"
}

# oci_blob FOLDER TEXT: stores it, and prints `"digest":…,"size":…`.
oci_blob() {
    local digest
    digest=$(printf %s "$2" | sha256sum | cut -d' ' -f1)
    printf %s "$2" >"$1/blobs/sha256/$digest"
    printf '"digest":"sha256:%s","size":%s' "$digest" "$(printf %s "$2" | wc -c)"
}

# oci_image REF OUT CONFIG LAYER…: an archive for `ctr images import`. CONFIG: the JSON of the image's config.
oci_image() {
    local ref=$1 out=$2 config=$3 work=$2.work arch layer digest layers='' ids='' blob
    shift 3
    arch=$(dpkg --print-architecture)
    rm -rf "$work"
    mkdir -p "$work/blobs/sha256"
    for layer; do
        digest=$(sha256sum <"$layer" | cut -d' ' -f1)
        ln "$layer" "$work/blobs/sha256/$digest"
        ids+="${ids:+,}\"sha256:$digest\""
        layers+="${layers:+,}{\"mediaType\":\"$OCI_TYPE.layer.v1.tar\",\"digest\":\"sha256:$digest\",\"size\":$(stat -c %s \
            "$layer")}"
    done
    blob=$(oci_blob "$work" "{\"architecture\":\"$arch\",\"os\":\"linux\",\"config\":$config,\"rootfs\":{\"type\":\"layers\",\
\"diff_ids\":[$ids]},\"history\":[]}")
    blob=$(oci_blob "$work" "{\"schemaVersion\":2,\"mediaType\":\"$OCI_TYPE.manifest.v1+json\",\"config\":{\"mediaType\":\
\"$OCI_TYPE.config.v1+json\",$blob},\"layers\":[$layers]}")
    echo '{"imageLayoutVersion":"1.0.0"}' >"$work/oci-layout"
    echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"$OCI_TYPE.manifest.v1+json\",$blob,\"annotations\":\
{\"io.containerd.image.name\":\"$ref\"}}]}" >"$work/index.json"
    tar -C "$work" --create --file="$out.new" oci-layout index.json blobs
    rm -rf "$work"
    mv "$out.new" "$out"
}
