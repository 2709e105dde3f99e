/* SPDX-License-Identifier: Apache-2.0 */

/* Promises: when they are due, what became of them, and what follows. */

#include <string.h>

#include "contract/reasons.h"
#include "resolution/decide/promise_time.h"
#include "clock_rig.h"
#include "rig.h"

#include "policy/build.h"

#define MINUTE_US (60 * 1000000LL)

static const struct clock_row *clock_of(struct world *w, size_t i)
{
    const struct promise_row *p = ROW_AT(&w->c.promises, const struct promise_row, i);
    const struct clock_row *clock = clock_of_subject(&w->c, &p->promise_id);
    assert_non_null(clock);
    return clock;
}

static struct uuid id_of(const struct world *w, size_t i)
{
    return ROW_AT(&w->c.promises, const struct promise_row, i)->promise_id;
}

/* Severity of world_with_case(). */
enum { SEVERITY = 3 };

/* -- making ------------------------------------------------------------------------------------ */

static void a_promise_is_a_clock_until_then(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_promise(w, "bob", w->now_us + 5 * HOUR_US);
    assert_written(w);
    const struct promise_row *p = rig_promised(w, 0, PROMISE_STATE_OPEN);
    assert_int_equal(p->due_at, w->now_us + 5 * HOUR_US);
    assert_int_equal(p->promised_at, p->due_at);
    assert_string_equal(p->made_by, "bob");
    assert_string_equal(p->description, "we call you back");
    assert_true(uuid_eq(&w->cmd.result_id, &p->promise_id));
    assert_int_equal(clock_of(w, 0)->kind, CLOCK_KIND_PROMISE);
    assert_int_equal(clock_of(w, 0)->due_at, p->due_at);
    assert_int_equal(clock_of(w, 0)->next_at, p->due_at);
    assert_int_equal(case_gate_missing(&w->c, w->policy) & GATE_OPEN_PROMISE, GATE_OPEN_PROMISE);

    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_PROMISE_MADE);
    assert_string_equal(detail->promise->description, "");
    assert_int_equal(detail->n_clocks, 1);
    assert_chain_intact(w);
    world_free(w);
}

static void only_the_future_and_not_too_far(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    int64_t most = w->policy->promise_ahead_max_ms * 1000;
    rig_promise(w, "ann", w->now_us);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_true(fault_has(&w->cmd.fault, "promise_time"));
    rig_promise_local(w, "ann", "2025-12-31T23:59:59");
    assert_true(fault_has(&w->cmd.fault, "local_time"));
    rig_promise(w, "ann", w->now_us + most + 1);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    rig_promise(w, "ann", w->now_us + most);
    assert_written(w);
    world_free(w);
}

static void wall_times_are_the_customers(void **state)
{
    static const struct {
        const char *zone, *local;
        int64_t utc_s;
    } cases[] = {
        {"", "2026-01-05T17:00", 1767632400},                    /* the company's: UTC */
        {"America/New_York", "2026-01-05T17:00:30", 1767650430}, /* UTC-5 */
        {"America/New_York", "2026-03-08T02:30", 1772955000},    /* in the gap: 03:30 EDT */
        {"America/New_York", "2026-11-01T01:30", 1793511000},    /* the first of two, EDT */
        {"Australia/Lord_Howe", "2026-04-05T01:45", 1775313900}, /* the first of two, UTC+11 */
        {"Australia/Lord_Howe", "2026-10-04T02:10", 1791041400 + 600}, /* half an hour's gap */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = rig_owned();
        w->c.row.time_zone = cases[i].zone;
        rig_promise_local(w, "ann", cases[i].local);
        assert_written(w);
        if (rig_promised(w, 0, PROMISE_STATE_OPEN)->promised_at != cases[i].utc_s * 1000000)
            fail_msg("%s %s: %lld", cases[i].zone, cases[i].local,
                     (long long)rig_promised(w, 0, PROMISE_STATE_OPEN)->promised_at / 1000000);
        world_free(w);
    }
}

static const char quiet_hours[] =
    "time_zone: Europe/London\n"
    "calendars:\n"
    "  daytime:\n"
    "    weekly: {mon-sat: 08:00-21:00}\n"
    "promises: {contact_hours: daytime, zone: customer, ahead: 365d}\n";

