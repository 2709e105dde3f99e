/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Steps of the ladder: the row of each is compared with the event that tells of it. A step of a
 * clock is named by clock, instance and threshold, which its events show; of two events that tell
 * of one, the later is compared. Another step is found by its instant. A promise that was broken
 * without a climb has a row and no event of its own: it is told with the promise.
 */

#include <stdio.h>
#include <string.h>

#include "case/history/proof_impl.h"
#include "case/message/message.h"
#include "contract/words.h"

#define KIND(name) AMENDS__V1__HISTORY_FINDING_KIND__HISTORY_FINDING_KIND_##name
/* Events that a step may state before its own. */
#define EVENTS_BEFORE 8
#define STEP_NAME 80

static const struct escalation_row *step_at(const struct proof *p, size_t i)
{
    return ROW_AT(&p->c->escalations, const struct escalation_row, i);
}

static void name_step(const struct escalation_row *row, char name[STEP_NAME])
{
    char id[UUID_TEXT_LEN + 1];
    (void)snprintf(name, STEP_NAME, "escalation %s/%d/%d", uuid_format(&row->clock_id, id),
                   row->instance, row->threshold);
}

static int32_t threshold_of(const Amends__V1__Escalation *shown)
{
    return shown->before ? (int32_t)-shown->before->seconds : shown->threshold;
}

static bool is_step_of_clock(const struct escalation_row *row, const Amends__V1__Escalation *shown)
{
    struct uuid id;
    return uuid_parse(shown->clock_id, &id) == AM_OK && uuid_eq(&row->clock_id, &id) &&
           row->instance == shown->instance && row->threshold == threshold_of(shown);
}

/* The place of the row; the number of rows when there is none. */
static size_t find_step(const struct proof *p, const struct event_row *e,
                        const Amends__V1__Escalation *shown)
{
    const size_t n = p->c->escalations.n;
    for (size_t i = 0; i < n; i++) {
        const struct escalation_row *row = step_at(p, i);
        if ((int)shown->cause == ESCALATION_CAUSE_CLOCK
                ? is_step_of_clock(row, shown)
                : !p->steps[i] && row->cause == (int)shown->cause && row->at == e->at)
            return i;
    }
    return n;
}

static const struct clock_row *clock_of(const struct proof *p, const struct escalation_row *row)
{
    const size_t i = proof_find_row(p, PROOF_CLOCK, &row->clock_id);
    return i < p->c->clocks.n ? ROW_AT(&p->c->clocks, const struct clock_row, i) : NULL;
}

/* A step that is no clock's is numbered by the event that tells of it, or one just before. */
static bool is_numbered(const struct escalation_row *row, int64_t seq)
{
    return row->threshold == 0 && row->instance <= seq && row->instance > seq - EVENTS_BEFORE;
}

static bool is_of_round(const struct proof *p, const struct escalation_row *row)
{
    const struct clock_row *clock = clock_of(p, row);
    if (clock && clock->instance == row->instance)
        return row->round == clock->round;
    return clock ? row->round >= 1 && row->round <= p->c->row.round : row->round == p->round;
}

/* What the message does not show. */
static void compare_rest(struct proof *p, const struct event_row *e,
                         const struct escalation_row *row, const char *name)
{
    const bool has_clock = !uuid_is_zero(&row->clock_id);
    if (row->at != e->at)
        proof_differs(p, e->seq, name, "at");
    if (strcmp(row->actor, e->actor) != 0)
        proof_differs(p, e->seq, name, "actor");
    if (has_clock ? !clock_of(p, row) : !is_numbered(row, e->seq))
        proof_differs(p, e->seq, name, "instance");
    if (row->cause == ESCALATION_CAUSE_PROMISE && has_clock && row->threshold != 0)
        proof_differs(p, e->seq, name, "threshold");
    if (!is_of_round(p, row))
        proof_differs(p, e->seq, name, "round");
}

static void compare_step(struct proof *p, const struct event_row *e,
                         const struct escalation_row *row, const Amends__V1__Escalation *shown,
                         struct arena *scratch)
{
    char name[STEP_NAME];
    const bool whole = proof_whole_money(row->cost_currency, row->cost_micros);
    const Amends__V1__Escalation *is = whole ? message_escalation(row, scratch) : NULL;
    name_step(row, name);
    p->rows++;
    if (proof_compare(p, e->seq, name, is ? &is->base : NULL, &shown->base))
        compare_rest(p, e, row, name);
}

void proof_take_step(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                     struct arena *scratch)
{
    const Amends__V1__Escalation *shown = d->escalation;
    const size_t i = shown ? find_step(p, e, shown) : 0;
    if (shown && i == p->c->escalations.n) {
        proof_find(p, KIND(ROW_MISSING), e->seq, "escalation", "",
                   "the event shows a step of the ladder, whose row is not there");
    } else if (shown && !p->steps[i]) {
        p->steps[i] = true;
        compare_step(p, e, step_at(p, i), shown, scratch);
    }
    if (e->kind == EVENT_KIND_CASE_REOPENED && d->round > 0)
        p->round = d->round - 1;
}

/* Replicas of the first release may have told less. */
void proof_end_steps(struct proof *p)
{
    char name[STEP_NAME], text[STEP_NAME + 32];
    for (size_t i = 0; i < p->c->escalations.n && !p->distrust; i++) {
        const struct escalation_row *row = step_at(p, i);
        if (p->steps[i] ||
            (row->cause == ESCALATION_CAUSE_PROMISE && row->from_level == row->to_level))
            continue;
        name_step(row, name);
        (void)snprintf(text, sizeof(text), "no event shows the %s", name);
        proof_find(p, KIND(ROW_UNKNOWN), 0, name, "", text);
    }
}
