/* SPDX-License-Identifier: Apache-2.0 */

/* Beginning an instance of a clock. What starts it is in rules.c. */

#include "base/time.h"
#include "case/clocks/impl.h"
#include "contract/words.h"

const struct policy_target *clock_target(const struct clocks_look *look,
                                         const struct policy_clock *def)
{
    for (size_t i = 0; i + 1 < def->n_targets; i++)
        if (condition_holds(&def->targets[i].when, &look->facts.values))
            return &def->targets[i];
    return &def->targets[def->n_targets - 1];
}

void clock_lay_out(struct clocks_look *look, struct clock_row *clock,
                   const struct policy_clock *def)
{
    const struct policy *p = look->d->policy;
    const struct policy_target *target = clock_target(look, def);
    bool zoned = def->calendar >= 0 || target->unit != POLICY_UNIT_TIME;
    const struct zone *zone =
        zoned ? policy_zone(p, def->calendar, def->customer_zone, look->d->c->row.time_zone) : NULL;
    struct deadline line = {
        .calendar = zoned ? policy_calendar_in(p, def->calendar, zone) : NULL,
        .zone = zone,
        .start_us = clock->started_at,
    };
    deadline_target(&line, target);
    clock->name = def->name;
    clock->policy_version = p->version;
    clock->calendar = def->calendar >= 0 ? p->calendars[def->calendar].name : "";
    clock->time_zone = zone ? zone_name(zone) : "";
    clock->target_unit = (int16_t)line.unit;
    clock->target_ms = line.target_ms;
    clock->target_days = line.target_days;
    clock->retargets = "";
}

static void begin_instance(struct clock_row *clock, int32_t round, int64_t start_us)
{
    clock->state = CLOCK_STATE_RUNNING;
    clock->round = round;
    clock->instance++;
    clock->started_at = start_us;
    clock->stopped_at = clock->breached_at = 0;
    clock->paused_at = clock->resume_at = 0;
    clock->pause_reason = 0;
    clock->pause_capped = false;
    clock->pauses = clock->retargets = "";
    clock->fired = 0;
}

void clock_begin(struct clocks_look *look, struct clock_row *clock, const struct policy_clock *def,
                 int64_t start_us)
{
    begin_instance(clock, look->d->c->row.round, start_us);
    clock_lay_out(look, clock, def);
    clock_arm(look->d, clock);
    clock_touch(clock);
}

/* Whole milliseconds before the instant, so that the target says exactly when it is. */
static void aim_target(struct clock_row *clock, int64_t start_us, int64_t due_us)
{
    int64_t span = due_us > start_us ? due_us - start_us : 0;
    clock->target_ms = (span + US_PER_MS - 1) / US_PER_MS;
    clock->started_at = due_us - clock->target_ms * US_PER_MS;
}

struct clock_row *clock_start_until(struct decision *d, int kind, const struct uuid *subject,
                                    int64_t start_us, int64_t due_us)
{
    struct clock_row *clock = clock_add(d, kind);
    const struct policy_clock *def = policy_clock_of_kind(d->policy, kind);
    begin_instance(clock, d->c->row.round, start_us);
    aim_target(clock, start_us, due_us);
    clock->name = def ? def->name : "";
    clock->policy_version = d->policy->version;
    clock->subject_id = *subject;
    clock_arm(d, clock);
    clock_touch(clock);
    return clock;
}
