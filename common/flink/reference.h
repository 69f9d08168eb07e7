// SPDX-License-Identifier: Apache-2.0
// The reference page of a FlinkCluster and the fuzzers' dictionary, from the same rows as the CRD.
// Pure.
#ifndef SLUICE_FLINK_REFERENCE_H
#define SLUICE_FLINK_REFERENCE_H

#include "common/base/strbuf.h"

/// Appends the page in Markdown. Overflow shows in strbuf_ok().
void flink_reference_write(struct strbuf *out);

/// Appends a dictionary in libFuzzer's form: names of fields and values of enums.
void flink_dictionary_write(struct strbuf *out);

#endif
