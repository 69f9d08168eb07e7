// SPDX-License-Identifier: Apache-2.0
// Prints what is generated from FlinkPolicy's rows: `sluice-gen-policy
// crd|reference|dictionary|rules`.
#include "common/base/macros.h"
#include "common/kind/gen/print.h"
#include "common/policy/kind.h"
#include "common/policy/rules_docs.h"

int main(int argc, char **argv)
{
    static const struct gen_output EXTRA[] = {{"rules", policy_rules_docs}};
    return gen_print(&policy_kind, EXTRA, ARRAY_LEN(EXTRA), argc, argv);
}