/* 2026-01-01T00:00Z is 11:00 on a Thursday there (UTC+11 in summer). */
static struct world *on_lord_howe(void)
{
    struct world *w = rig_owned();
    rig_policy(w, quiet_hours);
    w->c.row.time_zone = "Australia/Lord_Howe";
    return w;
}

static void a_promise_is_due_within_the_hours_of_contact(void **state)
{
    static const struct {
        const char *told, *due;
    } cases[] = {
        {"2026-01-01T20:00", "2026-01-01T20:00"}, {"2026-01-01T21:00", "2026-01-01T21:00"},
        {"2026-01-01T21:30", "2026-01-01T21:00"}, {"2026-01-02T03:00", "2026-01-01T21:00"},
        {"2026-01-02T08:00", "2026-01-02T08:00"}, {"2026-01-04T18:00", "2026-01-03T21:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = on_lord_howe();
        int64_t told_s = 0, due_s = 0;
        assert_int_equal(promise_wall_time_parse(cases[i].told, &told_s), AM_OK);
        assert_int_equal(promise_wall_time_parse(cases[i].due, &due_s), AM_OK);
        rig_promise_local(w, "ann", cases[i].told);
        assert_written(w);
        const struct promise_row *p = rig_promised(w, 0, PROMISE_STATE_OPEN);
        assert_int_equal(p->promised_at, (told_s - 11 * 3600) * 1000000);
        if (p->due_at != (due_s - 11 * 3600) * 1000000)
            fail_msg("%s", cases[i].told);
        assert_int_equal(clock_of(w, 0)->due_at, p->due_at);
        world_free(w);
    }
}

static void without_hours_before_it_the_next_ones_are_told(void **state)
{
    (void)state;
    struct world *w = on_lord_howe();
    w->now_us += 11 * HOUR_US; /* 22:00 there */
    rig_promise_local(w, "ann", "2026-01-02T07:00");
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_true(fault_has(&w->cmd.fault, "local_time"));
    assert_non_null(strstr(w->cmd.fault.violations[0].text, "2026-01-01T21:00:00Z"));
    /* One minute after they begin there are some. */
    rig_promise_local(w, "ann", "2026-01-02T08:01");
    assert_written(w);
    world_free(w);
}

static void what_is_no_wall_time(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-11-24",
                                      "2026-11-24T",
                                      "2026-11-24 17:00",
                                      "2026-11-24T17",
                                      "2026-11-24T17:0",
                                      "2026-11-24T24:00",
                                      "2026-11-24T17:60",
                                      "2026-11-24T17:00:60",
                                      "2026-11-24T17:00Z",
                                      "2026-11-24T17:00:00Z",
                                      "2026-11-24T17:00:00.5",
                                      "2026-11-24T+7:00",
                                      "2026-11-24T-1:00",
                                      "2026-11-24T 7:00",
                                      "2026-02-29T17:00",
                                      "2026-13-01T17:00",
                                      "1999-12-31T17:00",
                                      "2100-01-01T00:00",
                                      "26-11-24T17:00:00",
                                      "2026-11-24T17:0::0"};
    int64_t wall_s;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (promise_wall_time_parse(bad[i], &wall_s) != AM_EINVAL)
            fail_msg("'%s'", bad[i]);
    assert_int_equal(promise_wall_time_parse("1970-01-02T00:00", &wall_s), AM_EINVAL);
    assert_int_equal(promise_wall_time_parse("2000-01-01T00:00:01", &wall_s), AM_OK);
    assert_int_equal(wall_s, 946684801);
}

static void who_may_and_on_which_case(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_promise(w, "crm", w->now_us + HOUR_US);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    w->c.row.status = CASE_STATUS_CLOSED;
    rig_promise(w, "ann", w->now_us + HOUR_US);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    w->c.row.status = CASE_STATUS_RESOLVED;
    rig_promise(w, "ann", w->now_us + HOUR_US);
    assert_written(w);
    world_free(w);
}

static void a_case_has_room_for_so_many(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    for (int i = 0; i < CASE_PROMISES_MAX; i++) {
        rig_promise(w, "ann", w->now_us + HOUR_US);
        assert_written(w);
    }
    rig_promise(w, "ann", w->now_us + HOUR_US);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    const struct uuid id = id_of(w, 0);
    rig_renegotiate(w, "ann", &id, w->now_us + HOUR_US);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    rig_promised(w, 0, PROMISE_STATE_OPEN);
    world_free(w);
}

