/* SPDX-License-Identifier: Apache-2.0 */

/* What starts, stops, resets and pauses the clocks of a case: rules.h has the order. */

#include <string.h>

#include "base/time.h"
#include "base/minmax.h"
#include "case/clocks/impl.h"
#include "contract/words.h"

/* -- which clocks -------------------------------------------------------------------------------
 */

/* Clocks of before definitions had names are those of their kind. */
static bool is_of(const struct clock_row *clock, const struct policy *p,
                  const struct policy_clock *def)
{
    if (clock->kind != def->kind)
        return false;
    return clock->name[0] != '\0' ? strcmp(clock->name, def->name) == 0
                                  : policy_clock_of_kind(p, def->kind) == def;
}

/* The definition's clock of the round: the one that began last. */
static struct clock_row *clock_of(struct decision *d, const struct policy_clock *def)
{
    struct clock_row *latest = NULL;
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (clock->round == d->c->row.round && is_of(clock, d->policy, def) &&
            (!latest || clock->started_at > latest->started_at))
            latest = clock;
    return latest;
}

/* -- one definition -----------------------------------------------------------------------------
 */

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

static bool starts(const struct settling *s, const struct policy_clock *def, int64_t *since_us)
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
    if ((before && !may_start_again(s, before, def)) || !starts(s, def, &since))
        return;
    struct clock_row *clock = before ? before : clock_add(s->d, def->kind);
    clock_begin(s, clock, def, before ? larger(since, before->stopped_at) : since);
    clock_settle_pause(s, clock, def);
}

static void settle_definition(struct settling *s, const struct policy_clock *def)
{
    struct clock_row *clock = clock_of(s->d, def);
    if (clock && clock_is_open(clock))
        settle_open(s, clock, def);
    else if (clock)
        settle_ended(s, clock, def);
    if (!clock || !clock_is_open(clock))
        settle_start(s, clock, def);
}

/* -- the case -----------------------------------------------------------------------------------
 */

/* The clocks of a round that is over are kept as they ended. */
static void end_earlier_rounds(struct decision *d)
{
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (clock->round != d->c->row.round && !clock_measures_subject(clock->kind) &&
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
        if (def && !clock_measures_subject(clock->kind) && settle_stop(s, clock, def, &facts))
            continue;
        clock_cancel(d, clock);
    }
}

/* Clocks saw its end by time; the row follows with the next change. */
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
        if (!clock_measures_subject(d->policy->clocks[i].kind))
            settle_definition(&s, &d->policy->clocks[i]);
    clocks_settle_subjects(&s);
    end_case_pause(d);
}

/* -- another policy -----------------------------------------------------------------------------
 */

struct due {
    struct uuid clock_id;
    int64_t due_at;
};

static void move(struct settling *s, struct clock_row *clock)
{
    struct decision *d = s->d;
    const struct policy_clock *def = clock_definition(d->policy, clock);
    bool given = clock->kind == CLOCK_KIND_OFFER || clock->kind == CLOCK_KIND_PROMISE;
    if (!def && !given) {
        clock_cancel(d, clock);
        return;
    }
    if (given) {
        clock->name = def ? def->name : "";
        clock->policy_version = d->policy->version;
    } else {
        clock_lay_out(s, clock, def);
    }
    clock_arm(d, clock);
    if (clock->state == CLOCK_STATE_BREACHED && clock->due_at <= d->now_us)
        clock->breached_at = clock->due_at;
    clock_touch(clock);
}

static const struct due *due_before(const struct due *before, size_t n,
                                    const struct clock_row *clock)
{
    for (size_t i = 0; i < n; i++)
        if (uuid_eq(&before[i].clock_id, &clock->clock_id))
            return &before[i];
    return NULL;
}

/* A clock that starts behind its deadline had none before. */
static void compare(const struct decision *d, const struct clock_row *clock,
                    const struct due *before, struct clocks_migrated *out)
{
    bool open = clock_is_open(clock);
    if (before ? !open || clock->due_at != before->due_at : open)
        out->changed = true;
    if (clock->state != CLOCK_STATE_RUNNING || clock->due_at >= d->now_us)
        return;
    if (out->n_breaching++ == 0) {
        out->breaching = clock;
        out->old_due_us = before ? before->due_at : 0;
    }
}

/* A clock that an earlier policy had no definition for, and this one has again: as if it were new.
 * One that its `cancel` ended begins again with it, if it would start now: no case is left alone.
 */
static void revive(struct settling *s)
{
    for (size_t i = 0; i < s->d->policy->n_clocks; i++) {
        const struct policy_clock *def = &s->d->policy->clocks[i];
        int64_t since = 0;
        struct clock_row *clock = clock_measures_subject(def->kind) ? NULL : clock_of(s->d, def);
        if (clock && clock->state == CLOCK_STATE_CANCELLED && starts(s, def, &since))
            clock_begin(s, clock, def, since);
    }
}

void clocks_migrate(struct decision *d, struct clocks_migrated *out)
{
    struct rows *clocks = &d->c->clocks;
    struct settling s = {.d = d};
    struct due *before = ARENA_ARRAY(d->arena, struct due, clocks->n + 1);
    size_t n = 0;
    case_facts(d->c, d->policy, d->now_us, &s.facts);
    ROWS_EACH (clock, struct clock_row, clocks) {
        if (!clock_is_open(clock))
            continue;
        before[n++] = (struct due){clock->clock_id, clock->due_at};
        move(&s, clock);
    }
    revive(&s);
    clocks_settle(d);
    *out = (struct clocks_migrated){0};
    ROWS_EACH (clock, const struct clock_row, clocks) {
        const struct due *was = due_before(before, n, clock);
        if (was || clock_is_open(clock))
            compare(d, clock, was, out);
    }
}
