/* SPDX-License-Identifier: Apache-2.0 */

/* Calendars and clocks in words. */

#include <stdlib.h>
#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "policy/describe/describe.h"
#include "policy/words.h"

#define NOTIFY (1u << AMENDS__V1__ESCALATION_ACTION__ESCALATION_ACTION_NOTIFY)
#define RAISE_PRIORITY (1u << AMENDS__V1__ESCALATION_ACTION__ESCALATION_ACTION_RAISE_PRIORITY)

/* -- calendars --------------------------------------------------------------------------------- */

/* NULL in, NULL out. */
static const char *add(struct description *d, const char *list, const char *more)
{
    if (!list || !more)
        return NULL;
    return *list ? arena_printf(d->arena, "%s, %s", list, more) : more;
}

static void describe_weekly(const struct policy_calendar *c, struct description *d)
{
    for (int day = 0; day < 7; day++) {
        const char *list = "";
        for (size_t i = 0; i < c->spec.n_windows && list; i++) {
            const struct calendar_window *w = &c->spec.windows[i];
            if (w->weekday == day)
                list = add(d, list, text_window(d->arena, w->from_s, w->until_s));
        }
        if (!list || *list)
            describe_line(d, list, "calendars.%s.weekly.%s", c->name, word_weekday(day));
    }
}

/* The hours of a date are one line: those of the same date follow each other in a bundle. */
static void describe_dates(const struct policy_calendar *c, struct description *d)
{
    for (size_t i = 0; i < c->spec.n_days;) {
        int32_t date = c->spec.days[i].date;
        const char *list = "";
        for (; i < c->spec.n_days && c->spec.days[i].date == date && list; i++)
            list = add(d, list,
                       text_window(d->arena, c->spec.days[i].from_s, c->spec.days[i].until_s));
        describe_line(d, list, "calendars.%s.dates.%s", c->name, text_date(d->arena, date));
        if (!list)
            return;
    }
}

static void describe_holidays(const struct policy_calendar *c, struct description *d)
{
    for (size_t i = 0; i < c->spec.n_holidays && !d->full; i++) {
        const struct calendar_holiday *h = &c->spec.holidays[i];
        const char *value =
            arena_printf(d->arena, "%s (%s%s)", h->name,
                         text_window(d->arena, h->from_s, h->until_s), h->yearly ? ", yearly" : "");
        describe_line(d, value, "calendars.%s.holidays.%s", c->name, text_date(d->arena, h->date));
    }
}

void describe_calendars(const struct policy *p, struct description *d)
{
    for (size_t i = 0; i < p->n_calendars; i++) {
        const struct policy_calendar *c = &p->calendars[i];
        const char *at = arena_printf(d->arena, "calendars.%s", c->name);
        describe_entry(p, SCOPE_CALENDAR, c, at ? at : "", d);
        describe_weekly(c, d);
        describe_dates(c, d);
        describe_holidays(c, d);
    }
}

/* -- clocks ------------------------------------------------------------------------------------ */

static const char *target_time(struct description *d, const struct policy_target *t)
{
    if (t->unit == POLICY_UNIT_TIME)
        return text_duration(d->arena, t->ms);
    return arena_printf(d->arena, "%d %s", (int)t->days,
                        t->unit == POLICY_UNIT_DAYS ? "days" : "business days");
}

static void describe_targets(const struct policy *p, const struct policy_clock *c, const char *at,
                             struct description *d)
{
    for (size_t i = 0; i < c->n_targets; i++) {
        const struct policy_target *t = &c->targets[i];
        const char *when = text_condition(d->arena, p, &t->when);
        const char *time = target_time(d, t);
        if (strcmp(when, "always") == 0)
            describe_line(d, time, "%s.targets[%zu]", at, i);
        else
            describe_line(d, time, "%s.targets[%zu] (%s)", at, i, when);
    }
}

static const char *notified(struct description *d, uint32_t notify)
{
    static const char *const names[] = {"owner", "steward", "next"};
    const char *list = "";
    for (int i = 0; i < 3 && list; i++)
        if ((notify >> i) & 1)
            list = add(d, list, names[i]);
    return list;
}

static void describe_thresholds(const struct policy_clock *c, const char *at, struct description *d)
{
    for (size_t i = 0; i < c->n_thresholds; i++) {
        const struct policy_threshold *t = &c->thresholds[i];
        const char *value = text_bits(d->arena, &amends__v1__escalation_action__descriptor,
                                      t->actions & ~(NOTIFY | RAISE_PRIORITY));
        const char *who = notified(d, t->notify);
        if (t->raise_ms > 0)
            value = add(
                d, value,
                arena_printf(d->arena, "raise_priority %s", text_duration(d->arena, t->raise_ms)));
        if (value && who && *who)
            value = add(d, value, arena_printf(d->arena, "notify %s", who));
        if (t->before_ms > 0)
            describe_line(d, value, "%s.thresholds.-%s", at, text_duration(d->arena, t->before_ms));
        else
            describe_line(d, value, "%s.thresholds.%d%%", at, (int)t->percent);
    }
}

static void describe_clock(const struct policy *p, const struct policy_clock *c,
                           struct description *d)
{
    const char *at = c->level > 0 ? arena_printf(d->arena, "ladder[%d].clock", c->level - 1)
                                  : arena_printf(d->arena, "clocks.%s", c->name);
    if (!at) {
        d->full = true;
        return;
    }
    describe_entry(p, SCOPE_CLOCK, c, at, d);
    describe_entry(p, SCOPE_TIMING, c, at, d);
    describe_entry(p, SCOPE_WATCH, c, at, d);
    describe_targets(p, c, at, d);
    describe_thresholds(c, at, d);
}

void describe_clocks(const struct policy *p, struct description *d)
{
    for (size_t i = 0; i < p->n_clocks; i++)
        describe_clock(p, &p->clocks[i], d);
}
