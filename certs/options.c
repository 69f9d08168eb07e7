// SPDX-License-Identifier: Apache-2.0
#include "certs/options.h"

#define ROW(...) OPTION_ROW(struct certs_ensure_options, __VA_ARGS__)
static const struct option_row rows[] = {CERTS_ENSURE_OPTIONS(ROW)};

#define EXIT_STATUS                                                                                \
    "0: all went well\n1: a certificate could not be made, written or read\n2: the options are "   \
    "not right"

const struct option_program CERTS_PROGRAM = {
    .name = "sluice-certs",
    .summary = "makes, renews and shows the webhook's certificates",
    .operands = "ensure|issue|inspect …",
    .description =
        "ensure makes a CA and a serving certificate in a folder, or leaves alone what is "
        "still good.\n\nissue makes a new serving certificate in any case.\n\ninspect shows "
        "the certificates of PEM files.\n\nEach command has its own --help. In a cluster "
        "nobody needs this program: the webhook looks after its certificates itself.",
    .exit_status = EXIT_STATUS,
    .commands = true,
};

const struct option_program CERTS_ENSURE_PROGRAM = {
    .name = "sluice-certs ensure",
    .summary = "sees to it that a folder has a CA and a valid serving certificate",
    .description =
        "What is missing, expired, due or made for other names is made; what is still good "
        "is left alone. Give tls.crt and tls.key to a server, and ca.crt to whoever calls "
        "it. A server that has the files mounted takes the new ones by itself.",
    .exit_status = EXIT_STATUS,
    .examples = "sluice-certs ensure --dir certs --service \"\" --names localhost,127.0.0.1",
    .rows = rows,
    .count = ARRAY_LEN(rows),
};

const struct option_program CERTS_ISSUE_PROGRAM = {
    .name = "sluice-certs issue",
    .summary = "makes a new serving certificate of the CA in a folder",
    .description =
        "Like ensure, but a new certificate is made also when the old one is still good.",
    .exit_status = EXIT_STATUS,
    .rows = rows,
    .count = ARRAY_LEN(rows),
};

const struct option_program CERTS_INSPECT_PROGRAM = {
    .name = "sluice-certs inspect",
    .summary = "shows the certificates of PEM files",
    .operands = "FILE…",
    .description =
        "For each certificate: subject, issuer, names, validity, serial number and SHA-256 "
        "fingerprint. Private keys in a file are passed over.",
    .exit_status = EXIT_STATUS,
    .examples = "sluice-certs inspect certs/ca.crt certs/tls.crt",
};
