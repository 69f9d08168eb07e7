// SPDX-License-Identifier: Apache-2.0
#include "controller/audit.h"
#include "controller/audit_status.h"
#include "controller/conditions.h"
#include "controller/events.def"
#include "controller/metrics.h"
#include "controller/phase.h"
#include "controller/trouble.h"
#include "docs/gen/pages.h"

// Where troubles of a severity are told.
#define TOLD_STUCK "Stalled"
#define TOLD_FAILS "Degraded"
#define TOLD_WAITS "Reconciling"

void docs_controller_tables(struct strbuf *out)
{
    strbuf_put_str(out, "\n## Conditions\n\nIn `status.conditions`, always all of them, in this "
                        "order.\n\n| type | True when |\n|---|---|\n");
#define C(id, name, when) strbuf_printf(out, "| `%s` | %s |\n", name, when);
    STATUS_CONDITIONS(C)
#undef C
    strbuf_put_str(out, "\n### Reasons\n\n| reason | of | what it means |\n|---|---|---|\n");
#define R(id, name, where, meaning)                                                                \
    strbuf_printf(out, "| `%s` | %s | %s |\n", name, where, meaning);
    STATUS_REASONS(R)
#undef R
    strbuf_put_str(out, "\n## Phases\n\n`status.phase`: one word for people; programs read "
                        "conditions.\n\n| phase | when |\n|---|---|\n");
#define P(id, name, when) strbuf_printf(out, "| `%s` | %s |\n", name, when);
    STATUS_PHASES(P)
#undef P
    strbuf_put_str(out,
                   "\n## Events\n\nAbout a FlinkCluster: `kubectl describe flinkcluster NAME`.\n\n"
                   "| reason | type | when |\n|---|---|---|\n");
#define E(id, reason, type, when) strbuf_printf(out, "| `%s` | %s | %s |\n", reason, type, when);
    CONTROLLER_EVENTS(E)
#undef E
    strbuf_put_str(out, "\nAbout a FlinkPolicy, in namespace `default`: `kubectl describe "
                        "flinkpolicy NAME`.\n\n| reason | type | when |\n|---|---|---|\n");
#define E(id, reason, type, when) strbuf_printf(out, "| `%s` | %s | %s |\n", reason, type, when);
    AUDIT_EVENTS(E)
#undef E
    strbuf_put_str(out, "\n## FlinkPolicies\n\nReasons of a policy's condition `Ready`.\n\n| "
                        "reason | what it means |\n|---|---|\n");
#define C(reason, meaning) strbuf_printf(out, "| `%s` | %s |\n", reason, meaning);
    AUDIT_REASONS(C)
#undef C
    strbuf_put_str(
        out, "\n## Troubles of pods\n\nThe condition tells pod, container and Kubernetes' words; "
             "an Event `PodTrouble` tells each once.\n\n| Kubernetes' words | condition | what it "
             "means |\n|---|---|---|\n");
#define X(id, severity, words, text)                                                               \
    strbuf_printf(out, "| %s | `%s` | %s |\n", words, TOLD_##severity, text);
    POD_TROUBLES(X)
#undef X
    strbuf_put_str(out, "\n## Metrics\n\nOn `/metrics` of `--health-listen`, in Prometheus' text "
                        "format.\n\n");
    metrics_write_markdown(CONTROLLER_METRICS, M_COUNT, out);
}
