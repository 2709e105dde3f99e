/* SPDX-License-Identifier: Apache-2.0 */
#include "case/clocks/facts.h"

#include <string.h>

#include "base/minmax.h"
#include "case/clocks/wait.h"
#include "contract/remedy_states.h"
#include "contract/statuses.h"

/* -- contacts --------------------------------------------------------------------------------- */

/* The first and the last contact in a span that reached the customer; 0 = none did. */
struct reached {
    int64_t first_us, last_us;
};

static struct reached reached_since(const struct case_state *c, int64_t since_us)
{
    struct reached r = {0};
    ROWS_EACH (contact, const struct contact_row, &c->contacts) {
        if (!contact_reached(contact) || contact->at < since_us)
            continue;
        r.first_us = r.first_us != 0 ? smaller(r.first_us, contact->at) : contact->at;
        r.last_us = larger(r.last_us, contact->at);
    }
    return r;
}

/* -- progress --------------------------------------------------------------------------------- */

/* The first of the instants that lies after another; INT64_MAX when none does. */
static int64_t first_after(int64_t first, int64_t at_us, int64_t after_us)
{
    return at_us > after_us ? smaller(first, at_us) : first;
}

/* The first progress after the case entered its level; 0 = none. */
static int64_t progress_at(const struct case_state *c)
{
    int64_t since = c->row.level_since;
    int64_t first = INT64_MAX;
    ROWS_EACH (contact, const struct contact_row, &c->contacts)
        if (contact_reached(contact))
            first = first_after(first, contact->at, since);
    ROWS_EACH (remedy, const struct remedy_row, &c->remedies) {
        first = first_after(first, remedy->proposed_at, since);
        first = first_after(first, remedy->fulfilled_at, since);
        if (remedy_state(remedy->state)->was_accepted)
            first = first_after(first, remedy->responded_at, since);
    }
    return first == INT64_MAX ? 0 : first;
}

/* -- all of them ------------------------------------------------------------------------------ */

static void set_fact(struct case_facts *f, enum fact fact, int value, int64_t since_us,
                     int64_t else_us)
{
    f->values.value[fact] = (uint8_t)value;
    f->since_us[fact] = since_us != 0 ? since_us : else_us;
}

static int64_t status_since(const struct case_row *row)
{
    if (row->status == CASE_STATUS_RESOLVED)
        return row->resolved_at;
    return row->status == CASE_STATUS_CLOSED ? row->closed_at : 0;
}

static void set_row_facts(struct case_facts *f, const struct case_row *row, const struct policy *p,
                          int64_t now_us)
{
    bool paused = row->paused_at != 0 && row->resume_at > now_us;
    set_fact(f, FACT_STATUS, row->status, status_since(row), now_us);
    set_fact(f, FACT_SEVERITY, row->severity, 0, now_us);
    set_fact(f, FACT_CHANNEL, row->channel, f->round_since_us, now_us);
    set_fact(f, FACT_TRIGGER, row->trigger, f->round_since_us, now_us);
    set_fact(f, FACT_TIER, policy_tier(p, row->customer_tier), f->round_since_us, now_us);
    set_fact(f, FACT_OWNER, row->owner_kind, row->owner_since, now_us);
    set_fact(f, FACT_LEVEL, row->level, row->level_since, now_us);
    set_fact(f, FACT_PAUSED, paused, paused ? row->paused_at : row->resume_at, now_us);
    set_fact(f, FACT_ACKNOWLEDGED, row->acknowledged_at != 0, row->acknowledged_at,
             row->level_since);
}

static void set_contact_fact(struct case_facts *f, const struct case_state *c, int64_t since_us)
{
    struct reached r = reached_since(c, since_us);
    set_fact(f, FACT_CONTACT, r.first_us != 0, r.first_us, since_us);
    f->last_contact_us = r.last_us;
}

static int failure_of(const struct case_row *row, const struct policy *p)
{
    const struct policy_failure *failure = policy_failure_find(p, row->failure_code);
    return failure ? (int)(failure - p->failures) : -1;
}

void case_facts(const struct case_state *c, const struct policy *p, int64_t now_us,
                struct case_facts *out)
{
    int64_t progress = progress_at(c);
    out->round_since_us = case_round_since(&c->row);
    out->values.failure = failure_of(&c->row, p);
    set_row_facts(out, &c->row, p, now_us);
    set_contact_fact(out, c, out->round_since_us);
    struct customer_wait wait = case_wait(c, p, 0);
    set_fact(out, FACT_CUSTOMER, wait.waits, wait.since_us, out->round_since_us);
    set_fact(out, FACT_REMEDY, case_owes_remedy(c), 0, now_us);
    set_fact(out, FACT_PROMISE, case_has_open_promise(c), 0, now_us);
    set_fact(out, FACT_PROGRESS, progress != 0, progress, c->row.level_since);
}

/* What the customer said before has been answered by the first answer since then, whatever they
 * said after that: an answer that is told late ends the wait it answered. */
void case_facts_of_clock(const struct case_state *c, const struct policy *p,
                         const struct clock_row *clock, struct case_facts *facts)
{
    set_contact_fact(facts, c, clock->started_at);
    struct customer_wait wait = case_wait(c, p, clock->started_at);
    if (wait.answer_us != 0)
        set_fact(facts, FACT_CUSTOMER, 0, wait.answer_us, 0);
}

/* -- conditions ------------------------------------------------------------------------------- */

/* What allows all that the status may have been before has been so since the round began. */
static bool since_round(const struct condition_box *b, const struct case_facts *f, enum fact fact)
{
    uint32_t bits = STATUSES_WAITING;
    if (fact != FACT_STATUS)
        return false;
    if (!status_is_waiting(f->values.value[FACT_STATUS]))
        bits |= BIT_OF(CASE_STATUS_RESOLVED);
    return (b->allowed[fact] & bits) == bits;
}

static int64_t box_since(const struct condition_box *b, const struct case_facts *f)
{
    int64_t since = f->round_since_us;
    for (int fact = 0; fact < FACTS; fact++)
        if (b->allowed[fact] != UINT32_MAX && !since_round(b, f, fact))
            since = larger(since, f->since_us[fact]);
    return since;
}

bool case_holds(const struct policy_condition *condition, const struct case_facts *facts,
                int64_t *since_us)
{
    *since_us = INT64_MAX;
    for (size_t i = 0; i < condition->n; i++)
        if (box_holds(&condition->boxes[i], &facts->values))
            *since_us = smaller(*since_us, box_since(&condition->boxes[i], facts));
    return *since_us != INT64_MAX;
}
