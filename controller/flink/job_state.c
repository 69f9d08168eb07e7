// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/job_state.h"

static const struct {
    struct strview name;
    bool terminal;
} STATES[FLINK_JOB_STATE_COUNT] = {[FLINK_JOB_STATE_UNKNOWN] = {SV_INIT("UNKNOWN"), false},
#define X(id, terminal_) [FLINK_JOB_##id] = {SV_INIT(#id), terminal_},
                                   FLINK_JOB_STATES(X)
#undef X
};

enum flink_job_state flink_job_state_parse(struct strview name)
{
    for (int i = FLINK_JOB_STATE_UNKNOWN + 1; i < FLINK_JOB_STATE_COUNT; i++) {
        if (sv_eq(STATES[i].name, name)) {
            return (enum flink_job_state)i;
        }
    }
    return FLINK_JOB_STATE_UNKNOWN;
}

const char *flink_job_state_name(enum flink_job_state state)
{
    return STATES[state].name.ptr;
}

bool flink_job_state_terminal(enum flink_job_state state)
{
    return STATES[state].terminal;
}
