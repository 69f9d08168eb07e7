// SPDX-License-Identifier: Apache-2.0
// `sluice status` as text for a person, and as JSON for machines. Pure.
#ifndef SLUICE_CLI_STATUS_TEXT_H
#define SLUICE_CLI_STATUS_TEXT_H

#include "cli/status_model.h"
#include "common/base/arena.h"
#include "common/base/strbuf.h"

struct status_style {
    int64_t now_ms; // Unix; ages are told from it
    bool colours;
    bool verbose;    // everything: no message, list of pods or of events is cut
    bool namespaces; // in a table of clusters: from several ones
};

/// One cluster, on one screen. Which members of `status` there are is told by the table of the
/// kind's fields (common/flink/status.def).
void status_put_text(const struct status_cluster *c, const struct status_style *style,
                     struct arena *arena, struct strbuf *b);

/// One line for each of N clusters.
void status_put_table(const struct status_cluster *clusters, size_t n,
                      const struct status_style *style, struct arena *arena, struct strbuf *b);

/// The same facts: {namespace, name, createdAt, phase, ready, waitsFor, status, pods, events}, the
/// latter two for one cluster alone; and {clusters: […]}.
void status_put_json(const struct status_cluster *c, struct strbuf *b);
void status_put_json_list(const struct status_cluster *clusters, size_t n, struct strbuf *b);

#endif
