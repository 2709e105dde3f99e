/* SPDX-License-Identifier: Apache-2.0 */

/* The conditions and thresholds of each kind of clock when a bundle gives none.
 * common/policy/bundles/README.md lists them. */

#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "contract/statuses.h"
#include "policy/read/read.h"

#define RESOLVED BIT_OF(CASE_STATUS_RESOLVED)

/* Adds an alternative to a condition: a box that allows every case for now. */
static struct condition_box *alternative(struct bundle *b, struct policy_condition *c)
{
    struct condition_box *boxes = ARENA_ARRAY(b->arena, struct condition_box, c->n + 1);
    if (c->n > 0)
        memcpy(boxes, c->boxes, c->n * sizeof(*boxes));
    c->boxes = boxes;
    boxes[c->n] = condition_any();
    return &boxes[c->n++];
}

/* Adds the alternative that a fact has one of the values. */
static void when(struct bundle *b, struct policy_condition *c, enum fact fact, uint32_t values)
{
    alternative(b, c)->allowed[fact] = values;
}

/* A level's clock watches until the level's people take notice or make progress. */
static void level_conditions(struct bundle *b, struct policy_clock *k)
{
    struct condition_box *start = alternative(b, &k->start);
    start->allowed[FACT_LEVEL] = 1u << k->level;
    start->allowed[FACT_ACKNOWLEDGED] = FACT_IS_NO;
    start->allowed[FACT_STATUS] = STATUSES_WAITING;
    when(b, &k->stop, FACT_ACKNOWLEDGED, FACT_IS_YES);
    when(b, &k->stop, FACT_PROGRESS, FACT_IS_YES);
    when(b, &k->cancel, FACT_LEVEL, ~(1u << k->level));
    when(b, &k->cancel, FACT_STATUS, ~STATUSES_WAITING);
}

void read_kind_conditions(struct bundle *b, struct policy_clock *k)
{
    struct condition_box *box;
    switch (k->kind) {
    case CLOCK_KIND_FIRST_RESPONSE:
        when(b, &k->start, FACT_STATUS, STATUSES_WAITING);
        when(b, &k->stop, FACT_CONTACT, FACT_IS_YES);
        when(b, &k->cancel, FACT_STATUS, RESOLVED);
        break;
    case CLOCK_KIND_NEXT_CONTACT:
        box = alternative(b, &k->start);
        box->allowed[FACT_CUSTOMER] = FACT_IS_YES;
        box->allowed[FACT_STATUS] = STATUSES_WAITING | RESOLVED;
        when(b, &k->stop, FACT_CUSTOMER, FACT_IS_NO);
        k->again = true;
        break;
    case CLOCK_KIND_RESOLUTION:
    case CLOCK_KIND_STATUTORY:
        when(b, &k->start, FACT_STATUS, STATUSES_WAITING);
        when(b, &k->stop, FACT_STATUS, RESOLVED);
        break;
    case CLOCK_KIND_FOLLOW_UP:
        when(b, &k->start, FACT_STATUS, RESOLVED);
        when(b, &k->stop, FACT_STATUS, BIT_OF(CASE_STATUS_CLOSED));
        when(b, &k->cancel, FACT_STATUS, STATUSES_WAITING);
        break;
    case CLOCK_KIND_LEVEL:
        level_conditions(b, k);
        break;
    default:
        break;
    }
}

/* When the target is reached, the case climbs and its people hear of it. */
void read_kind_thresholds(struct bundle *b, struct policy_clock *k)
{
    k->thresholds = ARENA_ARRAY(b->arena, struct policy_threshold, POLICY_THRESHOLDS_MAX);
    k->n_thresholds = 1;
    struct policy_threshold *t = &k->thresholds[0];
    t->percent = 100;
    if (k->kind == CLOCK_KIND_FOLLOW_UP) {
        t->actions = BIT_OF(ESCALATION_ACTION_CLOSE);
        return;
    }
    bool top = k->kind == CLOCK_KIND_LEVEL && k->level == b->policy->n_levels;
    t->actions = BIT_OF(ESCALATION_ACTION_NOTIFY) |
                 (top ? BIT_OF(ESCALATION_ACTION_RESTART) : BIT_OF(ESCALATION_ACTION_CLIMB));
    t->notify = POLICY_NOTIFY_STEWARD;
    if (k->kind != CLOCK_KIND_LEVEL)
        t->notify |= POLICY_NOTIFY_OWNER;
    if (k->kind == CLOCK_KIND_PROMISE)
        t->actions |= BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY);
}
