/* SPDX-License-Identifier: Apache-2.0 */

/* A notification as a message. */

#include "case/message/impl.h"
#include "case/message/message.h"

#define DUE_PERCENT 100

Amends__V1__Notification *message_notification(const struct notification_row *row,
                                               struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Notification *n = make_alloc(&m, sizeof(*n));
    if (!n)
        return NULL;
    amends__v1__notification__init(n);
    make_uuid(&m, &n->notification_id, &row->notification_id);
    make_uuid(&m, &n->case_id, &row->case_id);
    make_text(&m, &n->recipient, row->recipient);
    n->kind = (Amends__V1__NotificationKind)row->kind;
    n->cause = (Amends__V1__NotificationCause)row->cause;
    n->ask = (Amends__V1__NotificationAsk)row->ask;
    /* A row of release 1 does not say it, but its threshold does. */
    n->urgent = row->urgent || row->threshold >= DUE_PERCENT;
    n->level = row->level;
    make_time(&m, &n->create_time, row->created_at);
    n->event_sequence = row->seq;
    make_uuid(&m, &n->clock_id, &row->clock_id);
    n->instance = row->instance;
    n->threshold = row->threshold;
    make_time(&m, &n->acknowledge_time, row->acknowledged_at);
    make_text(&m, &n->acknowledger, row->acknowledged_by);
    make_text(&m, &n->about, row->about);
    return m.full ? NULL : n;
}
