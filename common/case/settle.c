/* SPDX-License-Identifier: Apache-2.0 */

/* What follows from a case's rows: its status while it lives, its clocks, its place in the queue.
 */

#include <string.h>

#include "base/time.h"
#include "case/rules.h"
#include "contract/words.h"

/* Bit n = some remedy is in state n. */
static unsigned remedy_states(const struct case_state *c)
{
    unsigned states = 0;
    ROWS_EACH (remedy, struct remedy_row, &c->remedies)
        states |= 1u << remedy->state;
    return states;
}

#define STATE(name) (1u << REMEDY_STATE_##name)
#define OWED (STATE(ACCEPTED) | STATE(FULFILLING))

/* Bit n = some promise of kind n is open. */
static unsigned promises_open(const struct case_state *c)
{
    unsigned kinds = 0;
    ROWS_EACH (promise, struct promise_row, &c->promises)
        if (promise->state == PROMISE_STATE_OPEN)
            kinds |= 1u << promise->kind;
    return kinds;
}

/* Promises of what comes by itself; the others the owner has to see to. */
#define ON_ITS_WAY (1u << PROMISE_KIND_DELIVERY | 1u << PROMISE_KIND_PAYMENT)

int case_derive_status(const struct case_state *c, const struct policy *p)
{
    if (c->row.owner_kind == OWNER_KIND_STEWARD)
        return CASE_STATUS_OPEN;
    unsigned states = remedy_states(c);
    if (states & STATE(PENDING_APPROVAL))
        return CASE_STATUS_AWAITING_APPROVAL;
    /* To answer, to contact, to say, to find out, to offer what was approved, to keep a promise:
     * only the owner can. */
    unsigned own_work = GATE_CONTACT | GATE_ACT | GATE_ROOT_CAUSE;
    unsigned promised = promises_open(c);
    if ((case_gate_missing(c, p) & own_work) || (states & (STATE(PROPOSED) | STATE(APPROVED))) ||
        (promised & ~ON_ITS_WAY) || case_customer_waits(c))
        return CASE_STATUS_IN_PROGRESS;
    if ((states & OWED) || promised)
        return CASE_STATUS_AWAITING_FULFILMENT;
    /* With nothing offered either, a remedy is to be proposed or the case to be resolved. */
    return states & STATE(OFFERED) ? CASE_STATUS_AWAITING_CUSTOMER : CASE_STATUS_IN_PROGRESS;
}

static bool in_queue(const struct case_row *row)
{
    return status_is_waiting(row->status) && row->owner_kind == OWNER_KIND_STEWARD;
}

static struct queue_row *queue_row_of(struct decision *d)
{
    struct case_state *c = d->c;
    if (c->queue.n > 0)
        return ROW_AT(&c->queue, struct queue_row, 0);
    struct queue_row *q = ROWS_ADD(&c->queue, struct queue_row, d->arena);
    q->tenant_id = c->row.tenant_id;
    q->case_id = c->row.case_id;
    q->signature = "";
    q->since = d->now_us;
    return q;
}

/* A case that is offered to somebody waits for the answer, not for an agent: level 0 keeps its age
 * and takes it out of the queues of the levels. */
static int16_t queue_level(const struct case_state *c)
{
    ROWS_EACH (offer, struct offer_row, &c->offers)
        if (offer->state == OFFER_STATE_PENDING)
            return 0;
    return c->row.level;
}

/* The age counts from when the case first had to wait for an agent: climbing does not lose it. */
static void enqueue(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    struct queue_row *q = queue_row_of(d);
    if (q->row.change == ROW_GONE)
        q->row.change = ROW_CHANGED;
    const char *signature = queue_signature(row, d->policy, d->arena);
    int64_t score_ms = q->since / US_PER_MS - row->boost_ms;
    int16_t level = queue_level(d->c);
    if (q->level == level && q->generation == row->assignment_generation &&
        q->score_ms == score_ms && strcmp(q->signature, signature) == 0)
        return;
    q->level = level;
    q->generation = row->assignment_generation;
    q->score_ms = score_ms;
    q->signature = signature;
    row_touch(&q->row);
}

void case_settle(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (status_is_waiting(row->status)) {
        int status = case_derive_status(d->c, d->policy);
        int64_t boost_ms = queue_boost_ms(d->c, d->policy);
        if (status != row->status || boost_ms != row->boost_ms) {
            row->status = (int16_t)status;
            row->boost_ms = boost_ms;
            row_touch(&row->row);
        }
    }
    clocks_settle(d);
    if (in_queue(row))
        enqueue(d);
    else if (d->c->queue.n > 0)
        ROW_AT(&d->c->queue, struct queue_row, 0)->row.change = ROW_GONE;
}

void case_close(struct decision *d, const char *actor)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    if (!case_set_status(d, CASE_STATUS_CLOSED))
        return;
    d->c->row.closed_at = d->now_us;
    case_event(d, EVENT_KIND_CASE_CLOSED, actor, &detail, NULL);
}
