/* SPDX-License-Identifier: Apache-2.0 */
#include "case/close.h"

#include "case/event.h"
#include "case/transition.h"
#include "contract/words.h"

void case_close(struct decision *d, const char *actor)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    if (!case_set_status(d, CASE_STATUS_CLOSED))
        return;
    d->c->row.closed_at = d->now_us;
    case_event(d, EVENT_KIND_CASE_CLOSED, actor, &detail, NULL);
}
