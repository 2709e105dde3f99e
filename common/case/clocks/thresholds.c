/* SPDX-License-Identifier: Apache-2.0 */

/* Thresholds: found when their instant has come, once an instance, and recorded one by one. */

#include "base/assert.h"
#include "case/clocks/impl.h"
#include "case/message/message.h"
#include "contract/words.h"

#define BIT(action) (1u << ESCALATION_ACTION_##action)

/* -- what is next -------------------------------------------------------------------------------
 */

const struct policy_clock *clock_definition(const struct policy *p, const struct clock_row *clock)
{
    if (clock->name[0] == '\0' || clock->kind == CLOCK_KIND_OFFER ||
        clock->kind == CLOCK_KIND_PROMISE)
        return policy_clock_of_kind(p, clock->kind);
    const struct policy_clock *def = policy_clock_find(p, clock->name);
    return def && def->kind == clock->kind ? def : NULL;
}

struct policy_threshold threshold_next(const struct policy_clock *def, int32_t fired)
{
    struct policy_threshold due = {.percent = fired < DUE_PERCENT ? DUE_PERCENT : 0};
    for (size_t i = 0; def && i < def->n_thresholds; i++) {
        const struct policy_threshold *t = &def->thresholds[i];
        if (t->percent > fired)
            return due.percent == 0 || t->percent <= due.percent ? *t : due;
    }
    return due;
}

bool clock_closes(const struct policy_clock *def)
{
    return def && (threshold_next(def, DUE_PERCENT - 1).actions & BIT(CLOSE)) != 0;
}

/* -- finding ------------------------------------------------------------------------------------
 */

static void found(struct decision *d, struct clock_row *clock, const struct policy_threshold *t,
                  int64_t due_us)
{
    clock->fired = t->percent;
    if (t->percent >= DUE_PERCENT && clock->state == CLOCK_STATE_RUNNING) {
        clock->state = CLOCK_STATE_BREACHED;
        clock->breached_at = clock->due_at;
    }
    struct clock_found *f = ROWS_ADD(&d->found, struct clock_found, d->arena);
    f->clock = *clock;
    f->threshold = *t;
    f->due_us = due_us;
}

bool thresholds_find(struct decision *d, struct clock_row *clock, int64_t until_us)
{
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct deadline line;
    clock_line(d, clock, &line);
    struct policy_threshold t = threshold_next(def, clock->fired);
    int64_t due_us = t.percent != 0 ? deadline_at(&line, t.percent) : 0;
    if (t.percent == 0 || due_us > until_us)
        return false;
    while (t.percent != 0 && due_us <= until_us) {
        found(d, clock, &t, due_us);
        t = threshold_next(def, clock->fired);
        due_us = t.percent != 0 ? deadline_at(&line, t.percent) : 0;
    }
    clock->next_at = due_us;
    return true;
}

/* -- recording ----------------------------------------------------------------------------------
 */

static struct clock_row *same_instance(struct case_state *c, const struct clock_row *clock)
{
    ROWS_EACH (now, struct clock_row, &c->clocks)
        if (uuid_eq(&now->clock_id, &clock->clock_id) && now->instance == clock->instance)
            return now;
    return NULL;
}

/* What goes round, does so while the case is worked on; and the end of one that cannot be closed.
 */
static bool goes_round(const struct decision *d, const struct policy_clock *def)
{
    int status = d->c->row.status;
    return def && (status_is_waiting(status) || (clock_closes(def) && !status_is_final(status)));
}

/* At the top of the ladder a level's clock goes round until somebody acknowledges: then it has
 * ended, and does not begin again. */
static void restart(struct decision *d, const struct clock_row *clock)
{
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct clock_row *now = same_instance(d->c, clock);
    if (!now || !clock_is_open(now) || !goes_round(d, def))
        return;
    struct settling s = {.d = d};
    case_facts(d->c, d->policy, d->now_us, &s.facts);
    clock_begin(&s, now, def, d->now_us);
    clocks_tell(d);
}

static void record(struct decision *d, const struct clock_found *f)
{
    d->shown = &f->clock;
    ladder_threshold(d, &f->clock, &f->threshold, f->due_us);
    d->shown = NULL;
    if (f->threshold.actions & BIT(RESTART))
        restart(d, &f->clock);
}

/* What fell due first is recorded first. */
static struct clock_found *soonest(struct decision *d)
{
    struct clock_found *first = NULL;
    ROWS_EACH (f, struct clock_found, &d->found)
        if (f->row.change != ROW_GONE && (!first || f->due_us < first->due_us))
            first = f;
    return first;
}

