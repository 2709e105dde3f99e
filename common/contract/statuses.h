/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each status of a case means, and which may follow which: one table. Whoever asks
 * whether a case waits, has ended or counts as load asks here; texts of SQL take the same sets.
 *
 * Threading: constants. Ownership: none.
 */

#include <stdbool.h>

#include "base/bits.h"
#include "contract/words.h"

/* A live case's status is derived from its rows: any of these may follow any other. */
#define STATUSES_WAITING                                                                           \
    (BIT_OF(CASE_STATUS_OPEN) | BIT_OF(CASE_STATUS_IN_PROGRESS) |                                  \
     BIT_OF(CASE_STATUS_AWAITING_CUSTOMER) | BIT_OF(CASE_STATUS_AWAITING_FULFILMENT) |             \
     BIT_OF(CASE_STATUS_AWAITING_APPROVAL))
/* What follows a column of SQL. */
#define SQL_STATUS_WAITING "between " SQL_CASE_STATUS_OPEN " and " SQL_CASE_STATUS_AWAITING_APPROVAL
#define SQL_STATUS_NOT_WAITING "not " SQL_STATUS_WAITING

#define STATUSES_FINAL                                                                             \
    (BIT_OF(CASE_STATUS_CLOSED) | BIT_OF(CASE_STATUS_WITHDRAWN) | BIT_OF(CASE_STATUS_MERGED))
/* A case in one of these takes room of the agent who owns it. */
#define STATUSES_COUNTED (BIT_OF(CASE_STATUS_IN_PROGRESS) | BIT_OF(CASE_STATUS_AWAITING_APPROVAL))
#define SQL_STATUS_COUNTED                                                                         \
    "in (" SQL_CASE_STATUS_IN_PROGRESS ", " SQL_CASE_STATUS_AWAITING_APPROVAL ")"

_Static_assert(CASE_STATUS_COUNT <= 32, "a status is a bit of 32");

/* True when the case is neither resolved nor final: somebody still has to make it right. */
bool status_is_waiting(int status);
/* True for CLOSED, WITHDRAWN, MERGED. */
bool status_is_final(int status);
/* True when the case counts against its owner's capacity. */
bool status_is_counted(int status);

/* True when the table of transitions has this one. */
bool status_may_follow(int from, int to);
