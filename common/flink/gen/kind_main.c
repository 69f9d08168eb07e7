// SPDX-License-Identifier: Apache-2.0
// Prints what is generated from FlinkCluster's rows: `sluice-gen-kind
// crd|reference|dictionary|rules`.
#include "common/base/macros.h"
#include "common/flink/kind.h"
#include "common/flink/rules_docs.h"
#include "common/kind/gen/print.h"

int main(int argc, char **argv)
{
    static const struct gen_output EXTRA[] = {{"rules", flink_rules_docs}};
    return gen_print(&flink_kind, EXTRA, ARRAY_LEN(EXTRA), argc, argv);
}
