/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind intake's RPCs that write, and what their requests must be; both are pure.
 *
 * Threading: constants. Ownership: args are borrowed with the command; violations lie in the fault's
 * arena.
 */

#include "amends/v1/intake_service.pb-c.h"
#include "case/model/decision.h"

/* OpenCase: joins the customer's open case of the same failure code and order reference, else opens
 * a new one.
 *
 * A new case is its first level's steward's at once, with the clocks that policy starts, and waits
 * in that level's queue. A repeat claim adds its signal, which raises the boost; it may fill what
 * was not known, raise severity and stake (of the same currency) and add desired outcomes, and
 * takes nothing back. Each claim that came from the customer counts as a contact in the customer's
 * effort; what the company noticed by itself (DETECTED_FAILURE) does not. */
extern const struct command_kind open_case_kind;

/* MigrateCase: moves an open case to cmd->policy_version, keeps its clocks' starts, pauses and what
 * they fired, and writes POLICY_MIGRATED. Its steward and its level follow the new ladder. Nothing
 * happens to a case that is final, or of that version already. */
extern const struct command_kind migrate_case_kind;

/* What became of it, for whoever moves many. A clock's name is cut off at its size. */
struct migrate_result {
    bool moved;
    bool changed;   /* a deadline moved, a clock started or ended */
    bool breaching; /* running clocks are past their new deadline; the first of them is ... */
    struct uuid clock_id;
    char name[64];
    int64_t old_due_us, new_due_us;
};
struct migrate_args {
    struct migrate_result *result;
};

/* -- requests (validate.c) ---------------------------------------------------------------------- */

/* Adds every violation of an OpenCase at `now_us`, field = path in the request. Without a `policy`
 * (NULL: not loaded yet) the failure code is checked by its form only; the decision looks it up
 * again. */
void open_case_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault);

/* Adds a violation of failure.code that names the branches there are, when the taxonomy has neither
 * the code nor a branch of it. */
void failure_code_validate(const char *code, const struct policy *policy, struct fault *fault);