/* Each step may end clocks and find more; it starts none that is due already. */
void thresholds_record(struct decision *d)
{
    if (d->recording)
        return;
    d->recording = true;
    for (struct clock_found *f = soonest(d); f; f = soonest(d)) {
        f->row.change = ROW_GONE;
        const struct clock_found copy = *f;
        record(d, &copy);
    }
    d->found.n = 0;
    d->recording = false;
}

/* -- firing -------------------------------------------------------------------------------------
 */

/* The customer who wrote within the window and was not answered has not agreed. */
static bool window_was_silent(const struct decision *d, const struct clock_row *clock)
{
    struct case_facts facts;
    case_facts(d->c, d->policy, d->now_us, &facts);
    return facts.values.value[FACT_CUSTOMER] == 0 || facts.since_us[FACT_CUSTOMER] > clock->due_at;
}

static bool may_close(const struct decision *d, const struct clock_row *clock)
{
    return d->c->row.status == CASE_STATUS_RESOLVED && case_gate_missing(d->c, d->policy) == 0 &&
           window_was_silent(d, clock);
}

/* The follow-up window ended without a word. What does not pass the gate any more, and who waits
 * for an answer, stays open, and somebody is told, again each time that the window ends. */
static void fire_close(struct decision *d, struct clock_row *clock, struct policy_threshold t)
{
    if (!may_close(d, clock)) {
        t.actions = (t.actions & ~BIT(CLOSE)) | BIT(NOTIFY) | BIT(RESTART);
        t.notify |= POLICY_NOTIFY_OWNER | POLICY_NOTIFY_STEWARD;
        found(d, clock, &t, clock->next_at);
        clock_arm(d, clock);
        clock_touch(clock);
        return;
    }
    clock_stop(d, clock, clock->due_at, false);
    clock->fired = t.percent;
    case_close(d, SYSTEM_ACTOR);
}

static void fire_next(struct decision *d, struct clock_row *clock)
{
    struct policy_threshold t = threshold_next(clock_definition(d->policy, clock), clock->fired);
    if (t.actions & BIT(CLOSE)) {
        fire_close(d, clock, t);
    } else {
        if (!thresholds_find(d, clock, clock->next_at))
            clock_arm(d, clock); /* it was armed for another instant than the row now gives */
        clock_touch(clock);
    }
    thresholds_record(d);
}

static struct clock_row *find(struct case_state *c, const struct uuid *clock_id)
{
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (uuid_eq(&clock->clock_id, clock_id))
            return clock;
    return NULL;
}

/* A pause by hand that is over ends for the whole case; else a clock's own pause was. */
static void resume_event(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    bool by_hand = row->paused_at != 0 && row->resume_at <= d->now_us;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    if (by_hand)
        detail.pause = message_pause(row->paused_at, row->resume_at, row->pause_reason, d->arena);
    case_event(d, by_hand ? EVENT_KIND_CASE_RESUMED : EVENT_KIND_CLOCK_CHANGED, SYSTEM_ACTOR,
               &detail, NULL);
}

static bool has_come(const struct clock_row *clock, int64_t until_us)
{
    return clock && clock->next_at != 0 && clock->next_at <= until_us;
}

/* One threshold at a time: what a step of it ends does not go on to the next. */
static void fire_until(struct decision *d, struct clock_row *clock, int64_t until_us)
{
    const struct uuid clock_id = clock->clock_id;
    if (clock->state == CLOCK_STATE_PAUSED && has_come(clock, until_us))
        resume_event(d);
    clock = find(d->c, &clock_id);
    for (int i = 0; i < FIRINGS_MAX && has_come(clock, until_us); i++) {
        if (clock->state == CLOCK_STATE_PAUSED)
            return;
        fire_next(d, clock);
        clock = find(d->c, &clock_id);
    }
}

void clock_fire(struct decision *d, struct clock_row *clock)
{
    fire_until(d, clock, d->now_us);
}

static struct clock_row *next_of_all(struct case_state *c, int64_t until_us)
{
    struct clock_row *first = NULL;
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (clock->kind != CLOCK_KIND_OFFER && has_come(clock, until_us) &&
            (!first || clock->next_at < first->next_at))
            first = clock;
    return first;
}

void clocks_catch_up(struct decision *d)
{
    const int64_t until_us = d->now_us - 1;
    struct clock_row *clock = next_of_all(d->c, until_us);
    for (size_t left = 2 * d->c->clocks.n; clock && left > 0; left--) {
        fire_until(d, clock, until_us);
        clock = next_of_all(d->c, until_us);
    }
}
