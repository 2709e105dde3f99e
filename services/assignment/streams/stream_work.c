/* SPDX-License-Identifier: Apache-2.0 */

/* The messages of WatchWork, and what it tells beside the offers. */

#include "assignment/streams/resume_sign.h"
#include "assignment/streams/stream_impl.h"

#include "assignment/work/work.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "case/people/presence.h"
#include "contract/statuses.h"
#include "contract/words.h"

/* -- messages ---------------------------------------------------------------------------------- */

static char *write_token(const struct stream *s, struct arena *arena)
{
    const struct resume_owner owner = {
        .service = s->a->service, .tenant_id = s->tenant_id, .agent_id = s->agent_id};
    struct work_resume *r = ARENA_NEW(arena, struct work_resume);
    r->n_offers = stream_told_offers(s, r->offers);
    work_state_resume(s->work, r);
    return resume_sign(arena, &owner, work_resume_write(arena, r));
}

/* What was told is in the token already. */
static void send_work(struct stream *s, Amends__V1__WatchWorkResponse *m, int change)
{
    m->change = (Amends__V1__WorkChange)change;
    m->server_time = message_time(engine_now_us(s->a), &s->arena);
    m->resume_token = write_token(s, &s->arena);
    stream_send(s, &m->base);
}

void stream_work_mark(struct stream *s, bool snapshot_complete)
{
    Amends__V1__WatchWorkResponse m = AMENDS__V1__WATCH_WORK_RESPONSE__INIT;
    m.snapshot_complete = snapshot_complete;
    send_work(s, &m, WORK_CHANGE_UNSPECIFIED);
}

bool stream_work_caught_up(const struct stream *s)
{
    return s->work->known && s->work->caught_up;
}

/* -- cases and offers -------------------------------------------------------------------------- */

/* The case that was read, as lists show it; NULL when there is none. */
static Amends__V1__Case *case_of(struct stream *s, const struct store_read *read)
{
    if (!read || read->case_rows.n == 0)
        return NULL;
    const struct listed *listed = ROW_AT(&read->listed, const struct listed, 0);
    Amends__V1__Case *c =
        message_case_row(ROW_AT(&read->case_rows, const struct case_row, 0), &s->arena);
    if (!c || listed->due_at == 0)
        return c;
    c->next_due = ARENA_NEW(&s->arena, Amends__V1__NextDue);
    amends__v1__next_due__init(c->next_due);
    c->next_due->due_time = message_time(listed->due_at, &s->arena);
    c->next_due->kind = (Amends__V1__ClockKind)listed->due_kind;
    return c;
}

/* What the clock asks for that is next due, as ListWork says it. */
static Amends__V1__NextAction action_of(const struct store_read *read)
{
    const struct listed *listed = ROW_AT(&read->listed, const struct listed, 0);
    struct work_item item = {.kind = listed->due_kind,
                             .of_promise = listed->due_kind == CLOCK_KIND_PROMISE,
                             .place.source = WORK_CLOCK,
                             .c = ROW_AT(&read->case_rows, struct case_row, 0)};
    return listed->due_at == 0 ? AMENDS__V1__NEXT_ACTION__NEXT_ACTION_UNSPECIFIED
                               : work_next_action(&item);
}

void stream_work_offer(struct stream *s, const struct offer_row *row, const struct store_read *read)
{
    Amends__V1__WatchWorkResponse m = AMENDS__V1__WATCH_WORK_RESPONSE__INIT;
    m.offer = message_offer(row, &s->arena);
    AM_ASSERT(m.offer != NULL);
    if (row->state == OFFER_STATE_PENDING) {
        m.case_ = case_of(s, read);
        m.next_action = AMENDS__V1__NEXT_ACTION__NEXT_ACTION_ANSWER_OFFER;
    }
    if (!stream_may_show(s, &m.base))
        m.case_ = NULL; /* GetCase shows it, when it can be recorded again */
    send_work(s, &m, WORK_CHANGE_OFFER);
}

