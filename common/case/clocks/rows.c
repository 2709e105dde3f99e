/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of clocks: found, added, marked as changed. */

#include "case/clocks/impl.h"
#include "contract/words.h"

void clock_touch(struct clock_row *clock)
{
    clock->generation++;
    clock->untold = true;
    row_touch(&clock->row);
}

bool clock_is_open(const struct clock_row *clock)
{
    return clock->state == CLOCK_STATE_RUNNING || clock->state == CLOCK_STATE_PAUSED ||
           (clock->state == CLOCK_STATE_BREACHED && clock->stopped_at == 0);
}

struct clock_row *clock_running(struct case_state *c, int kind)
{
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (clock->kind == kind && clock->state == CLOCK_STATE_RUNNING)
            return clock;
    return NULL;
}

struct clock_row *clock_open(struct case_state *c, int kind)
{
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (clock->kind == kind && clock->round == c->row.round && clock_is_open(clock))
            return clock;
    return NULL;
}

struct clock_row *clock_measuring(struct case_state *c, int kind, const struct uuid *subject)
{
    struct clock_row *latest = NULL;
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if ((kind == CLOCK_KIND_UNSPECIFIED || clock->kind == kind) &&
            uuid_eq(&clock->subject_id, subject) &&
            (!latest || clock->started_at >= latest->started_at))
            latest = clock;
    return latest;
}

struct clock_row *clock_of_subject(struct case_state *c, const struct uuid *subject)
{
    return clock_measuring(c, CLOCK_KIND_UNSPECIFIED, subject);
}

/* -- new rows --------------------------------------------------------------------------------- */

/* Of those that have ended, the one that did so first. There is one: a case has fewer offers,
 * promises, remedies and definitions open at a time than it may have clocks. */
static struct clock_row *ended_first(struct case_state *c)
{
    struct clock_row *first = NULL;
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (!clock_is_open(clock) && (!first || clock->stopped_at < first->stopped_at))
            first = clock;
    return first;
}

static struct clock_row *use_again(struct clock_row *old)
{
    const struct clock_row was = *old;
    *old = (struct clock_row){.row = was.row,
                              .tenant_id = was.tenant_id,
                              .case_id = was.case_id,
                              .clock_id = was.clock_id,
                              .instance = was.instance,
                              .generation = was.generation};
    return old;
}

static struct clock_row *new_row(struct decision *d)
{
    struct case_state *c = d->c;
    struct clock_row *old = c->clocks.n >= CASE_CLOCKS_MAX ? ended_first(c) : NULL;
    if (old)
        return use_again(old);
    struct clock_row *clock = ROWS_ADD(&c->clocks, struct clock_row, d->arena);
    clock->tenant_id = c->row.tenant_id;
    clock->case_id = c->row.case_id;
    clock->clock_id = decision_id(d);
    return clock;
}

struct clock_row *clock_add(struct decision *d, int kind)
{
    struct clock_row *clock = new_row(d);
    clock->kind = (int16_t)kind;
    clock->name = clock->calendar = clock->time_zone = clock->pauses = clock->retargets = "";
    return clock;
}
