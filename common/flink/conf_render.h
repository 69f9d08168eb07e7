// SPDX-License-Identifier: Apache-2.0
// What Sluice writes into Flink's configuration: the fixed and default rows of conf_keys.def, the
// user's entries, and the file that carries them. Pure; memory from an arena.
#ifndef SLUICE_FLINK_CONF_RENDER_H
#define SLUICE_FLINK_CONF_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/flink/conf.h"
#include "common/flink/version.h"

/// All that the table's values are made of; the controller fills it. Absent views and zeros: not
/// there.
struct flink_conf_inputs {
    struct flink_version version;
    bool application;              // spec.job is there
    bool ha;                       // storage is known
    bool format_1;                 // without the rows that render format 2 brought
    struct strview namespace;      // metadata.namespace
    struct strview cluster_id;     // "<name>-<run>"
    struct strview run;            // the run's id
    struct strview rpc_address;    // without HA: the JobManager Service's name; absent with HA
    struct strview ha_dir;         // the run's own; used unless the user names one
    struct strview checkpoint_dir; // likewise
    struct strview savepoint_dir;  // likewise
    struct strview classpath;      // jar URL outside usrlib (below 1.19), else absent
    struct strview
        aws_provider; // S3A credentials provider for the role (flink_aws_provider()), or absent
    int32_t slots;
    int32_t parallelism;
    int32_t job_manager_replicas;
    int64_t job_manager_process;   // bytes; not written when the user's entries set the size
    int64_t task_manager_process;  // likewise
    const struct flink_conf *user; // accepted entries, or NULL
};

enum flink_conf_origin {
    FLINK_CONF_FIXED,   // Sluice's, the user can't change it
    FLINK_CONF_DEFAULT, // Sluice's, because the user said nothing
    FLINK_CONF_USER,
};

struct flink_conf_line {
    struct strview key; // in the spelling that the version knows
    struct strview value;
    enum flink_conf_origin origin;
    bool argument; // the file can't carry the value: goes as `-D key=value`
};

struct flink_conf_rendered {
    const char *file;                    // "flink-conf.yaml" (1.x) or "config.yaml" (2.x)
    struct strview text;                 // the file's text, sorted by key
    const struct flink_conf_line *lines; // all of them, sorted by key
    size_t line_count;
    const struct strview *arguments; // each "key=value", to stand behind `-D`; `$(` is not escaped
    size_t argument_count;
};

/// Makes the whole configuration. Fixed rows win over the user's entries, those over default rows.
/// 0, or -1 (E_NOMEM: the arena is full; E_TOO_LARGE: the file would pass 900 KiB, a ConfigMap's
/// end).
MUST_USE int flink_conf_render(const struct flink_conf_inputs *in, struct arena *arena,
                               struct flink_conf_rendered *ret, struct err *err);

/// The name of the configuration file that VERSION reads.
const char *flink_conf_file(struct flink_version version);

/// The table as a markdown page: fixed, default and refused keys with their reasons.
void flink_conf_docs(struct strbuf *b);

#endif
