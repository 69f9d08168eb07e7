// SPDX-License-Identifier: Apache-2.0
// What a verdict rests on beside the object, where there is no webhook: policies out of files,
// namespaces by their labels or manifests, and the FlinkClusters that were judged before. The
// webhook's own snapshots hold it. One thread.
#ifndef SLUICE_CLI_OFFLINE_H
#define SLUICE_CLI_OFFLINE_H

#include "common/base/err.h"
#include "common/base/options.h"
#include "common/json/view.h"
#include "webhook/review.h"

/// The options of all commands that judge by policies; rows for an options table.
#define OFFLINE_OPTIONS(O)                                                                         \
    O(LIST, policies, "policy", "", "FILE,…",                                                      \
      "Judge by the FlinkPolicies of these files, too. The flag may be repeated.", .max = 1000)    \
    O(LIST, namespace_labels, "namespace-labels", "", "NS:KEY=VALUE,…",                            \
      "Labels of namespaces, for policies that select by them; `NS:` has none. A Namespace among " \
      "the files tells its own.",                                                                  \
      .max = 1000)                                                                                 \
    O(STRING, ns, "namespace", "default", "NAME", "Namespace of objects that name none.")

struct offline;

/// E_INVALID with a policy file or label that is wrong, E_NOMEM.
MUST_USE int offline_open(const struct option_list *policies,
                          const struct option_list *namespace_labels, struct offline **ret,
                          struct err *err);
void offline_close(struct offline *o); // NULL is fine

/// From now on OBJECT, a FlinkCluster of namespace NS, a Namespace or a FlinkPolicy, is there
/// (again: it changed). Of a policy that has faults the rest counts, as in the webhook. E_NOMEM.
MUST_USE int offline_see(struct offline *o, const struct json *object, struct strview ns,
                         struct err *err);
MUST_USE int offline_see_namespace(struct offline *o, const struct json *object, struct err *err);
MUST_USE int offline_see_policy(struct offline *o, const struct json *object, struct err *err);

/// All that was seen so far, borrowed until the next call on O.
void offline_context(struct offline *o, struct review_context *ret);

#endif
