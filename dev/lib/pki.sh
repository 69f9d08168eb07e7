# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Keys, certificates and kubeconfigs of a cluster: one CA, P-256 throughout, valid for a year, thrown away with the cluster.

# openssl talks even when all is well.
pki_openssl() {
    openssl "$@" 2>>"$LOG_DIR/openssl.log" || die "openssl failed; its messages: $LOG_DIR/openssl.log"
}

# pki_issue NAME SUBJECT EXTENSIONS
pki_issue() {
    pki_openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
        -keyout "$PKI_DIR/$1.key" -out "$PKI_DIR/$1.csr"
    printf '%b' "$3" >"$PKI_DIR/$1.ext"
    pki_openssl x509 -req -in "$PKI_DIR/$1.csr" -CA "$PKI_DIR/ca.crt" -CAkey "$PKI_DIR/ca.key" -days 365 \
        -set_serial "0x$(openssl rand -hex 8)" -extfile "$PKI_DIR/$1.ext" -out "$PKI_DIR/$1.crt"
    rm "$PKI_DIR/$1.csr" "$PKI_DIR/$1.ext"
}

# pki_make API_ADDRESS NAME=SUBJECT…: everything that the control plane needs, and a client certificate for each NAME.
# The subjects of its own components are those that the built-in RBAC roles are bound to.
pki_make() {
    local client names="IP:127.0.0.1,IP:$1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
    shift
    mkdir -p "$PKI_DIR"
    pki_openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
        -subj "/CN=sluice-dev-$CLUSTER_NAME" -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$PKI_DIR/ca.key" -out "$PKI_DIR/ca.crt"
    pki_issue apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth\nsubjectAltName=$names\n"
    for client in admin=/O=system:masters/CN=sluice-dev-admin "$@" \
        kube-controller-manager=/CN=system:kube-controller-manager kube-scheduler=/CN=system:kube-scheduler; do
        pki_issue "${client%%=*}" "${client#*=}" 'extendedKeyUsage=clientAuth\n'
    done
    pki_openssl ecparam -name prime256v1 -genkey -noout -out "$PKI_DIR/service-account.key"
    pki_openssl ec -in "$PKI_DIR/service-account.key" -pubout -out "$PKI_DIR/service-account.pub"
}

# kubeconfig_write OUT SERVER CA_FILE NAMESPACE USER_YAML: USER_YAML is the inside of a flow mapping.
kubeconfig_write() {
    cat >"$1" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: sluice-dev
  cluster: {server: "$2", certificate-authority-data: $(base64 -w 0 <"$3")}
users:
- name: user
  user: {$5}
contexts:
- name: sluice-dev
  context: {cluster: sluice-dev, user: user, namespace: $4}
current-context: sluice-dev
EOF
}

# pki_kubeconfig NAME SERVER OUT: with the client certificate NAME inside, so the file may be copied.
pki_kubeconfig() {
    kubeconfig_write "$3" "$2" "$PKI_DIR/ca.crt" default \
        "client-certificate-data: $(base64 -w 0 <"$PKI_DIR/$1.crt"), client-key-data: $(base64 -w 0 <"$PKI_DIR/$1.key")"
}