static bool is_agents(const struct stream *s, const struct case_row *row)
{
    return row->owner_kind == OWNER_KIND_AGENT && strcmp(row->owner_id, s->agent_id) == 0;
}

/* The row is newer than the look: a case that came back is here. */
static int change_of(const struct stream *s, const struct case_row *row)
{
    if (!is_agents(s, row))
        return WORK_CHANGE_CASE_LEFT;
    if (status_is_final(row->status))
        return WORK_CHANGE_CASE_ENDED;
    return s->telling.told == 0 ? WORK_CHANGE_CASE_CAME : WORK_CHANGE_CASE_CHANGED;
}

static void send_case(struct stream *s, const struct store_read *read)
{
    Amends__V1__WatchWorkResponse m = AMENDS__V1__WATCH_WORK_RESPONSE__INIT;
    const struct case_row *row = ROW_AT(&read->case_rows, const struct case_row, 0);
    const int change = change_of(s, row);
    const bool gone = change == WORK_CHANGE_CASE_LEFT || change == WORK_CHANGE_CASE_ENDED;
    const bool news = !gone || s->telling.told != 0; /* else it came and went */
    m.case_ = case_of(s, read);
    if (!gone)
        m.next_action = action_of(read);
    /* What cannot be recorded now is told after a later look. */
    if (!m.case_ || !stream_may_show(s, &m.base)) {
        arena_reset(&s->arena);
        return;
    }
    work_case_told(s->work, &s->telling.case_id, s->telling.print, gone);
    if (news)
        send_work(s, &m, change);
    else
        arena_reset(&s->arena);
}

static void own_case_read(struct store_read *r)
{
    struct stream *s = r->ctx;
    if (!stream_read_done(s, r))
        return;
    if (r->case_rows.n > 0) {
        send_case(s, r);
        return;
    }
    work_case_told(s->work, &s->telling.case_id, s->telling.print, true);
    arena_reset(&s->arena);
}

/* -- the rest ---------------------------------------------------------------------------------- */

static void send_presence(struct stream *s)
{
    const struct agent_row *row = &s->work->presence;
    Amends__V1__WatchWorkResponse m = AMENDS__V1__WATCH_WORK_RESPONSE__INIT;
    m.presence = ARENA_NEW(&s->arena, Amends__V1__WorkPresence);
    amends__v1__work_presence__init(m.presence);
    m.presence->presence = (Amends__V1__Presence)row->presence;
    m.presence->presence_time = message_time(row->presence_at, &s->arena);
    m.presence->presence_cause = (Amends__V1__PresenceCause)presence_cause(row);
    m.presence->agent_version = row->version;
    work_presence_told(s->work);
    send_work(s, &m, WORK_CHANGE_PRESENCE);
}

static void send_notice(struct stream *s, const struct notification_row *row)
{
    struct notification_row whole = *row;
    Amends__V1__WatchWorkResponse m = AMENDS__V1__WATCH_WORK_RESPONSE__INIT;
    whole.recipient = s->agent_id;
    whole.template_name = whole.acknowledged_by = "";
    m.notification = message_notification(&whole, &s->arena);
    AM_ASSERT(m.notification != NULL);
    work_notice_told(s->work);
    send_work(s, &m, WORK_CHANGE_NOTIFICATION);
}

static void tell_case(struct stream *s, const struct own_case *c)
{
    s->telling = *c;
    stream_read_case(s, &s->telling.case_id, own_case_read);
}

bool stream_work_next(struct stream *s)
{
    const struct notification_row *notice = work_next_notice(s->work);
    const struct own_case *c = work_next_case(s->work);
    if (!s->work->known)
        return false;
    if (work_presence_changed(s->work))
        send_presence(s);
    else if (c)
        tell_case(s, c);
    else if (notice)
        send_notice(s, notice);
    else
        return false;
    return true;
}
