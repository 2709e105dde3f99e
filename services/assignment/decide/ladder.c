/* SPDX-License-Identifier: Apache-2.0 */

/* EscalateCase and AcknowledgeEscalation: the ladder by hand. */

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/ladder/ladder.h"
#include "case/model/decision.h"
#include "case/transition.h"
#include "contract/words.h"

static void refuse_ladder(struct decision *d, const char *why)
{
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_LADDER, "%s", why);
    fault_meta(f, "level", "%d", d->c->row.level);
}

/* -- EscalateCase ------------------------------------------------------------------------------ */

/* 0 = refused. */
static int level_to_reach(struct decision *d, int asked)
{
    int level = d->c->row.level;
    if (asked > d->policy->n_levels) {
        fault_violation(&d->cmd->fault, "to_level", "is above the top of the ladder, level %d",
                        d->policy->n_levels);
        return 0;
    }
    if (level >= d->policy->n_levels) {
        refuse_ladder(d, "the case is at the top of the ladder");
        return 0;
    }
    if (asked != 0 && asked <= level) {
        refuse_ladder(d, "the case has reached that level already");
        return 0;
    }
    return asked != 0 ? asked : level + 1;
}

static void escalate_case(struct decision *d)
{
    const Amends__V1__EscalateCaseRequest *r = (const void *)d->cmd->request;
    if (!case_require_live(d, false))
        return;
    int to = level_to_reach(d, r->to_level);
    if (to != 0)
        ladder_climb(d, ESCALATION_CAUSE_HAND, to, d->cmd->principal, r->reason);
}

const struct command_kind escalate_case_kind = {
    .name = "EscalateCase",
    .method = METHOD_ESCALATE_CASE,
    .needs_case = true,
    .agents_only = true,
    .validate = escalate_case_validate,
    .decide = escalate_case,
    .response = &amends__v1__escalate_case_response__descriptor,
};

/* -- AcknowledgeEscalation --------------------------------------------------------------------- */

static bool of_the_level(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    if (d->actor && d->actor->level >= row->level)
        return true;
    if (strcmp(d->cmd->principal, ladder_steward(d->policy, row->level)) == 0)
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_THE_LEVEL,
              "only an agent of level %d or above, or the level's steward, may do this",
              row->level);
    fault_meta(f, "level", "%d", row->level);
    return false;
}

static bool watched_by_level_clock(const struct decision *d)
{
    ROWS_EACH (clock, const struct clock_row, &d->c->clocks)
        if (clock->kind == CLOCK_KIND_LEVEL && clock->round == d->c->row.round &&
            clock_is_open(clock))
            return true;
    return false;
}

static void acknowledge(struct decision *d)
{
    struct case_row *row = &d->c->row;
    row->acknowledged_at = d->now_us;
    row->acknowledged_by = d->cmd->principal;
    row_touch(&row->row);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, EVENT_KIND_ESCALATION_ACKNOWLEDGED, d->cmd->principal, &detail, NULL);
}

static void acknowledge_escalation(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    if (!of_the_level(d) || !case_require_live(d, false))
        return;
    if (row->acknowledged_at != 0) {
        refuse_ladder(d, "the people of the level have taken notice already");
        fault_meta(&d->cmd->fault, "acknowledger", "%s", row->acknowledged_by);
    } else if (row->level == 1 && !watched_by_level_clock(d)) {
        refuse_ladder(d, "the case is at the first level: nothing was escalated");
    } else {
        acknowledge(d);
    }
}

const struct command_kind acknowledge_escalation_kind = {
    .name = "AcknowledgeEscalation",
    .method = METHOD_ACKNOWLEDGE_ESCALATION,
    .needs_case = true,
    .validate = acknowledge_escalation_validate,
    .decide = acknowledge_escalation,
    .response = &amends__v1__acknowledge_escalation_response__descriptor,
};
