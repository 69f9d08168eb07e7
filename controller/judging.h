// SPDX-License-Identifier: Apache-2.0
// What one look at a FlinkCluster is judged by: the policies of now, and the rest of the cluster as
// it is recorded. While a generation is judged by rules about others, nobody else decides.
#ifndef SLUICE_CONTROLLER_JUDGING_H
#define SLUICE_CONTROLLER_JUDGING_H

#include <stdbool.h>

#include "common/world/snapshots.h"
#include "controller/cache.h"
#include "controller/claims.h"
#include "controller/plan.h"

struct judging {
    struct snapshots *snapshots; // borrowed; NULL: no policies are asked
    struct claims *claims;       // borrowed; with `snapshots`
    struct cache *cache;         // borrowed
    // The rest is judging_begin()'s.
    struct snapshot *snap;
    struct policy_world world;
    struct plan_policies policies;
    bool decides, alone;
    int64_t pending; // after judging_end(): the record that is in its way, or 0
};

/// Sets SETTINGS->policies. DECIDES: a generation may be recorded.
void judging_begin(struct judging *j, bool decides, struct plan_settings *settings);

/// Notes what PLAN has decided on the cluster NS/NAME, and ends what judging_begin() began; PLAN is
/// NULL when there is none. E_CONFLICT: PLAN may not be carried out, see CLAIMS_PENDING; E_NOMEM.
MUST_USE int judging_end(struct judging *j, struct strview ns, struct strview name,
                         const struct actions *plan, struct err *err);

#endif
