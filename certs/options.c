// SPDX-License-Identifier: Apache-2.0
#include "certs/options.h"

#define ROW(...) OPTION_ROW(struct certs_ensure_options, __VA_ARGS__)
static const struct option_row rows[] = {CERTS_ENSURE_OPTIONS(ROW)};
#undef ROW

const char *const CERTS_FORMATS[] = {"text", "json", NULL};

#define ROW(...) OPTION_ROW(struct certs_inspect_options, __VA_ARGS__)
static const struct option_row inspect_rows[] = {CERTS_INSPECT_OPTIONS(ROW)};
#undef ROW

#define ROW(...) OPTION_ROW(struct certs_rotate_options, __VA_ARGS__)
static const struct option_row rotate_rows[] = {CERTS_ROTATE_OPTIONS(ROW)};
#undef ROW

#define EXIT_STATUS                                                                                \
    "0: all went well\n1: a certificate could not be made, written or read\n2: the options are "   \
    "not right"

const struct option_program CERTS_PROGRAM = {
    .name = "sluice-certs",
    .summary = "makes, renews and shows the webhook's certificates",
    .operands = "ensure|issue|inspect|rotate …",
    .description =
        "ensure makes a CA and a serving certificate in a folder, or leaves alone what is "
        "still good.\n\nissue makes a new serving certificate in any case.\n\ninspect shows "
        "the certificates of PEM files, or what stands in a cluster.\n\nrotate asks the webhook of "
        "a "
        "cluster for a new CA, or for new certificates.\n\nEach command has its own --help. In a "
        "cluster nobody needs this program: the webhook looks after its certificates itself.",
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
    .summary = "shows the certificates of PEM files, or of the webhook in a cluster",
    .operands = "[FILE…]",
    .description =
        "For each certificate of a FILE: subject, issuer, names, validity, serial number and "
        "SHA-256 fingerprint. Private keys in a file are passed over.\n\nWithout FILE, of a "
        "cluster: the CAs (the one that signs, the next one, old ones), the phase of a change, the "
        "replica that leads, what each replica serves and until when, and whether both webhook "
        "configurations have the CA bundle. It needs the right to read the Secret; keys are not "
        "shown.\n\nThe phases: Stable; Announced (the next CA is published beside the present one, "
        "and does not sign yet); Switched (it signs; the old one is still trusted).",
    .exit_status = EXIT_STATUS,
    .examples = "sluice-certs inspect certs/ca.crt certs/tls.crt\nsluice-certs inspect\n"
                "sluice-certs inspect -o json | jq -r .phase",
    .rows = inspect_rows,
    .count = ARRAY_LEN(inspect_rows),
};

const struct option_program CERTS_ROTATE_PROGRAM = {
    .name = "sluice-certs rotate",
    .summary = "has the webhook of a cluster change its CA, or its certificates",
    .description =
        "Marks the Secret of the CA; the webhook does the rest, in phases, and no call is lost: "
        "the "
        "new CA is published beside the old one, after a pause it signs, and when every replica "
        "serves a certificate of it the old one is no longer trusted. A change that is under way "
        "is "
        "not begun again.\n\nWith --leaf only the certificates of the replicas are issued anew.",
    .exit_status = "0: it was asked for, or with --wait: it is done\n1: it could not be asked for, "
                   "or was not done in time\n2: the options are not right",
    .examples = "sluice-certs rotate --wait\nsluice-certs rotate --leaf",
    .rows = rotate_rows,
    .count = ARRAY_LEN(rotate_rows),
};
