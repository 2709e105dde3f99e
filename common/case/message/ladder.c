/* SPDX-License-Identifier: Apache-2.0 */

/* Promises and steps of the ladder as messages. */

#include "case/message/message.h"
#include "case/message/impl.h"
#include "contract/words.h"

Amends__V1__Promise *message_promise(const struct promise_row *row, bool personal,
                                     struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Promise *p = make_alloc(&m, sizeof(*p));
    if (!p)
        return NULL;
    amends__v1__promise__init(p);
    make_uuid(&m, &p->promise_id, &row->promise_id);
    p->kind = (Amends__V1__PromiseKind)row->kind;
    p->state = (Amends__V1__PromiseState)row->state;
    if (personal)
        make_text(&m, &p->description, row->description);
    make_time(&m, &p->promise_time, row->promised_at);
    make_time(&m, &p->due_time, row->due_at);
    make_time(&m, &p->make_time, row->made_at);
    make_text(&m, &p->maker, row->made_by);
    make_time(&m, &p->settle_time, row->settled_at);
    make_text(&m, &p->settler, row->settled_by);
    make_time(&m, &p->keep_time, row->kept_at);
    make_uuid(&m, &p->successor_id, &row->successor_id);
    p->round = row->round;
    return m.full ? NULL : p;
}

static void make_actions(struct make *m, Amends__V1__Escalation *e, int32_t bits)
{
    e->actions = make_alloc(m, (ESCALATION_ACTION_RESTART + 1) * sizeof(*e->actions));
    for (int i = 1; !m->full && i <= ESCALATION_ACTION_RESTART; i++)
        if ((bits >> i & 1) != 0)
            e->actions[e->n_actions++] = (Amends__V1__EscalationAction)i;
}

Amends__V1__Escalation *message_escalation(const struct escalation_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Escalation *e = make_alloc(&m, sizeof(*e));
    if (!e)
        return NULL;
    amends__v1__escalation__init(e);
    e->cause = (Amends__V1__EscalationCause)row->cause;
    if (row->cause == ESCALATION_CAUSE_CLOCK) {
        make_uuid(&m, &e->clock_id, &row->clock_id);
        e->instance = row->instance;
        if (row->threshold > 0)
            e->threshold = row->threshold;
        else
            make_duration(&m, &e->before, -(int64_t)row->threshold);
    }
    e->from_level = row->from_level;
    e->to_level = row->to_level;
    make_actions(&m, e, row->actions);
    make_money(&m, &e->cost, row->cost_currency, row->cost_micros);
    make_time(&m, &e->due_time, row->due_at);
    return m.full ? NULL : e;
}
