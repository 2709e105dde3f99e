/* SPDX-License-Identifier: Apache-2.0 */

/* Breaches and the ladder: recorded once each, climbing one level at most. */

#include "case/message.h"
#include "case/rules.h"
#include "case/words.h"

#define THRESHOLD_DUE 100 /* per cent of the target */
#define NOTIFICATION_ESCALATION 1
#define NOTIFICATION_PENDING 1

/* A breach that fell due before the case entered its level has been answered by that climb. */
static bool breach_climbs(const struct decision *d, const struct clock_row *clock)
{
    const struct case_row *row = &d->c->row;
    return status_is_waiting(row->status) && row->level < d->policy->n_levels &&
           clock->due_at > row->level_since;
}

static void record_escalation(struct decision *d, const struct clock_row *clock, int from, int to)
{
    const struct case_row *row = &d->c->row;
    struct escalation_row *e = ROWS_ADD(&d->c->escalations, struct escalation_row, d->arena);
    e->tenant_id = row->tenant_id;
    e->case_id = row->case_id;
    e->round = clock->round;
    e->clock_id = clock->clock_id;
    e->instance = clock->instance;
    e->threshold = THRESHOLD_DUE;
    e->from_level = (int16_t)from;
    e->to_level = (int16_t)to;
    e->action = to > from ? d->policy->levels[to].action : LADDER_ACTION_UNSPECIFIED;
    e->due_at = clock->due_at;
    e->at = d->now_us;
}

static void breach_event(struct decision *d, const struct clock_row *clock, bool climbed)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__Clock *clocks[1] = {message_clock(clock, d->arena)};
    detail.clocks = clocks;
    detail.n_clocks = 1;
    detail.climbed = climbed;
    case_event(d, EVENT_KIND_CLOCK_BREACHED, SYSTEM_ACTOR, &detail, NULL);
}

static void notify_level(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    struct notification_row *n = ROWS_ADD(&d->c->notifications, struct notification_row, d->arena);
    n->tenant_id = row->tenant_id;
    n->case_id = row->case_id;
    n->notification_id = decision_id(d);
    n->recipient = d->policy->levels[row->level].steward;
    n->kind = NOTIFICATION_ESCALATION;
    n->template_name = "escalation";
    n->state = NOTIFICATION_PENDING;
    n->created_at = d->now_us;
}

static void climb(struct decision *d)
{
    struct case_row *row = &d->c->row;
    int from = row->level;
    row->level++;
    row->level_since = d->now_us;
    row_touch(&row->row);
    const struct policy_level *level = &d->policy->levels[row->level];
    if (row->owner_kind == OWNER_KIND_STEWARD || level->action == LADDER_ACTION_TAKE_OVER)
        case_set_owner(d, OWNER_KIND_STEWARD, level->steward, NULL, "escalation");
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.from_level = from;
    detail.owner = message_owner(row, d->arena);
    case_event(d, EVENT_KIND_ESCALATED, SYSTEM_ACTOR, &detail, NULL);
    notify_level(d);
}

void ladder_breach(struct decision *d, struct clock_row *clock)
{
    if (clock->state != CLOCK_STATE_RUNNING)
        return;
    clock->state = CLOCK_STATE_BREACHED;
    clock->breached_at = clock->due_at;
    clock->generation++;
    clock->next_at = 0;
    row_touch(&clock->row);
    int level = d->c->row.level;
    bool climbs = breach_climbs(d, clock);
    record_escalation(d, clock, level, climbs ? level + 1 : level);
    breach_event(d, clock, climbs);
    if (climbs)
        climb(d);
}