/* -- keeping ----------------------------------------------------------------------------------- */

static struct world *promised(struct uuid *id)
{
    struct world *w = rig_owned();
    rig_promise(w, "ann", w->now_us + 5 * HOUR_US);
    assert_written(w);
    *id = w->cmd.result_id;
    return w;
}

static void kept_in_time_is_met(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    w->now_us += 5 * HOUR_US;
    rig_settle(w, "bob", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_written(w);
    const struct promise_row *p = rig_promised(w, 0, PROMISE_STATE_KEPT);
    assert_int_equal(p->kept_at, w->now_us);
    assert_string_equal(p->settled_by, "bob");
    assert_int_equal(clock_of(w, 0)->state, CLOCK_STATE_MET);
    assert_int_equal(w->c.row.level, 1);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_PROMISE_SETTLED);
    rig_settle(w, "bob", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "state"), "KEPT");
    assert_chain_intact(w);
    world_free(w);
}

/* No timer has fired yet: the timestamps decide. */
static void kept_late_is_broken_and_climbs(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    w->now_us += 5 * HOUR_US + 1;
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_written(w);
    const struct promise_row *p = rig_promised(w, 0, PROMISE_STATE_BROKEN);
    assert_int_equal(p->kept_at, w->now_us);
    assert_int_equal(clock_of(w, 0)->state, CLOCK_STATE_BREACHED);
    assert_int_equal(clock_of(w, 0)->breached_at, p->due_at);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.severity, SEVERITY + 1);
    world_free(w);
}

/* The severity that a broken promise raises brings other deadlines nearer: their events are told
 * after those of the promise. */
static const struct event_row *latest(const struct world *w, int kind)
{
    size_t back = 0;
    while (world_event(w, back)->kind != kind)
        back++;
    return world_event(w, back);
}

static void found_broken_by_its_clock(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    size_t told = w->notifications.n;
    world_fire_until(w, w->now_us + 5 * HOUR_US);
    const struct promise_row *p = rig_promised(w, 0, PROMISE_STATE_BROKEN);
    assert_int_equal(p->settled_at, p->due_at);
    assert_string_equal(p->settled_by, SYSTEM_ACTOR);
    assert_int_equal(p->kept_at, 0);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.severity, SEVERITY + 1);
    assert_true(w->notifications.n > told);
    const struct event_row *broken = latest(w, EVENT_KIND_CLOCK_BREACHED);
    assert_int_equal(world_detail(w, broken)->promise->state, PROMISE_STATE_BROKEN);
    assert_string_equal(world_detail(w, broken)->promise->description, "");
    world_free(w);
}

/* The promise was found broken; then somebody reports that it was kept in time. */
static void kept_in_time_and_told_late(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    int64_t kept = w->now_us + 4 * HOUR_US;
    world_fire_until(w, w->now_us + 5 * HOUR_US + HOUR_US / 2);
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, kept);
    assert_written(w);
    assert_int_equal(rig_promised(w, 0, PROMISE_STATE_KEPT)->kept_at, kept);
    assert_int_equal(clock_of(w, 0)->state, CLOCK_STATE_MET);
    assert_int_equal(w->c.row.level, 2); /* what was done stays done */
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, kept);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE);
    world_free(w);
}

static void kept_once_however_late(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    world_fire_until(w, w->now_us + 6 * HOUR_US);
    int level = w->c.row.level;
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_written(w);
    assert_int_equal(rig_promised(w, 0, PROMISE_STATE_BROKEN)->kept_at, w->now_us);
    assert_int_equal(clock_of(w, 0)->stopped_at, w->now_us);
    assert_int_equal(w->c.row.level, level);
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE);
    world_free(w);
}

static void not_kept_before_it_was_made(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    int64_t made = w->now_us;
    w->now_us += HOUR_US;
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, made - 1);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_true(fault_has(&w->cmd.fault, "keep_time"));
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, made);
    assert_written(w);
    world_free(w);
}

/* -- renegotiating ----------------------------------------------------------------------------- */

