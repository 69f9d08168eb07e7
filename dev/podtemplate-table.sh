#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# podtemplate-table.sh [--check]: makes common/flink/podtemplate_table.inc (or checks it) from the OpenAPI of
# the Kubernetes that dev/ builds. Exits 77 when that module is not on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

module=k8s.io/kubernetes
version=$(awk -v m="$module" '$1 == m && $2 ~ /^v/ {print $2}' dev/tools/go.mod)
cache=${GOMODCACHE:-$(go env GOMODCACHE 2>/dev/null || echo "$HOME/go/pkg/mod")}
swagger=$cache/$module@$version/api/openapi-spec/swagger.json
if [[ ! -r $swagger ]]; then
    echo "not here: $swagger (dev/build-tools.sh fetches it)" >&2
    exit 77
fi
exec python3 common/flink/gen/podtemplate_table.py "$@" "$swagger" "$version" common/flink/podtemplate_table.inc
