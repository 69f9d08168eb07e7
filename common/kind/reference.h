// SPDX-License-Identifier: Apache-2.0
// The reference page of a kind and the fuzzers' dictionary, from the same rows as the CRD. Pure.
#ifndef SLUICE_KIND_REFERENCE_H
#define SLUICE_KIND_REFERENCE_H

#include "common/base/strbuf.h"
#include "common/kind/kind.h"

/// Appends the page in Markdown. Overflow shows in strbuf_ok().
void kind_reference_write(const struct kind *kind, struct strbuf *out);

/// Appends a dictionary in libFuzzer's form: names of fields and values of enums.
void kind_dictionary_write(const struct kind *kind, struct strbuf *out);

#endif
