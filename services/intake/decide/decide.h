/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind intake's RPCs that write, and what their requests must be; both are pure.
 *
 * Threading: constants. Ownership: args are borrowed with the command; violations lie in the
 * fault's arena.
 */

#include "amends/v1/intake_service.pb-c.h"
#include "case/model/decision.h"

/* OpenCase: joins the customer's open case of the same failure code and order reference, or opens
 * a new one. A case of theirs that is resolved goes back to work, and one that was closed not long
 * ago is reopened (case/ladder/comeback.h); one that has ended for longer is named by the new
 * case. A new case belongs to the steward of the first level at once, has the clocks that policy
 * starts, and waits in the queue of that level. A repeat claim adds its signal, which raises the
 * priority. It may fill in what was unknown, raise the severity (an agent's to what it says, an
 * application's by one) and the stake (in the same currency) and add desired outcomes; it takes
 * nothing back. Each claim that came from the customer counts as a contact in their effort; a
 * failure that the company noticed itself (DETECTED_FAILURE) does not. */
extern const struct command_kind open_case_kind;

/* MigrateCase: moves an open case to cmd->policy_version and writes POLICY_MIGRATED. Its clocks
 * keep their starts, their pauses and what they fired. Its level and steward follow the new ladder.
 * Nothing happens to a case that is final or already has that version. */
extern const struct command_kind migrate_case_kind;

/* What became of one case, for a caller who moves many. The name of a clock is cut off at this
 * size. */
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

/* -- requests (validate.c) --------------------------------------------------------------------- */

/* Adds every violation of an OpenCase at `now_us`, field = path in the request. Without a `policy`
 * (NULL: not loaded yet) the failure code is checked by its form only; the decision looks it up
 * again. */
void open_case_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault);

/* Adds a violation of failure.code that names the branches there are, when the taxonomy has neither
 * the code nor a branch of it. */
void failure_code_validate(const char *code, const struct policy *policy, struct fault *fault);
