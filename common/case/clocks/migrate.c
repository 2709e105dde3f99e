/* SPDX-License-Identifier: Apache-2.0 */

/* The clocks of a case that moves to another policy version. */

#include <string.h>

#include "base/time.h"
#include "case/clocks/impl.h"
#include "contract/clock_kinds.h"

struct due {
    struct uuid clock_id;
    int64_t due_at;
};

/* It goes on in the calendar and the zone that it began in. A customer's zone that became known
 * since counts for clocks that begin after that. */
static bool counts_alike(const struct clocks_look *look, const struct clock_row *clock,
                         const struct policy_clock *def)
{
    const struct policy *p = look->d->policy;
    const char *calendar = def->calendar >= 0 ? p->calendars[def->calendar].name : "";
    if (strcmp(clock->calendar, calendar) != 0)
        return false;
    if (clock->time_zone[0] == '\0')
        return calendar[0] == '\0';
    const char *known = look->d->c->row.time_zone;
    const struct zone *zone = zone_get(clock->time_zone);
    return zone == policy_zone(p, def->calendar, def->customer_zone, known) ||
           (def->customer_zone && zone == policy_zone(p, def->calendar, true, ""));
}

/* A re-target to days may have left a stretch of any time: it has no calendar to compare. */
static bool keeps_target(const struct clocks_look *look, const struct clock_row *clock,
                         const struct policy_clock *def)
{
    bool of_days = clock_chosen(clock).unit != POLICY_UNIT_TIME;
    bool timeless = of_days && clock->target_unit == POLICY_UNIT_TIME;
    return clock_has_target(clock, clock_target(look, def)) &&
           (timeless || counts_alike(look, clock, def));
}

static void lay_out_anew(struct clocks_look *look, struct clock_row *clock,
                         const struct policy_clock *def)
{
    if (def && !clock_kind(clock->kind)->is_given && !keeps_target(look, clock, def)) {
        clock_lay_out(look, clock, def);
        return;
    }
    clock->name = def ? def->name : "";
    clock->policy_version = look->d->policy->version;
}

void clock_follow_policy(struct clocks_look *look, struct clock_row *clock,
                         const struct policy_clock *def)
{
    struct deadline line;
    lay_out_anew(look, clock, def);
    clock_line(look->d, clock, &line);
    clock->fired = threshold_carried(def, &line, clock->fired);
}

static void move_clock(struct clocks_look *look, struct clock_row *clock)
{
    struct decision *d = look->d;
    const struct policy_clock *def = clock_definition(d->policy, clock);
    if (!def && !clock_kind(clock->kind)->is_given) {
        clock_cancel(d, clock);
        return;
    }
    clock_follow_policy(look, clock, def);
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
static void note_change(const struct decision *d, const struct clock_row *clock,
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
static void revive_cancelled(struct clocks_look *look)
{
    for (size_t i = 0; i < look->d->policy->n_clocks; i++) {
        const struct policy_clock *def = &look->d->policy->clocks[i];
        int64_t since = 0;
        struct clock_row *clock =
            clock_kind_has_subject(def->kind) ? NULL : clock_of_definition(look->d, def);
        if (clock && clock->state == CLOCK_STATE_CANCELLED && definition_starts(look, def, &since))
            clock_begin(look, clock, def, since);
    }
}

void clocks_migrate(struct decision *d, struct clocks_migrated *out)
{
    struct rows *clocks = &d->c->clocks;
    struct clocks_look look = {.d = d};
    struct due *before = ARENA_ARRAY(d->arena, struct due, clocks->n + 1);
    size_t n = 0;
    case_facts(d->c, d->policy, d->now_us, &look.facts);
    ROWS_EACH (clock, struct clock_row, clocks) {
        if (!clock_is_open(clock))
            continue;
        before[n++] = (struct due){clock->clock_id, clock->due_at};
        move_clock(&look, clock);
    }
    revive_cancelled(&look);
    clocks_refresh(d);
    *out = (struct clocks_migrated){0};
    ROWS_EACH (clock, const struct clock_row, clocks) {
        const struct due *was = due_before(before, n, clock);
        if (was || clock_is_open(clock))
            note_change(d, clock, was, out);
    }
}
