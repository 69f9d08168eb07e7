// SPDX-License-Identifier: Apache-2.0
// FlinkPolicy as a table: what the generic code of common/kind takes. Static data.
#ifndef SLUICE_POLICY_KIND_H
#define SLUICE_POLICY_KIND_H

#include "common/kind/kind.h"

extern const struct kind policy_kind;

#endif
