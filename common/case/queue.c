/* SPDX-License-Identifier: Apache-2.0 */
#include "case/queue.h"

#include <string.h>

#include "base/time.h"
#include "case/people/signature.h"
#include "contract/statuses.h"

/* -- the boost --------------------------------------------------------------------------------- */

/* a * b, or INT64_MAX; both at least 0. */
static int64_t capped_product(int64_t a, int64_t b)
{
    int64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t capped_sum(int64_t a, int64_t b)
{
    int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t broken_promises(const struct case_state *c)
{
    int64_t n = 0;
    ROWS_EACH (promise, struct promise_row, &c->promises)
        n += promise->state == PROMISE_STATE_BROKEN;
    return n;
}

int64_t case_queue_boost_ms(const struct case_state *c, const struct policy *p)
{
    int severity = c->row.severity;
    if (severity < 1 || severity >= POLICY_SEVERITIES)
        severity = 1;
    int64_t repeats = c->signals.n > 1 ? (int64_t)c->signals.n - 1 : 0;
    int64_t boost = p->boost_severity_ms[severity];
    boost = capped_sum(boost, capped_product(repeats, p->boost_repeat_ms));
    boost = capped_sum(
        boost, capped_product(c->row.stake_micros / MONEY_MICROS, p->boost_per_stake_unit_ms));
    boost = capped_sum(boost, capped_product(broken_promises(c), p->boost_broken_promise_ms));
    boost = capped_sum(boost, c->row.raised_ms);
    return boost < p->boost_max_ms ? boost : p->boost_max_ms;
}

/* -- the item ---------------------------------------------------------------------------------- */

static bool belongs_in_queue(const struct case_row *row)
{
    return status_is_waiting(row->status) && row->owner_kind == OWNER_KIND_STEWARD;
}

static struct queue_row *item_of(struct decision *d)
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
static int16_t item_level(const struct case_state *c)
{
    ROWS_EACH (offer, struct offer_row, &c->offers)
        if (offer->state == OFFER_STATE_PENDING)
            return 0;
    return c->row.level;
}

/* The age counts from when the case first had to wait for an agent: climbing does not lose it. */
static void put_item(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    struct queue_row *q = item_of(d);
    if (q->row.change == ROW_GONE)
        q->row.change = ROW_CHANGED;
    const char *signature = signature_of_case(row, d->policy, d->arena);
    int64_t score_ms = q->since / US_PER_MS - row->boost_ms;
    int16_t level = item_level(d->c);
    if (q->level == level && q->generation == row->assignment_generation &&
        q->score_ms == score_ms && strcmp(q->signature, signature) == 0)
        return;
    q->level = level;
    q->generation = row->assignment_generation;
    q->score_ms = score_ms;
    q->signature = signature;
    row_touch(&q->row);
}

void case_queue_refresh(struct decision *d)
{
    if (belongs_in_queue(&d->c->row))
        put_item(d);
    else if (d->c->queue.n > 0)
        ROW_AT(&d->c->queue, struct queue_row, 0)->row.change = ROW_GONE;
}
