/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/statuses.h"

/* These leave the work without passing the close gate. */
#define LEFT_WITHOUT_GATE (STATUS_BIT(WITHDRAWN) | STATUS_BIT(MERGED))
#define WAITING_BUT(name) (STATUSES_WAITING & ~STATUS_BIT(name))

/* The statuses that may follow each. */
static const unsigned followers[] = {
    /* Nobody has accepted it, so nobody can say that it is resolved. */
    [CASE_STATUS_OPEN] = WAITING_BUT(OPEN) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_IN_PROGRESS] = WAITING_BUT(IN_PROGRESS) | STATUS_BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_CUSTOMER] =
        WAITING_BUT(AWAITING_CUSTOMER) | STATUS_BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_FULFILMENT] =
        WAITING_BUT(AWAITING_FULFILMENT) | STATUS_BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_APPROVAL] =
        WAITING_BUT(AWAITING_APPROVAL) | STATUS_BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    /* It is closed, or reopened with the steward or the former owner. A closed case can be
     * reopened, too. */
    [CASE_STATUS_RESOLVED] = STATUS_BIT(CLOSED) | STATUS_BIT(OPEN) | STATUS_BIT(IN_PROGRESS),
    [CASE_STATUS_CLOSED] = STATUS_BIT(OPEN) | STATUS_BIT(IN_PROGRESS),
    [CASE_STATUS_WITHDRAWN] = 0,
    [CASE_STATUS_MERGED] = 0,
};
_Static_assert(sizeof(followers) / sizeof(followers[0]) == CASE_STATUS_COUNT,
               "each status has its row");

static bool is_status(int status)
{
    return status > CASE_STATUS_UNSPECIFIED && status < CASE_STATUS_COUNT;
}

static bool is_in(int status, unsigned set)
{
    return is_status(status) && (set >> status & 1u) != 0;
}

bool status_is_waiting(int status)
{
    return is_in(status, STATUSES_WAITING);
}

bool status_is_final(int status)
{
    return is_in(status, STATUSES_FINAL);
}

bool status_is_counted(int status)
{
    return is_in(status, STATUSES_COUNTED);
}

bool status_may_follow(int from, int to)
{
    return is_status(from) && is_in(to, followers[from]);
}
