/* SPDX-License-Identifier: Apache-2.0 */
#include "case/transition.h"

#include "base/assert.h"
#include "contract/reasons.h"
#include "contract/statuses.h"
#include "contract/word.h"

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
    fault_meta(f, "status", "%s", contract_word(CASE_STATUS_WORDS, row->status));
}

bool case_require_transition(struct decision *d, int to)
{
    const struct case_row *row = &d->c->row;
    if (status_may_follow(row->status, to))
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
              "the case cannot go from %s to %s%s", contract_word(CASE_STATUS_WORDS, row->status),
              contract_word(CASE_STATUS_WORDS, to), why_not(row->status, to));
    tell_status(f, row);
    fault_meta(f, "to", "%s", contract_word(CASE_STATUS_WORDS, to));
    return false;
}

bool case_set_status(struct decision *d, int to)
{
    if (!case_require_transition(d, to))
        return false;
    /* Nobody looks for what a resolved case still owes, so the gate has to have looked before. */
    AM_ASSERT(to != CASE_STATUS_RESOLVED ||
              (!case_owes_remedy(d->c) && !case_has_open_promise(d->c)));
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
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS, "the case is %s",
              contract_word(CASE_STATUS_WORDS, row->status));
    tell_status(f, row);
    return false;
}

bool case_require_room(struct decision *d, const struct rows *rows, size_t max, const char *what)
{
    if (rows->n < max)
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL,
              "the case has %zu %s, the most it may have", rows->n, what);
    fault_meta(f, "most", "%zu", max);
    return false;
}
