/* SPDX-License-Identifier: Apache-2.0 */

/* Choosing the target of a running clock anew. */

#include "case/clocks/retarget.h"

#include "base/minmax.h"
#include "base/time.h"
#include "case/clocks/impl.h"
#include "contract/clock_kinds.h"
#include "contract/words.h"

#define QUARTER 4

/* -- which target ----------------------------------------------------------------------------- */

bool clock_has_target(const struct clock_row *clock, const struct policy_target *target)
{
    const struct chosen_target chosen = clock_chosen(clock);
    return chosen.unit == target->unit &&
           chosen.amount == (target->unit == POLICY_UNIT_TIME ? target->ms : target->days);
}

/* -- when it would be due --------------------------------------------------------------------- */

/* What a new target comes to: a target of the row, and the instant. */
struct aim {
    enum policy_unit unit;
    bool timeless;  /* a stretch of any time, not of the calendar's */
    int64_t amount; /* as in struct retarget */
    int64_t due_us;
};

static int64_t due_after(struct deadline *line, int64_t target_us)
{
    line->unit = POLICY_UNIT_TIME;
    line->target_ms = target_us / US_PER_MS;
    line->target_rest_us = (int32_t)(target_us % US_PER_MS);
    return deadline_at(line, DUE_PERCENT);
}

static struct aim aim_time(struct deadline *line, int64_t now_us, int64_t target_ms)
{
    int64_t target_us = target_ms * US_PER_MS;
    int64_t from_now = deadline_used_us(line, now_us) + target_us / QUARTER;
    struct aim aim = {.unit = POLICY_UNIT_TIME, .amount = larger(target_us, from_now)};
    aim.due_us = due_after(line, aim.amount);
    return aim;
}

/* A quarter of the working time, or of all time, between now and the end of the days from now. */
static int64_t quarter_of_days(const struct deadline *line, int64_t now_us)
{
    struct deadline from_now = *line;
    from_now.start_us = now_us;
    int64_t end = deadline_at(&from_now, DUE_PERCENT);
    const struct calendar *of = line->unit == POLICY_UNIT_BUSINESS_DAYS ? line->calendar : NULL;
    return calendar_add(of, now_us, calendar_between(of, now_us, end) / QUARTER);
}

/* Days are counted from the start; an instant that lies behind them is a stretch of any time. */
static struct aim aim_days(struct deadline *line, int64_t now_us, enum policy_unit unit,
                           int32_t days)
{
    line->unit = unit;
    line->target_days = days;
    struct aim aim = {.unit = unit, .amount = days, .due_us = deadline_at(line, DUE_PERCENT)};
    int64_t from_now = quarter_of_days(line, now_us);
    if (from_now <= aim.due_us)
        return aim;
    line->calendar = NULL;
    line->unit = POLICY_UNIT_TIME;
    return (struct aim){.unit = POLICY_UNIT_TIME,
                        .timeless = true,
                        .amount = deadline_used_us(line, from_now),
                        .due_us = from_now};
}

/* The clock's start and pauses, in the definition's calendar and the zone it was laid out in. */
static bool line_of(const struct clocks_look *look, const struct clock_row *clock,
                    const struct policy_clock *def, struct deadline *line)
{
    const struct policy *p = look->d->policy;
    if (deadline_of(clock, p, line) != AM_OK)
        return false;
    if (!line->zone)
        line->zone = policy_zone(p, def->calendar, def->customer_zone, look->d->c->row.time_zone);
    line->calendar = policy_calendar_in(p, def->calendar, line->zone);
    line->not_before_us = 0;
    return def->calendar < 0 || line->calendar;
}

static bool aim_at(const struct clocks_look *look, const struct clock_row *clock,
                   const struct policy_clock *def, const struct policy_target *target,
                   struct aim *out)
{
    struct deadline line;
    int64_t now_us = look->d->now_us;
    if (!line_of(look, clock, def, &line))
        return false;
    *out = target->unit == POLICY_UNIT_TIME ? aim_time(&line, now_us, target->ms)
                                            : aim_days(&line, now_us, target->unit, target->days);
    return out->due_us < clock->due_at;
}

/* -- the row ---------------------------------------------------------------------------------- */

static void take_aim(struct clocks_look *look, struct clock_row *clock,
                     const struct policy_clock *def, const struct aim *aim)
{
    const struct policy *p = look->d->policy;
    bool counts_time = aim->unit == POLICY_UNIT_TIME;
    bool zoned = !aim->timeless && (def->calendar >= 0 || !counts_time);
    if (zoned && clock->time_zone[0] == '\0')
        clock->time_zone =
            zone_name(policy_zone(p, def->calendar, def->customer_zone, look->d->c->row.time_zone));
    clock->calendar = zoned && def->calendar >= 0 ? p->calendars[def->calendar].name : "";
    clock->target_unit = (int16_t)aim->unit;
    clock->target_ms =
        counts_time ? aim->amount / US_PER_MS : (aim->due_us - clock->started_at) / US_PER_MS;
    clock->target_days = counts_time ? 0 : (int32_t)aim->amount;
}

