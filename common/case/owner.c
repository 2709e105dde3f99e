/* SPDX-License-Identifier: Apache-2.0 */
#include "case/owner.h"

#include <string.h>

#include "base/assert.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/message/message.h"
#include "case/model/states.h"
#include "case/notify.h"
#include "contract/words.h"

/* Why, as the event tells it and as the former owner is told. */
static const struct {
    const char *word;
    int told;
} causes[] = {
    [OWNER_ACCEPTED] = {"accepted", NOTIFICATION_CAUSE_OTHER_AGENT},
    [OWNER_REQUESTED] = {"requested", NOTIFICATION_CAUSE_OTHER_AGENT},
    [OWNER_ESCALATION] = {"escalation", NOTIFICATION_CAUSE_TAKEN_OVER},
    [OWNER_REASSIGNED] = {"reassigned", NOTIFICATION_CAUSE_REASSIGNED},
    [OWNER_POLICY] = {"policy", NOTIFICATION_CAUSE_POLICY},
    [OWNER_RETURNED] = {"returned", NOTIFICATION_CAUSE_OWNER_GONE},
    [OWNER_REOPENED] = {"reopened", NOTIFICATION_CAUSE_OWNER_GONE},
};

static bool between_agents(const struct case_row *row, int owner_kind, const char *id)
{
    return row->owner_kind == OWNER_KIND_AGENT && owner_kind == OWNER_KIND_AGENT &&
           strcmp(row->owner_id, id) != 0;
}

/* Every offer carried the generation that ends here: accepted is one of them at most. */
static void end_offers(struct decision *d, struct offer_row *accepted)
{
    ROWS_EACH (offer, struct offer_row, &d->c->offers) {
        if (offer->state == OFFER_STATE_PENDING)
            offer_set_state(offer, offer == accepted ? OFFER_STATE_ACCEPTED : OFFER_STATE_RESCINDED,
                            d->now_us);
        else if (offer != accepted)
            continue;
        struct clock_row *clock = clock_of_subject(d->c, &offer->offer_id);
        if (clock)
            clock_stop(d, clock, d->now_us, true);
    }
}

/* An agent who had the case has to know that it is somebody else's now. */
static void tell_former(struct decision *d, const char *agent, enum owner_cause cause)
{
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_TAKEN_AWAY,
                                    .cause = causes[cause].told,
                                    .ask = NOTIFICATION_ASK_NOTHING};
    if (agent && strcmp(agent, d->c->row.owner_id) != 0)
        notify_tell(d, &tidings, agent);
}

void case_set_owner(struct decision *d, int owner_kind, const char *id, struct offer_row *offer,
                    enum owner_cause cause)
{
    struct case_row *row = &d->c->row;
    const char *former = row->owner_kind == OWNER_KIND_AGENT ? row->owner_id : NULL;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    /* Room was counted for the agent to whom the case was offered, and for nobody else. */
    AM_ASSERT(!offer || (owner_kind == OWNER_KIND_AGENT && strcmp(offer->agent_id, id) == 0));
    if (between_agents(row, owner_kind, id))
        row->transfers++;
    row->owner_kind = (int16_t)owner_kind;
    row->owner_id = id;
    row->owner_since = d->now_us;
    row->assignment_generation++;
    row_touch(&row->row);
    end_offers(d, offer);
    detail.owner = message_owner(row, d->arena);
    detail.offer = offer ? message_offer(offer, d->arena) : NULL;
    detail.cause = arena_strdup(d->arena, causes[cause].word);
    AM_ASSERT(detail.cause != NULL);
    /* A desk is given a case by the rules; an agent took it. */
    const char *actor = owner_kind == OWNER_KIND_AGENT ? d->cmd->principal : SYSTEM_ACTOR;
    case_event(d, EVENT_KIND_OWNER_CHANGED, actor, &detail, NULL);
    tell_former(d, former, cause);
}
