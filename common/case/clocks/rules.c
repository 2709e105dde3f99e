/* SPDX-License-Identifier: Apache-2.0 */

/* What starts, stops, resets and pauses the clocks of a case: clocks.h has the order. */

#include <string.h>

#include "base/time.h"
#include "base/minmax.h"
#include "case/clocks/impl.h"
#include "contract/clock_kinds.h"
#include "contract/statuses.h"

/* -- which clocks ----------------------------------------------------------------------------- */

/* Clocks of before definitions had names are those of their kind. */
static bool is_of(const struct clock_row *clock, const struct policy *p,
                  const struct policy_clock *def)
{
    if (clock->kind != def->kind)
        return false;
    return clock->name[0] != '\0' ? strcmp(clock->name, def->name) == 0
                                  : policy_clock_of_kind(p, def->kind) == def;
}

struct clock_row *clock_of_definition(struct decision *d, const struct policy_clock *def)
{
    struct clock_row *latest = NULL;
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (clock->round == d->c->row.round && is_of(clock, d->policy, def) &&
            (!latest || clock->started_at > latest->started_at))
            latest = clock;
    return latest;
}

/* -- one definition --------------------------------------------------------------------------- */

/* Facts as stop and reset see them. */
static struct case_facts facts_of(const struct settling *s, const struct clock_row *clock)
{
    struct case_facts facts = s->facts;
    case_facts_of_clock(s->d->c, clock, &facts);
    return facts;
}

static bool settle_cancel(struct settling *s, struct clock_row *clock,
                          const struct policy_clock *def)
{
    int64_t since = 0;
    if (!case_holds(&def->cancel, &s->facts, &since))
        return false;
    clock_cancel(s->d, clock);
    return true;
}

/* Of an ended clock too: a stop that came earlier and is told later. */
static bool settle_stop(struct settling *s, struct clock_row *clock, const struct policy_clock *def,
                        const struct case_facts *facts)
{
    int64_t since = 0;
    if (!case_holds(&def->stop, facts, &since))
        return false;
    clock_stop(s->d, clock, since, false);
    return true;
}

static bool settle_reset(struct settling *s, struct clock_row *clock,
                         const struct policy_clock *def, const struct case_facts *facts)
{
    struct case_facts last = *facts;
    int64_t since = 0;
    int64_t start = 0;
    last.since_us[FACT_CONTACT] = facts->last_contact_us;
    if (!case_holds(&def->reset, &last, &since) || since <= clock->started_at ||
        !case_holds(&def->start, &s->facts, &start))
        return false;
    clock_stop(s->d, clock, since, false);
    clock_begin(s, clock, def, since);
    return true;
}

static void settle_open(struct settling *s, struct clock_row *clock, const struct policy_clock *def)
{
    if (settle_cancel(s, clock, def))
        return;
    const struct case_facts facts = facts_of(s, clock);
    if (!settle_stop(s, clock, def, &facts) && !settle_reset(s, clock, def, &facts))
        clock_settle_pause(s, clock, def);
}

static void settle_ended(struct settling *s, struct clock_row *clock,
                         const struct policy_clock *def)
{
    const struct case_facts facts = facts_of(s, clock);
    (void)settle_stop(s, clock, def, &facts);
}

bool definition_starts(const struct settling *s, const struct policy_clock *def, int64_t *since_us)
{
    int64_t ignored = 0;
    return def->n_targets > 0 && case_holds(&def->start, &s->facts, since_us) &&
           !case_holds(&def->cancel, &s->facts, &ignored) &&
           !case_holds(&def->stop, &s->facts, &ignored);
}

/* A case comes back to a level when its new policy has no more of them. */
static bool may_start_again(const struct settling *s, const struct clock_row *before,
                            const struct policy_clock *def)
{
    return def->again ||
           (def->kind == CLOCK_KIND_LEVEL && before->started_at < s->d->c->row.level_since);
}

/* A definition that starts `again` uses its row again, so that rows do not grow with the contacts
 * of a case; what became of the instance before is in the history. */
static void settle_start(struct settling *s, struct clock_row *before,
                         const struct policy_clock *def)
{
    int64_t since = 0;
    if ((before && !may_start_again(s, before, def)) || !definition_starts(s, def, &since))
        return;
    struct clock_row *clock = before ? before : clock_add(s->d, def->kind);
    clock_begin(s, clock, def, before ? larger(since, before->stopped_at) : since);
    clock_settle_pause(s, clock, def);
}

static void settle_definition(struct settling *s, const struct policy_clock *def)
{
    struct clock_row *clock = clock_of_definition(s->d, def);
    if (clock && clock_is_open(clock))
        settle_open(s, clock, def);
    else if (clock)
        settle_ended(s, clock, def);
    if (!clock || !clock_is_open(clock))
        settle_start(s, clock, def);
}

/* -- the case --------------------------------------------------------------------------------- */

/* The clocks of a round that is over are kept as they ended. */
static void end_earlier_rounds(struct decision *d)
{
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (clock->round != d->c->row.round && !clock_kind_has_subject(clock->kind) &&
            clock_is_open(clock))
            clock_cancel(d, clock);
}

/* Nothing is measured any more; what was late by then was late. */
static void end_all(struct settling *s)
{
    struct decision *d = s->d;
    ROWS_EACH (clock, struct clock_row, &d->c->clocks) {
        if (!clock_is_open(clock))
            continue;
        const struct policy_clock *def = clock_definition(d->policy, clock);
        const struct case_facts facts = facts_of(s, clock);
        if (def && !clock_kind_has_subject(clock->kind) && settle_stop(s, clock, def, &facts))
            continue;
        clock_cancel(d, clock);
    }
}

/* Clocks ignore a pause past resume_at. The row is cleared at the next write. */
static void end_case_pause(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (row->paused_at == 0 || row->resume_at > d->now_us)
        return;
    row->paused_ms += (row->resume_at - row->paused_at) / US_PER_MS;
    row->paused_at = row->resume_at = 0;
    row->pause_reason = 0;
    row_touch(&row->row);
}

void clocks_settle(struct decision *d)
{
    struct settling s = {.d = d};
    case_facts(d->c, d->policy, d->now_us, &s.facts);
    if (status_is_final(d->c->row.status)) {
        end_all(&s);
        return;
    }
    if (d->c->row.round > 1)
        end_earlier_rounds(d);
    for (size_t i = 0; i < d->policy->n_clocks; i++)
        if (!clock_kind_has_subject(d->policy->clocks[i].kind))
            settle_definition(&s, &d->policy->clocks[i]);
    clocks_settle_subjects(&s);
    end_case_pause(d);
}
