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
static struct case_facts facts_of(const struct clocks_look *look, const struct clock_row *clock)
{
    struct case_facts facts = look->facts;
    case_facts_of_clock(look->d->c, look->d->policy, clock, &facts);
    return facts;
}

static bool try_cancel(struct clocks_look *look, struct clock_row *clock,
                       const struct policy_clock *def)
{
    int64_t since = 0;
    if (!case_holds(&def->cancel, &look->facts, &since))
        return false;
    clock_cancel(look->d, clock);
    return true;
}

/* Of an ended clock too: a stop that came earlier and is told later. */
static bool try_stop(struct clocks_look *look, struct clock_row *clock,
                     const struct policy_clock *def, const struct case_facts *facts)
{
    int64_t since = 0;
    if (!case_holds(&def->stop, facts, &since))
        return false;
    clock_stop(look->d, clock, since, false);
    return true;
}

static bool try_reset(struct clocks_look *look, struct clock_row *clock,
                      const struct policy_clock *def, const struct case_facts *facts)
{
    struct case_facts last = *facts;
    int64_t since = 0;
    int64_t start = 0;
    last.since_us[FACT_CONTACT] = facts->last_contact_us;
    if (!case_holds(&def->reset, &last, &since) || since <= clock->started_at ||
        !case_holds(&def->start, &look->facts, &start))
        return false;
    clock_stop(look->d, clock, since, false);
    clock_begin(look, clock, def, since);
    return true;
}

static void refresh_open(struct clocks_look *look, struct clock_row *clock,
                         const struct policy_clock *def)
{
    if (try_cancel(look, clock, def))
        return;
    const struct case_facts facts = facts_of(look, clock);
    if (!try_stop(look, clock, def, &facts) && !try_reset(look, clock, def, &facts))
        clock_refresh_pause(look, clock, def);
}

static void refresh_ended(struct clocks_look *look, struct clock_row *clock,
                          const struct policy_clock *def)
{
    const struct case_facts facts = facts_of(look, clock);
    (void)try_stop(look, clock, def, &facts);
}

bool definition_starts(const struct clocks_look *look, const struct policy_clock *def,
                       int64_t *since_us)
{
    int64_t ignored = 0;
    return def->n_targets > 0 && case_holds(&def->start, &look->facts, since_us) &&
           !case_holds(&def->cancel, &look->facts, &ignored) &&
           !case_holds(&def->stop, &look->facts, &ignored);
}

/* A case comes back to a level when its new policy has no more of them, and is resolved again when
 * it went back to work after it was. */
static bool may_start_again(const struct clocks_look *look, const struct clock_row *before,
                            const struct policy_clock *def)
{
    const struct case_row *row = &look->d->c->row;
    return def->again || (def->kind == CLOCK_KIND_LEVEL && before->started_at < row->level_since) ||
           (def->kind == CLOCK_KIND_FOLLOW_UP && before->started_at < row->resolved_at);
}

/* A definition that starts `again` uses its row again, so that rows do not grow with the contacts
 * of a case; what became of the instance before is in the history. */
static void try_start(struct clocks_look *look, struct clock_row *before,
                      const struct policy_clock *def)
{
    int64_t since = 0;
    if ((before && !may_start_again(look, before, def)) || !definition_starts(look, def, &since))
        return;
    struct clock_row *clock = before ? before : clock_add(look->d, def->kind);
    clock_begin(look, clock, def, before ? larger(since, before->stopped_at) : since);
    clock_refresh_pause(look, clock, def);
}

static void refresh_definition(struct clocks_look *look, const struct policy_clock *def)
{
    struct clock_row *clock = clock_of_definition(look->d, def);
    if (clock && clock_is_open(clock))
        refresh_open(look, clock, def);
    else if (clock)
        refresh_ended(look, clock, def);
    if (!clock || !clock_is_open(clock))
        try_start(look, clock, def);
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
static void end_all(struct clocks_look *look)
{
    struct decision *d = look->d;
    ROWS_EACH (clock, struct clock_row, &d->c->clocks) {
        if (!clock_is_open(clock))
            continue;
        const struct policy_clock *def = clock_definition(d->policy, clock);
        const struct case_facts facts = facts_of(look, clock);
        if (def && !clock_kind_has_subject(clock->kind) && try_stop(look, clock, def, &facts))
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

void clocks_refresh(struct decision *d)
{
    struct clocks_look look = {.d = d};
    case_facts(d->c, d->policy, d->now_us, &look.facts);
    if (status_is_final(d->c->row.status)) {
        end_all(&look);
        return;
    }
    if (d->c->row.round > 1)
        end_earlier_rounds(d);
    for (size_t i = 0; i < d->policy->n_clocks; i++)
        if (!clock_kind_has_subject(d->policy->clocks[i].kind))
            refresh_definition(&look, &d->policy->clocks[i]);
    clocks_refresh_subjects(&look);
    clocks_retarget(&look);
    end_case_pause(d);
}
