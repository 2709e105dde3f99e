/* SPDX-License-Identifier: Apache-2.0 */

/* The inputs of a deadline out of a clock's row and its policy version. */

#include "base/time.h"
#include "case/clocks/retarget.h"
#include "contract/words.h"

static int lay_out(const struct clock_row *clock, const struct policy *p, struct deadline *out)
{
    int place = clock->calendar[0] != '\0' ? policy_calendar_find(p, clock->calendar) : -1;
    out->zone = clock->time_zone[0] != '\0' ? zone_get(clock->time_zone) : NULL;
    bool needs_zone = place >= 0 || out->unit != POLICY_UNIT_TIME;
    if ((place < 0 && clock->calendar[0] != '\0') || (needs_zone && !out->zone))
        return AM_EINVAL;
    out->calendar = place >= 0 ? policy_calendar_in(p, place, out->zone) : NULL;
    return place >= 0 && !out->calendar ? AM_EINVAL : AM_OK;
}

static bool known_unit(int unit)
{
    return unit >= POLICY_UNIT_TIME && unit <= POLICY_UNIT_DAYS;
}

static void add_retargets(const struct clock_row *clock, struct deadline *out)
{
    struct retarget r[RETARGETS_MAX];
    size_t n = retargets_of(clock, r);
    const struct retarget *moved = retargets_last_move(r, n);
    out->not_before_us = moved ? moved->at_us : 0;
    bool has_rest = n > 0 && r[n - 1].unit == POLICY_UNIT_TIME;
    out->target_rest_us = has_rest ? (int32_t)(r[n - 1].amount % US_PER_MS) : 0;
}

int deadline_of(const struct clock_row *clock, const struct policy *p, struct deadline *out)
{
    out->start_us = clock->started_at;
    out->unit = (enum policy_unit)clock->target_unit;
    out->target_ms = clock->target_ms;
    out->target_days = clock->target_days;
    if (!known_unit(clock->target_unit) || clock->target_ms < 0 ||
        pauses_parse(clock->pauses, out->pauses, &out->n_pauses) != AM_OK)
        return AM_EINVAL;
    if (clock->state == CLOCK_STATE_PAUSED)
        out->pauses[out->n_pauses++] = (struct pause){.from_us = clock->paused_at,
                                                      .until_us = clock->resume_at,
                                                      .reason = clock->pause_reason};
    add_retargets(clock, out);
    return lay_out(clock, p, out);
}
