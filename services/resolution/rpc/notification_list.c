/* SPDX-License-Identifier: Apache-2.0 */

/* ListNotifications: what a recipient was told, or who was told of a case. */

#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/roles.h"
#include "contract/words.h"
#include "resolution/rpc/notifications.h"
#include "shared/page_token.h"
#include "store/lists/notifications.h"

#define USUAL 50
#define MOST 500

/* Those who may list what any agent was told. */
#define MAY_SEE_ALL (ROLE_BIT(ROLE_SUPERVISOR) | ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_OBSERVER))

struct listing {
    struct read_call *rc;
    struct notification_filter filter;
    uint64_t hash;
    int limit;
    Amends__V1__ListNotificationsResponse response;
};

/* -- the answer -------------------------------------------------------------------------------- */

static void tell_next(struct listing *x, const struct notification_row *last)
{
    struct notification_place at;
    memset(&at, 0, sizeof at);
    at.state = last->state;
    at.created_at = last->created_at;
    at.id = last->notification_id;
    x->response.next_page_token = page_token_write(x->rc, x->hash, slice_of(&at, sizeof at));
}

/* False when the arena is full. */
static bool tell_all(struct listing *x, const struct rows *found)
{
    Amends__V1__ListNotificationsResponse *r = &x->response;
    const struct notification_row *last = NULL;
    r->notifications = ARENA_ARRAY(x->rc->arena, Amends__V1__Notification *, (size_t)x->limit + 1);
    ROWS_EACH (seen, const struct notification_seen, found) {
        if (r->n_notifications == (size_t)x->limit || !read_call_room(x->rc)) {
            if (last)
                tell_next(x, last);
            return last != NULL;
        }
        Amends__V1__Notification *n = message_notification(&seen->row, x->rc->arena);
        if (!n)
            return false;
        r->notifications[r->n_notifications++] = n;
        last = &seen->row;
    }
    return true;
}

static void listed(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct listing *x = rc->user;
    if (tell_all(x, &read->found))
        rpc_reply(rc->call, &x->response.base);
    else
        read_call_too_large(rc);
}

static void list(struct listing *x)
{
    x->rc->read.done = listed;
    store_list_notifications(x->rc->service->store, &x->rc->read, &x->filter);
}

/* -- whose ------------------------------------------------------------------------------------- */

/* Another agent's are not for an agent to see; a desk is no agent. */
static void recipient_known(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct listing *x = rc->user;
    if (read->agents.n == 0) {
        list(x);
        return;
    }
    notification_refuse(&rc->fault, x->filter.recipient);
    rpc_fail(rc->call, &rc->fault);
}

static bool may_see(const struct listing *x)
{
    const struct rpc_principal *p = rpc_call_principal(x->rc->call);
    return !x->filter.recipient || strcmp(x->filter.recipient, p->id) == 0 ||
           (p->roles & MAY_SEE_ALL) != 0;
}

/* -- the request ------------------------------------------------------------------------------- */

static void read_filter(struct listing *x, const Amends__V1__ListNotificationsRequest *req)
{
    static const int16_t states[] = {
        [NOTIFICATION_FILTER_UNACKNOWLEDGED] = NOTIFICATION_PENDING,
        [NOTIFICATION_FILTER_ACKNOWLEDGED] = NOTIFICATION_ACKNOWLEDGED,
    };
    _Static_assert(sizeof states / sizeof *states == NOTIFICATION_FILTER_COUNT, "one each");
    struct read_call *rc = x->rc;
    struct notification_filter *f = &x->filter;
    if (*req->case_id && *req->recipient)
        fault_violation(&rc->fault, "recipient", "cannot be given together with case_id");
    if (*req->case_id)
        (void)check_uuid(&rc->fault, "case_id", req->case_id, &f->case_id);
    else
        f->recipient = *req->recipient ? req->recipient : rpc_call_principal(rc->call)->id;
    check_enum(&rc->fault, "filter", NOTIFICATION_FILTER_WORDS, (int)req->filter, false);
    if ((int)req->filter < NOTIFICATION_FILTER_COUNT && (int)req->filter >= 0)
        f->state = states[req->filter];
    x->limit = page_size(&rc->fault, req->page_size, USUAL, MOST);
    f->limit = x->limit + 1;
}

static void read_position(struct listing *x, const char *token)
{
    struct notification_filter *f = &x->filter;
    const struct slice parts[] = {
        slice_str("notifications"), slice_str(f->recipient ? f->recipient : ""),
        slice_of(f->case_id.b, sizeof f->case_id.b), slice_of(&f->state, sizeof f->state)};
    x->hash = digest_key(parts, sizeof parts / sizeof *parts);
    const struct slice position = page_token_read(x->rc, x->hash, token);
    if (position.len == sizeof f->after)
        memcpy(&f->after, position.data, sizeof f->after);
}

static void start(struct read_call *rc)
{
    const Amends__V1__ListNotificationsRequest *req =
        (const Amends__V1__ListNotificationsRequest *)rc->request;
    struct listing *x = ARENA_NEW(rc->arena, struct listing);
    rc->user = x;
    x->rc = rc;
    amends__v1__list_notifications_response__init(&x->response);
    read_filter(x, req);
    read_position(x, req->page_token);
    if (!read_call_valid(rc))
        return;
    if (may_see(x)) {
        list(x);
        return;
    }
    rc->read.done = recipient_known;
    store_read_agents(rc->service->store, &rc->read, &x->filter.recipient, 1);
}

void notifications_list(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
