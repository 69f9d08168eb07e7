// SPDX-License-Identifier: Apache-2.0
// A FlinkCluster with every default in its place, for rules and the controller: what is not written
// into the object is worked out here, always in the same way. Pure; values, borrowed from the
// object's tree and the arena.
#ifndef SLUICE_FLINK_EFFECTIVE_H
#define SLUICE_FLINK_EFFECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/cluster.h"
#include "common/flink/conf.h"
#include "common/flink/law.h"
#include "common/flink/memory.h"
#include "common/flink/version.h"
#include "common/k8s/violation.h"
#include "common/refs/image.h"
#include "common/refs/role.h"

#define FLINK_DEFAULT_JM_MEMORY ((int64_t)1600 << 20) // bytes
#define FLINK_DEFAULT_TM_MEMORY ((int64_t)1728 << 20)
#define FLINK_DEFAULT_CPU_MILLI 1000

/// Where a container's memory comes from.
enum flink_memory_source {
    FLINK_MEMORY_FROM_LIMIT,
    FLINK_MEMORY_FROM_REQUEST,
    FLINK_MEMORY_FROM_CONF, // flinkConfiguration sets the process or Flink size
    FLINK_MEMORY_FROM_DEFAULT,
};

struct flink_effective_resources {
    const struct resources_spec *spec; // as given; never NULL
    int64_t memory;                    // bytes of the container; 0: can't be read or worked out
    enum flink_memory_source source;
    bool plain;                // each entry has a standard name and a quantity that is not negative
    struct flink_memory parts; // Flink's own division of it
};

/// What may stand in a pod's resources without a domain (core/helper
/// IsStandardContainerResourceName), beside hugepages-<size>.
bool flink_resource_is_standard(struct strview name);

struct flink_effective {
    bool image_ok;  // spec.image is a reference: IMAGE
    bool tag_tells; // whose tag begins with a known Flink version: TAGGED
    struct image_ref image;
    const char *image_why; // what is wrong with spec.image; static
    struct flink_version tagged;
    struct role role;                     // what spec.iamRole names
    const char *role_fault;               // why it names none, static; NULL: it does, or is absent
    enum flink_version_form version_form; // of flinkVersion; when it has one, that is VERSION
    bool version_known;                   // flinkVersion, else the tag, tells it
    struct flink_version version;         // the newest when nothing tells it
    struct strview patch;                 // "1.20.1" when the tag tells that, else absent
    struct flink_conf conf;               // flinkConfiguration as the user gave it, flat
    bool session;                         // no spec.job
    bool storage_known;
    bool adaptive; // jobmanager.scheduler: adaptive, or reactive mode
    bool reactive; // scheduler-mode: reactive
    int64_t slots;
    int64_t job_manager_replicas;
    // Parallelism and replicas in effect: a noted parallelism whose noted replicas or slots are no
    // longer the stored ones (after `scale`) counts as absent, as does a noted one in reactive
    // mode.
    struct law_result numbers;
    bool parallelism_given; // stands in the object and counts
    struct strview
        upgrade_mode;     // "Savepoint", "LastState", "Stateless"; absent for a session cluster
    struct strview state; // "Running", "Suspended"; absent for a session cluster
    // By enum flink_role; NULL: nobody asked for them yet (flink_effective_read() doesn't).
    const struct flink_effective_resources *resources;
};

/// Works it out. Faults of flinkConfiguration's form (not of its content) go to CONF_FAULTS, which
/// may be NULL. A full arena shows in arena_ok().
void flink_effective_read(const struct flink_cluster *c, struct arena *arena,
                          struct violations *conf_faults, struct flink_effective *ret);

/// The same with C's flinkConfiguration read already: CONF, of C or of an object whose one is
/// equal.
void flink_effective_read_with(const struct flink_cluster *c, const struct flink_conf *conf,
                               struct arena *arena, struct flink_effective *ret);

/// taskManager.slots, else 1.
int64_t flink_effective_slots(const struct flink_cluster *c);

/// Whether flinkConfiguration asks for reactive mode. ARENA is scratch.
bool flink_effective_is_reactive(const struct flink_cluster *c, struct arena *arena);

/// Whether CONF itself fixes the size of a ROLE's process, so that its pod's memory follows.
bool flink_conf_sets_memory(const struct flink_conf *conf, enum flink_role role);

/// Whether CANONICAL is the option of that role's whole size: of its process, or of Flink in it.
bool flink_conf_is_memory_size(struct strview canonical, enum flink_role role);

/// Memory of one role's container: its limit, else its request, else what the configuration's sizes
/// come to, else the default.
void flink_effective_resources_read(const struct flink_cluster *c, const struct flink_effective *e,
                                    enum flink_role role, struct arena *arena,
                                    struct flink_effective_resources *ret);

#endif
