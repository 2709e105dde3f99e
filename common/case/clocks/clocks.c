/* SPDX-License-Identifier: Apache-2.0 */

/* One clock: started, stopped, found. What starts and stops it is in clock_rules.c. */

#include "base/time.h"
#include "case/clocks/impl.h"
#include "contract/words.h"

void clock_touch(struct clock_row *clock)
{
    clock->generation++;
    clock->untold = true;
    row_touch(&clock->row);
}

/* -- rows ---------------------------------------------------------------------------------------
 */

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
    clock->name = clock->calendar = clock->time_zone = clock->pauses = "";
    return clock;
}

/* Any row that this program wrote is understood; of what it was not, the deadline is kept. */
static void known_end(const struct clock_row *clock, struct deadline *out)
{
    int64_t span = clock->due_at - clock->started_at;
    out->calendar = NULL;
    out->zone = NULL;
    out->start_us = clock->started_at;
    out->unit = POLICY_UNIT_TIME;
    out->target_ms = span > 0 ? span / US_PER_MS : 0;
    out->n_pauses = 0;
}

void clock_line(const struct decision *d, const struct clock_row *clock, struct deadline *out)
{
    if (deadline_of(clock, d->policy, out) != AM_OK)
        known_end(clock, out);
}

static int64_t next_at(const struct decision *d, const struct clock_row *clock,
                       const struct deadline *line)
{
    if (!clock_is_open(clock))
        return 0;
    if (clock->state == CLOCK_STATE_PAUSED)
        return clock->resume_at;
    struct policy_threshold next = threshold_next(clock_definition(d->policy, clock), clock->fired);
    return next.percent != 0 ? deadline_at(line, next.percent) : 0;
}

void clock_arm(struct decision *d, struct clock_row *clock)
{
    struct deadline line;
    if (deadline_of(clock, d->policy, &line) == AM_OK)
        clock->due_at = deadline_at(&line, DUE_PERCENT);
    else
        known_end(clock, &line);
    clock->next_at = next_at(d, clock, &line);
}

/* -- starting -----------------------------------------------------------------------------------
 */

static const struct policy_target *target_of(const struct policy_clock *def,
                                             const struct fact_values *values)
{
    for (size_t i = 0; i + 1 < def->n_targets; i++)
        if (condition_holds(&def->targets[i].when, values))
            return &def->targets[i];
    return &def->targets[def->n_targets - 1];
}

void clock_lay_out(struct settling *s, struct clock_row *clock, const struct policy_clock *def)
{
    const struct policy *p = s->d->policy;
    const struct policy_target *target = target_of(def, &s->facts.values);
    bool zoned = def->calendar >= 0 || target->unit != POLICY_UNIT_TIME;
    const struct zone *zone =
        zoned ? policy_zone(p, def->calendar, def->customer_zone, s->d->c->row.time_zone) : NULL;
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
    clock->pauses = "";
    clock->fired = 0;
}

void clock_begin(struct settling *s, struct clock_row *clock, const struct policy_clock *def,
                 int64_t start_us)
{
    begin_instance(clock, s->d->c->row.round, start_us);
    clock_lay_out(s, clock, def);
    clock_arm(s->d, clock);
    clock_touch(clock);
}

/* Whole milliseconds before the instant, so that the target says exactly when it is. */
static void aim(struct clock_row *clock, int64_t start_us, int64_t due_us)
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
    aim(clock, start_us, due_us);
    clock->name = def ? def->name : "";
    clock->policy_version = d->policy->version;
    clock->subject_id = *subject;
    clock_arm(d, clock);
    clock_touch(clock);
    return clock;
}

/* -- stopping -----------------------------------------------------------------------------------
 */

/* What was done first is not always told first. */
static bool stopped_later(const struct clock_row *clock, int64_t at_us)
{
    return (clock->state == CLOCK_STATE_MET || clock->state == CLOCK_STATE_BREACHED) &&
           clock->stopped_at > at_us;
}

/* By the timestamps alone: what came before the stop fired before it, whoever looked. */
static void judge(struct decision *d, struct clock_row *clock, int64_t at_us)
{
    if (clock_is_open(clock))
        (void)thresholds_find(d, clock, at_us - 1);
    if (at_us <= clock->due_at) {
        clock->state = CLOCK_STATE_MET;
        clock->breached_at = 0;
    }
}

/* An end that closes the case comes by itself: who is later than that was not late. */
static int64_t stop_instant(const struct decision *d, const struct clock_row *clock, int64_t at_us)
{
    if (at_us < clock->started_at)
        return clock->started_at;
    bool closes = clock_closes(clock_definition(d->policy, clock));
    return closes && at_us > clock->due_at ? clock->due_at : at_us;
}

void clock_stop(struct decision *d, struct clock_row *clock, int64_t at_us, bool cancel)
{
    if (!clock_is_open(clock) && (cancel || !stopped_later(clock, at_us)))
        return;
    if (clock->state == CLOCK_STATE_PAUSED)
        clock_end_pause(d, clock, at_us);
    if (cancel) {
        clock->state = clock->state == CLOCK_STATE_RUNNING ? CLOCK_STATE_CANCELLED : clock->state;
    } else {
        at_us = stop_instant(d, clock, at_us);
        clock_cut_pauses(d, clock, at_us);
        judge(d, clock, at_us);
    }
    clock->stopped_at = at_us;
    clock->next_at = 0;
    clock_touch(clock);
}

/* A definition's or a case's end does not undo that it was late by then. */
void clock_cancel(struct decision *d, struct clock_row *clock)
{
    if (!clock_is_open(clock))
        return;
    if (clock->state == CLOCK_STATE_PAUSED)
        clock_end_pause(d, clock, d->now_us);
    if (clock->kind != CLOCK_KIND_OFFER && !clock_closes(clock_definition(d->policy, clock)))
        (void)thresholds_find(d, clock, d->now_us - 1);
    clock_stop(d, clock, d->now_us, true);
}

/* -- looking ------------------------------------------------------------------------------------
 */

bool clock_is_open(const struct clock_row *clock)
{
    return clock->state == CLOCK_STATE_RUNNING || clock->state == CLOCK_STATE_PAUSED ||
           (clock->state == CLOCK_STATE_BREACHED && clock->stopped_at == 0);
}

bool clock_measures_subject(int kind)
{
    return kind == CLOCK_KIND_OFFER || kind == CLOCK_KIND_APPROVAL || kind == CLOCK_KIND_PROMISE ||
           kind == CLOCK_KIND_FULFILMENT;
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