static void another_promise_takes_its_place(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    w->now_us += 5 * HOUR_US; /* the last instant */
    rig_renegotiate(w, "bob", &id, w->now_us + DAY_US);
    assert_written(w);
    const struct promise_row *old = rig_promised(w, 0, PROMISE_STATE_RENEGOTIATED);
    const struct promise_row *next = rig_promised(w, 1, PROMISE_STATE_OPEN);
    assert_true(uuid_eq(&old->successor_id, &next->promise_id));
    assert_true(uuid_eq(&w->cmd.result_id, &next->promise_id));
    assert_string_equal(next->description, "we call you back");
    assert_int_equal(next->kind, old->kind);
    assert_int_equal(next->due_at, w->now_us + DAY_US);
    assert_int_equal(clock_of(w, 0)->state, CLOCK_STATE_CANCELLED);
    assert_int_equal(clock_of(w, 1)->state, CLOCK_STATE_RUNNING);
    assert_int_equal(w->c.row.level, 1);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->promise->state, PROMISE_STATE_RENEGOTIATED);
    assert_int_equal(detail->successor->state, PROMISE_STATE_OPEN);
    rig_renegotiate(w, "bob", &id, w->now_us + DAY_US);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE);
    world_free(w);
}

static void what_is_overdue_is_not_moved(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    w->now_us += 5 * HOUR_US + 1; /* and no timer has come */
    rig_renegotiate(w, "ann", &id, w->now_us + DAY_US);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "state"), "BROKEN");
    assert_int_equal(w->c.promises.n, 1);
    rig_promised(w, 0, PROMISE_STATE_OPEN);
    world_free(w);
}

/* -- breaking ---------------------------------------------------------------------------------- */

static size_t escalations_of(const struct world *w, const struct clock_row *clock)
{
    size_t n = 0;
    ROWS_EACH (e, const struct escalation_row, &w->escalations)
        n += uuid_eq(&e->clock_id, &clock->clock_id);
    return n;
}

static void admitted_in_time_it_climbs_at_once(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    rig_settle(w, "bob", &id, PROMISE_OUTCOME_BROKEN, 0);
    assert_written(w);
    const struct promise_row *p = rig_promised(w, 0, PROMISE_STATE_BROKEN);
    assert_int_equal(p->settled_at, w->now_us);
    assert_int_equal(clock_of(w, 0)->state, CLOCK_STATE_CANCELLED);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.severity, SEVERITY + 1);
    const struct escalation_row *e =
        ROW_AT(&w->escalations, const struct escalation_row, w->escalations.n - 1);
    assert_int_equal(e->cause, ESCALATION_CAUSE_PROMISE);
    assert_string_equal(e->actor, "bob");
    const struct event_row *settled = latest(w, EVENT_KIND_PROMISE_SETTLED);
    assert_int_equal(latest(w, EVENT_KIND_ESCALATED)->seq, settled->seq + 1);
    /* Its clock does not climb again. */
    world_fire_until(w, w->now_us + 5 * HOUR_US);
    assert_int_equal(escalations_of(w, clock_of(w, 0)), 1);
    world_free(w);
}

/* A command tells its own events first and its breaches after them. The late clock that ends with
 * the promise does not climb again, because it fell due before the case entered its level. */
static void admitted_with_a_breach_it_climbs_once(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    static struct policy_threshold climb = {.percent = 100,
                                            .actions = 1u << ESCALATION_ACTION_CLIMB};
    struct policy_clock word = define("word", CLOCK_KIND_RESOLUTION, 1);
    word.start = when(FACT_PROMISE, YES);
    word.stop = when(FACT_PROMISE, NO);
    word.n_thresholds = 1;
    word.thresholds = &climb;
    assert_int_equal(policy_add_clock(w->policy, &word), AM_OK);
    tell_nothing(w);
    w->now_us += 2 * HOUR_US;
    rig_settle(w, "bob", &id, PROMISE_OUTCOME_BROKEN, 0);
    assert_written(w);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(world_event(w, 2)->kind, EVENT_KIND_PROMISE_SETTLED);
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_ESCALATED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_chain_intact(w);
    world_free(w);
}

