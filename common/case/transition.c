/* SPDX-License-Identifier: Apache-2.0 */

/* The one transition table of a case's status. */

#include "case/rules.h"
#include "contract/words.h"

#define STATUSES (CASE_STATUS_MERGED + 1)
#define BIT(status) (1u << CASE_STATUS_##status)

/* While a case lives its status is derived, so any of these may follow any other; OPEN follows when
 * the steward becomes accountable again. */
#define WAITING                                                                                    \
    (BIT(OPEN) | BIT(IN_PROGRESS) | BIT(AWAITING_CUSTOMER) | BIT(AWAITING_FULFILMENT) |            \
     BIT(AWAITING_APPROVAL))
#define LEFT_WITHOUT_GATE (BIT(WITHDRAWN) | BIT(MERGED))

static const unsigned table[STATUSES] = {
    /* Nobody has accepted it, so nobody can say that it is resolved. */
    [CASE_STATUS_OPEN] = (WAITING & ~BIT(OPEN)) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_IN_PROGRESS] = (WAITING & ~BIT(IN_PROGRESS)) | BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_CUSTOMER] =
        (WAITING & ~BIT(AWAITING_CUSTOMER)) | BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_FULFILMENT] =
        (WAITING & ~BIT(AWAITING_FULFILMENT)) | BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    [CASE_STATUS_AWAITING_APPROVAL] =
        (WAITING & ~BIT(AWAITING_APPROVAL)) | BIT(RESOLVED) | LEFT_WITHOUT_GATE,
    /* Closed, or reopened with the steward or the former owner: a closed case can be, too. */
    [CASE_STATUS_RESOLVED] = BIT(CLOSED) | BIT(OPEN) | BIT(IN_PROGRESS),
    [CASE_STATUS_CLOSED] = BIT(OPEN) | BIT(IN_PROGRESS),
    [CASE_STATUS_WITHDRAWN] = 0,
    [CASE_STATUS_MERGED] = 0,
};

static bool is_status(int status)
{
    return status > CASE_STATUS_UNSPECIFIED && status < STATUSES;
}

bool transition_allowed(int from, int to)
{
    return is_status(from) && is_status(to) && (table[from] >> to & 1u) != 0;
}

bool status_is_final(int status)
{
    return status == CASE_STATUS_CLOSED || status == CASE_STATUS_WITHDRAWN ||
           status == CASE_STATUS_MERGED;
}

bool status_is_waiting(int status)
{
    return is_status(status) && (WAITING >> status & 1u) != 0;
}

const char *status_name(int status)
{
    static const char *const names[STATUSES] = {
        "UNSPECIFIED",       "OPEN",     "IN_PROGRESS", "AWAITING_CUSTOMER", "AWAITING_FULFILMENT",
        "AWAITING_APPROVAL", "RESOLVED", "CLOSED",      "WITHDRAWN",         "MERGED"};
    return is_status(status) ? names[status] : names[0];
}

/* Why the table says no, where a word more helps. */
static const char *why_not(int from, int to)
{
    if (from == CASE_STATUS_OPEN && to == CASE_STATUS_RESOLVED)
        return ": nobody has accepted the case yet";
    if (status_is_final(from))
        return ": that is final";
    if (to == CASE_STATUS_CLOSED)
        return ": it has to be resolved first";
    return "";
}

static void tell_status(struct fault *f, const struct case_row *row)
{
    fault_meta(f, "status", "%s", status_name(row->status));
}

bool case_require_transition(struct decision *d, int to)
{
    const struct case_row *row = &d->c->row;
    if (transition_allowed(row->status, to))
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, "CASE_STATUS", "the case cannot go from %s to %s%s",
              status_name(row->status), status_name(to), why_not(row->status, to));
    tell_status(f, row);
    fault_meta(f, "to", "%s", status_name(to));
    return false;
}

bool case_set_status(struct decision *d, int to)
{
    if (!case_require_transition(d, to))
        return false;
    d->c->row.status = (int16_t)to;
    row_touch(&d->c->row.row);
    return true;
}

bool case_require_live(struct decision *d, bool allow_resolved)
{
    const struct case_row *row = &d->c->row;
    if (status_is_waiting(row->status) || (allow_resolved && !status_is_final(row->status)))
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, "CASE_STATUS", "the case is %s",
              status_name(row->status));
    tell_status(f, row);
    return false;
}

bool case_require_room(struct decision *d, const struct rows *rows, size_t max, const char *what)
{
    if (rows->n < max)
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, "CASE_FULL",
              "the case has %zu %s, the most it may have", rows->n, what);
    fault_meta(f, "most", "%zu", max);
    return false;
}
