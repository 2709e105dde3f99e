/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/statuses.h"

/* These leave the work without passing the close gate. */
#define LEFT_WITHOUT_GATE (BIT_OF(CASE_STATUS_WITHDRAWN) | BIT_OF(CASE_STATUS_MERGED))
#define WAITING_BUT(status) (STATUSES_WAITING & ~BIT_OF(status))

/* The statuses that may follow each. */
static const unsigned followers[] = {
    /* Nobody has accepted it, so nobody can say that it is resolved. */
    [CASE_STATUS_OPEN] = WAITING_BUT(CASE_STATUS_OPEN) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_IN_PROGRESS] =
        WAITING_BUT(CASE_STATUS_IN_PROGRESS) | BIT_OF(CASE_STATUS_RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_CUSTOMER] = WAITING_BUT(CASE_STATUS_AWAITING_CUSTOMER) |
                                      BIT_OF(CASE_STATUS_RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_FULFILMENT] = WAITING_BUT(CASE_STATUS_AWAITING_FULFILMENT) |
                                        BIT_OF(CASE_STATUS_RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_APPROVAL] = WAITING_BUT(CASE_STATUS_AWAITING_APPROVAL) |
                                      BIT_OF(CASE_STATUS_RESOLVED) | LEFT_WITHOUT_GATE,
    /* It is closed, or reopened with the steward or the former owner. A closed case can be
     * reopened, too. */
    [CASE_STATUS_RESOLVED] =
        BIT_OF(CASE_STATUS_CLOSED) | BIT_OF(CASE_STATUS_OPEN) | BIT_OF(CASE_STATUS_IN_PROGRESS),
    [CASE_STATUS_CLOSED] = BIT_OF(CASE_STATUS_OPEN) | BIT_OF(CASE_STATUS_IN_PROGRESS),
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
