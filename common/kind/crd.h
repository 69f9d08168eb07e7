// SPDX-License-Identifier: Apache-2.0
// The CustomResourceDefinition of a kind, written from its rows. Pure.
#ifndef SLUICE_KIND_CRD_H
#define SLUICE_KIND_CRD_H

#include "common/base/strbuf.h"
#include "common/kind/kind.h"

/// Appends the whole manifest as YAML. The same text at each call; overflow shows in strbuf_ok().
void kind_crd_write(const struct kind *kind, struct strbuf *out);

#endif
