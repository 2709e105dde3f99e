/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/rpc/notification_message.h"

#include "case/message/message.h"
#include "contract/reasons.h"
#include "contract/words.h"

#define DUE_PERCENT 100

struct making {
    struct arena *arena;
    bool full;
};

static void put_text(struct making *m, char **field, const char *text)
{
    *field = arena_strdup(m->arena, text);
    m->full = m->full || !*field;
}

static void put_id(struct making *m, char **field, const struct uuid *id)
{
    char text[UUID_TEXT_LEN + 1];
    if (!uuid_is_zero(id))
        put_text(m, field, uuid_format(id, text));
}

static void put_time(struct making *m, Google__Protobuf__Timestamp **field, int64_t at_us)
{
    *field = message_time(at_us, m->arena);
    m->full = m->full || (at_us != 0 && !*field);
}

/* A row of release 1 does not say it, but its threshold does. */
static bool is_urgent(const struct notification_row *row)
{
    return row->urgent || row->threshold >= DUE_PERCENT;
}

static void put_step(struct making *m, Amends__V1__Notification *n,
                     const struct notification_row *row)
{
    put_id(m, &n->clock_id, &row->clock_id);
    n->instance = row->instance;
    n->threshold = row->threshold;
    n->event_sequence = row->seq;
    n->level = row->level;
}

Amends__V1__Notification *notification_message(const struct notification_row *row,
                                               struct arena *arena)
{
    struct making m = {.arena = arena};
    Amends__V1__Notification *n = arena_alloc(arena, sizeof(*n));
    if (!n)
        return NULL;
    amends__v1__notification__init(n);
    put_id(&m, &n->notification_id, &row->notification_id);
    put_id(&m, &n->case_id, &row->case_id);
    put_text(&m, &n->recipient, row->recipient);
    n->kind = (Amends__V1__NotificationKind)row->kind;
    n->cause = (Amends__V1__NotificationCause)row->cause;
    n->ask = (Amends__V1__NotificationAsk)row->ask;
    n->urgent = is_urgent(row);
    put_time(&m, &n->create_time, row->created_at);
    put_step(&m, n, row);
    put_time(&m, &n->acknowledge_time, row->acknowledged_at);
    put_text(&m, &n->acknowledger, row->acknowledged_by);
    return m.full ? NULL : n;
}

void notification_refuse(struct fault *fault, const char *recipient)
{
    fault_set(fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_YOUR_NOTIFICATION,
              "that is for '%s', another agent: a supervisor may do this, and any agent for a desk",
              recipient);
    fault_meta(fault, "recipient", "%s", recipient);
}
