// SPDX-License-Identifier: Apache-2.0
// Prints what is generated from FlinkPolicy's rows: `sluice-gen-policy crd|reference|dictionary`.
#include "common/kind/gen/print.h"
#include "common/policy/kind.h"

int main(int argc, char **argv)
{
    return gen_print(&policy_kind, NULL, 0, argc, argv);
}