/* The row's own target, when a new one leaves it as it is. */
static struct aim present_aim(const struct clock_row *clock)
{
    struct retarget r[RETARGETS_MAX];
    size_t n = retargets_of(clock, r);
    if (n > 0)
        return (struct aim){.unit = r[n - 1].unit, .amount = r[n - 1].amount};
    const struct chosen_target chosen = clock_chosen(clock);
    bool time = chosen.unit == POLICY_UNIT_TIME;
    return (struct aim){.unit = chosen.unit,
                        .amount = time ? chosen.amount * US_PER_MS : chosen.amount};
}

static void note_retarget(const struct decision *d, struct clock_row *clock,
                          const struct retarget *before, size_t n, const struct retarget *now)
{
    struct retarget all[RETARGETS_MAX];
    size_t left_out = n == RETARGETS_MAX;
    for (size_t i = left_out; i < n; i++)
        all[i - left_out] = before[i];
    all[n - left_out] = *now;
    clock->retargets = retargets_text(all, n - left_out + 1, d->arena);
}

/* What had come by the old target comes before the new one, and what the new one has put behind the
 * present instant comes now. */
static void come_so_far(struct decision *d, struct clock_row *clock)
{
    if (clock->state == CLOCK_STATE_RUNNING)
        (void)thresholds_find(d, clock, d->now_us);
}

/* What is counted in days does not pause, and its end may move the old deadline. */
static bool end_pause_for_days(struct clocks_look *look, struct clock_row *clock,
                               const struct policy_target *target)
{
    if (clock->state != CLOCK_STATE_PAUSED || target->unit == POLICY_UNIT_TIME)
        return false;
    clock_end_pause(look->d, clock, look->d->now_us);
    return true;
}

static struct retarget retarget_to(const struct decision *d, const struct clock_row *clock,
                                   const struct policy_target *target)
{
    bool time = target->unit == POLICY_UNIT_TIME;
    const struct aim present = present_aim(clock);
    return (struct retarget){
        .instance = clock->instance,
        .at_us = d->now_us,
        .chosen = {target->unit, time ? target->ms : target->days},
        .severity = d->c->row.severity,
        .unit = present.unit,
        .amount = present.amount,
        .old_due_us = clock->due_at,
        .due_us = clock->due_at,
    };
}

/* A clock whose new deadline comes earlier was not late: both lie ahead. */
static void retarget(struct clocks_look *look, struct clock_row *clock,
                     const struct policy_clock *def, const struct policy_target *target)
{
    struct decision *d = look->d;
    struct retarget before[RETARGETS_MAX];
    size_t n = retargets_of(clock, before);
    struct aim aim;
    bool moves = aim_at(look, clock, def, target, &aim);
    if (moves && end_pause_for_days(look, clock, target))
        moves = aim_at(look, clock, def, target, &aim);
    struct retarget now = retarget_to(d, clock, target);
    if (moves) {
        come_so_far(d, clock);
        take_aim(look, clock, def, &aim);
        now.unit = aim.unit;
        now.amount = aim.amount;
        now.due_us = aim.due_us;
    }
    note_retarget(d, clock, before, n, &now);
    clock_arm(d, clock);
    if (moves)
        come_so_far(d, clock);
    clock_touch(clock);
}

void clocks_retarget(struct clocks_look *look)
{
    ROWS_EACH (clock, struct clock_row, &look->d->c->clocks) {
        const struct policy_clock *def = clock_definition(look->d->policy, clock);
        if (!clock_is_open(clock) || !def || def->n_targets == 0 ||
            clock_kind(clock->kind)->is_given)
            continue;
        const struct policy_target *target = clock_target(look, def);
        if (!clock_has_target(clock, target))
            retarget(look, clock, def, target);
    }
}

/* -- by hand ----------------------------------------------------------------------------------- */

/* Hours are hours of the calendar; days become a stretch of any time. */
static bool aim_by_hand(const struct clocks_look *look, const struct clock_row *clock,
                        const struct policy_clock *def, int64_t due_us, struct aim *out)
{
    struct deadline line;
    bool days = clock_chosen(clock).unit != POLICY_UNIT_TIME;
    if (!line_of(look, clock, def, &line))
        return false;
    if (days)
        line.calendar = NULL;
    line.unit = POLICY_UNIT_TIME;
    *out = (struct aim){.unit = POLICY_UNIT_TIME, .timeless = days};
    out->amount = deadline_used_us(&line, due_us);
    out->due_us = due_after(&line, out->amount);
    return out->due_us > look->d->now_us;
}

bool clock_move_deadline(struct decision *d, struct clock_row *clock, int64_t due_us)
{
    struct clocks_look look = {.d = d};
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct retarget before[RETARGETS_MAX];
    size_t n = retargets_of(clock, before);
    const struct chosen_target chosen = clock_chosen(clock);
    struct aim aim;
    if (!def || !aim_by_hand(&look, clock, def, due_us, &aim))
        return false;
    struct retarget now = {.instance = clock->instance,
                           .at_us = d->now_us,
                           .chosen = chosen,
                           .severity = d->c->row.severity,
                           .seq = d->c->row.last_seq + 1,
                           .unit = aim.unit,
                           .amount = aim.amount,
                           .old_due_us = clock->due_at,
                           .due_us = aim.due_us};
    come_so_far(d, clock);
    take_aim(&look, clock, def, &aim);
    note_retarget(d, clock, before, n, &now);
    clock_arm(d, clock);
    come_so_far(d, clock);
    clock_touch(clock);
    return true;
}
