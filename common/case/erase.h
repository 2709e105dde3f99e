/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * EraseCase: erases the personal data of one case. The decision states the event; the columns and
 * the personal parts of events are emptied by the store in the same commit, because a case is
 * decided without its words (`erases` of struct decision). store/table.c says which columns these
 * are.
 *
 * An erased case keeps its course: clocks, owner, status. No claim joins it any more, and it is not
 * reopened. What is written to it afterwards is kept until it is erased again.
 *
 * Threading: pure. Ownership: args are borrowed with the command.
 */

#include "case/model/decision.h"

struct erase_args {
    int cause;              /* ErasureCause */
    struct uuid erasure_id; /* zero = none */
    bool open_too;          /* else a case that has not ended is refused with CASE_OPEN */
};

/* A case without anything new since it was erased is left as it is. */
extern const struct command_kind erase_case_kind;

/* Something was written to the case since it was erased last, or it never was. */
bool case_has_unerased(const struct case_row *row);