static void admitted_late_it_climbs_once(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    w->now_us += 5 * HOUR_US + 1;
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_BROKEN, 0);
    assert_written(w);
    assert_string_equal(rig_promised(w, 0, PROMISE_STATE_BROKEN)->settled_by, "ann");
    assert_int_equal(clock_of(w, 0)->state, CLOCK_STATE_BREACHED);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.severity, SEVERITY + 1);
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_BROKEN, 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE);
    assert_int_equal(w->c.row.level, 2);
    world_free(w);
}

/* Resolving counts what fell due before, as if the timer had been in time: an overdue promise is
 * broken, and does not stand in the way like one that is open. */
static void resolving_breaks_what_is_overdue(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_recover(w, "ann");
    rig_promise(w, "ann", w->now_us + HOUR_US);
    rig_resolve(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE);
    w->now_us += HOUR_US + 1; /* and no timer has come */
    rig_resolve(w, "ann");
    assert_written(w);
    assert_string_equal(rig_promised(w, 0, PROMISE_STATE_BROKEN)->settled_by, SYSTEM_ACTOR);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RESOLVED);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    world_free(w);
}

/* The case is at the top and cannot climb: each breach is recorded, and the desk is told of
 * each. */
static void at_the_top_each_is_told(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->c.row.level = w->policy->n_levels;
    w->c.row.severity = 5;
    for (size_t i = 0; i < 2; i++) {
        rig_promise(w, "ann", w->now_us + HOUR_US);
        const struct uuid id = id_of(w, i);
        rig_settle(w, "ann", &id, PROMISE_OUTCOME_BROKEN, 0);
        assert_written(w);
    }
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(w->notifications.n, 2);
    assert_int_equal(w->c.row.severity, 5);
    assert_int_equal(w->c.row.level, w->policy->n_levels);
    world_free(w);
}

static void a_broken_one_gives_a_head_start(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    int64_t before = case_queue_boost_ms(&w->c, w->policy);
    ROW_AT(&w->c.promises, struct promise_row, 0)->state = PROMISE_STATE_BROKEN;
    assert_int_equal(case_queue_boost_ms(&w->c, w->policy) - before,
                     w->policy->boost_broken_promise_ms);
    w->c.row.raised_ms = 5;
    assert_int_equal(case_queue_boost_ms(&w->c, w->policy) - before,
                     w->policy->boost_broken_promise_ms + 5);
    w->c.row.raised_ms = INT64_MAX;
    assert_int_equal(case_queue_boost_ms(&w->c, w->policy), w->policy->boost_max_ms);
    world_free(w);
}

static void no_promise_of_that_id(void **state)
{
    struct uuid id;
    (void)state;
    struct world *w = promised(&id);
    id.b[3] ^= 1;
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_PROMISE_NOT_FOUND);
    rig_settle(w, "crm", &id, PROMISE_OUTCOME_KEPT, 0);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promise_is_a_clock_until_then),
        cmocka_unit_test(only_the_future_and_not_too_far),
        cmocka_unit_test(wall_times_are_the_customers),
        cmocka_unit_test(a_promise_is_due_within_the_hours_of_contact),
        cmocka_unit_test(without_hours_before_it_the_next_ones_are_told),
        cmocka_unit_test(what_is_no_wall_time),
        cmocka_unit_test(who_may_and_on_which_case),
        cmocka_unit_test(a_case_has_room_for_so_many),
        cmocka_unit_test(kept_in_time_is_met),
        cmocka_unit_test(kept_late_is_broken_and_climbs),
        cmocka_unit_test(found_broken_by_its_clock),
        cmocka_unit_test(kept_in_time_and_told_late),
        cmocka_unit_test(kept_once_however_late),
        cmocka_unit_test(not_kept_before_it_was_made),
        cmocka_unit_test(another_promise_takes_its_place),
        cmocka_unit_test(what_is_overdue_is_not_moved),
        cmocka_unit_test(admitted_in_time_it_climbs_at_once),
        cmocka_unit_test(admitted_with_a_breach_it_climbs_once),
        cmocka_unit_test(admitted_late_it_climbs_once),
        cmocka_unit_test(at_the_top_each_is_told),
        cmocka_unit_test(resolving_breaks_what_is_overdue),
        cmocka_unit_test(a_broken_one_gives_a_head_start),
        cmocka_unit_test(no_promise_of_that_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
