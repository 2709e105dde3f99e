/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The snapshot that a command is decided on, and the outcome under construction. A decide function
 * changes rows and states its own events (case/event.h); what follows from the clocks is done at
 * the end of the command by one driver (case/command/driver.h).
 *
 * Threading: pure. Ownership: rows and new texts lie in the decision's arena, that of the segment.
 */

#include "case/model/command.h"
#include "case/model/state.h"
#include "policy/policy.h"

/* Which clocks the driver fires at the end of the command: see case/ladder/firing.h. */
struct firing_request {
    bool every_clock;     /* of the case, but for offers */
    struct uuid clock_id; /* else this one; zero = none */
    int64_t until_us;     /* what comes later is not fired */
    size_t left;          /* most steps: a bound, so that a fault in the rows cannot loop */
};

struct decision {
    struct command *cmd;
    struct arena *arena;
    int64_t now_us;        /* at least the case's updated_at */
    int64_t shared_now_us; /* cluster time without test offset: dedup */
    /* The one the command names, else the case's; without a case the tenant's current one. */
    const struct policy *policy;
    struct case_state *c; /* NULL when the kind does not need one */
    /* The principal's agent row, or NULL: a client application or the system. For kinds that need a
     * customer it is read when there is a case to join. */
    struct agent_row *actor;
    struct agent_row *agent;       /* cmd->agent_id's row, or NULL */
    const struct dedup_row *dedup; /* the row found, or NULL */
    /* The open case of cmd->claim; for kinds that need a customer and find none, the last one of
     * the claim that has ended. Zero = none. */
    struct uuid other_case_id;

    struct rows agents_out;       /* new or changed agent rows */
    struct dedup_row dedup_out;   /* .row.change == ROW_NEW when to be written */
    struct rows met;              /* thresholds that were met and are not recorded yet: struct
                                   * threshold_met of case/clocks/thresholds.h */
    struct firing_request firing; /* what the driver is to fire */
    uint32_t ids;                 /* ids derived so far */
    bool again;                   /* decide added a key: cmd->open_case_id, claim or agent_id */
    bool erases;                  /* the personal data of the case, with what this writes */
};

/* The next id derived from the command's seed. */
struct uuid decision_id(struct decision *d);
