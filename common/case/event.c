/* SPDX-License-Identifier: Apache-2.0 */
#include "case/event.h"

#include "case/refresh.h"
#include "contract/words.h"

static void state_event(struct decision *d, const struct event *event)
{
    case_refresh(d);
    history_append(d, event);
}

void case_event(struct decision *d, int kind, const char *actor, Amends__V1__EventDetail *detail,
                const Amends__V1__EventPrivate *personal)
{
    const struct event event = {
        .kind = kind, .actor = actor, .detail = detail, .personal = personal};
    state_event(d, &event);
}

void case_event_of_clock(struct decision *d, int kind, const char *actor,
                         Amends__V1__EventDetail *detail, const struct clock_row *clock)
{
    const struct event event = {.kind = kind, .actor = actor, .detail = detail, .clock = clock};
    state_event(d, &event);
}

void case_event_of_untold_clocks(struct decision *d)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    if (history_has_untold(d->c))
        case_event(d, EVENT_KIND_CLOCK_CHANGED, SYSTEM_ACTOR, &detail, NULL);
}
