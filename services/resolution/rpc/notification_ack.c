/* SPDX-License-Identifier: Apache-2.0 */

/* AcknowledgeNotification: looks first whether the caller may do it for each of them, and then does
 * it for all. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"
#include "resolution/rpc/notifications.h"
#include "store/lists/notifications.h"

#define MOST 100

struct acknowledging {
    struct read_call *rc;
    size_t n;
    struct notification_name *asked;  /* in the order of the request */
    struct notification_name *sorted; /* in the order of the keys */
};

static bool same_name(const struct notification_row *row, const struct notification_name *name)
{
    return uuid_eq(&row->case_id, &name->case_id) &&
           uuid_eq(&row->notification_id, &name->notification_id);
}

static const struct notification_seen *find(const struct rows *found,
                                            const struct notification_name *name)
{
    ROWS_EACH (seen, const struct notification_seen, found)
        if (same_name(&seen->row, name))
            return seen;
    return NULL;
}

/* -- the answer -------------------------------------------------------------------------------- */

static bool tell_one(struct acknowledging *x, const struct rows *found, size_t i,
                     Amends__V1__AcknowledgeNotificationResponse *r)
{
    const struct notification_seen *seen = find(found, &x->asked[i]);
    if (!seen) /* the sweep of old ones took it between the two reads */
        return true;
    r->notifications[r->n_notifications] = message_notification(&seen->row, x->rc->arena);
    return r->notifications[r->n_notifications++] != NULL;
}

static void acknowledged(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    Amends__V1__AcknowledgeNotificationResponse r =
        AMENDS__V1__ACKNOWLEDGE_NOTIFICATION_RESPONSE__INIT;
    if (!rc)
        return;
    struct acknowledging *x = rc->user;
    r.notifications = ARENA_ARRAY(rc->arena, Amends__V1__Notification *, x->n + 1);
    for (size_t i = 0; i < x->n; i++)
        if (!tell_one(x, &read->found, i, &r)) {
            read_call_too_large(rc);
            return;
        }
    rpc_reply(rc->call, &r.base);
}

/* -- who may ----------------------------------------------------------------------------------- */

void notification_refuse(struct fault *fault, const char *recipient)
{
    fault_set(fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_YOUR_NOTIFICATION,
              "that is for '%s', another agent: a supervisor may do this, and any agent for a desk",
              recipient);
    fault_meta(fault, "recipient", "%s", recipient);
}

static void refuse_unknown(struct fault *fault, const struct notification_name *name)
{
    char case_id[UUID_TEXT_LEN + 1], id[UUID_TEXT_LEN + 1];
    fault_set(fault, FAULT_NOT_FOUND, ERROR_REASON_NOTIFICATION_NOT_FOUND,
              "no notification %s of the case %s", uuid_format(&name->notification_id, id),
              uuid_format(&name->case_id, case_id));
    fault_meta(fault, "case_id", "%s", case_id);
    fault_meta(fault, "notification_id", "%s", id);
}

/* The recipient, a supervisor, and for a desk any agent. */
static bool may_acknowledge(const struct acknowledging *x, const struct store_read *read,
                            const struct notification_seen *seen)
{
    const struct rpc_principal *p = rpc_call_principal(x->rc->call);
    if (strcmp(seen->row.recipient, p->id) == 0 || (p->roles & ROLE_BIT(ROLE_SUPERVISOR)) != 0)
        return true;
    return !seen->of_agent && read->agents.n > 0;
}

static bool may_all(struct acknowledging *x, const struct store_read *read)
{
    struct fault *fault = &x->rc->fault;
    for (size_t i = 0; i < x->n; i++) {
        const struct notification_seen *seen = find(&read->found, &x->asked[i]);
        if (!seen)
            refuse_unknown(fault, &x->asked[i]);
        else if (!may_acknowledge(x, read, seen))
            notification_refuse(fault, seen->row.recipient);
        if (fault_is_set(fault))
            return false;
    }
    return true;
}

static void looked(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct acknowledging *x = rc->user;
    if (!may_all(x, read)) {
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    rc->read.done = acknowledged;
    store_acknowledge_notifications(rc->service->store, &rc->read, x->sorted, x->n,
                                    rpc_call_principal(rc->call)->id,
                                    time_now_us(loop_time(rc->service->loop)));
}

/* -- the request ------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct notification_name));
}

static void read_name(struct acknowledging *x, size_t i, const Amends__V1__NotificationName *name)
{
    struct arena *arena = x->rc->arena;
    const char *case_id = arena_printf(arena, "notifications[%zu].case_id", i);
    const char *id = arena_printf(arena, "notifications[%zu].notification_id", i);
    AM_ASSERT(case_id != NULL && id != NULL);
    (void)check_uuid(&x->rc->fault, case_id, name->case_id, &x->asked[i].case_id);
    (void)check_uuid(&x->rc->fault, id, name->notification_id, &x->asked[i].notification_id);
}

static void read_names(struct acknowledging *x, const Amends__V1__AcknowledgeNotificationRequest *r)
{
    struct read_call *rc = x->rc;
    if (r->n_notifications == 0 || r->n_notifications > MOST) {
        fault_violation(&rc->fault, "notifications", "needs one to %d of them, and has %zu", MOST,
                        r->n_notifications);
        return;
    }
    x->n = r->n_notifications;
    x->asked = ARENA_ARRAY(rc->arena, struct notification_name, x->n);
    for (size_t i = 0; i < x->n; i++)
        read_name(x, i, r->notifications[i]);
    x->sorted = arena_dup(rc->arena, x->asked, x->n * sizeof *x->asked);
    AM_ASSERT(x->sorted != NULL);
    qsort(x->sorted, x->n, sizeof *x->sorted, by_key);
}

static void start(struct read_call *rc)
{
    struct acknowledging *x = ARENA_NEW(rc->arena, struct acknowledging);
    rc->user = x;
    x->rc = rc;
    read_names(x, (const Amends__V1__AcknowledgeNotificationRequest *)rc->request);
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    rc->read.done = looked;
    store_read_notifications(rc->service->store, &rc->read, x->sorted, x->n,
                             rpc_call_principal(rc->call)->id);
}

void notifications_acknowledge(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_ROW * 4, start);
}
