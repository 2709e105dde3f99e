/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random histories of cases: what must hold of every clock after every step, and that nothing
 * depends on when somebody looks.
 */

#include "clock_rig.h"
#include "contract/statuses.h"

#include <string.h>

#include "policy/build.h"
#include "policy/compile/bundle.h"

#define HISTORIES 250
#define STEPS 60
#define HOURS_MS(n) ((n)*3600 * 1000LL)

static uint64_t random_state;

static int any(int n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (int)((random_state * 0x2545f4914f6cdd1dull >> 33) % (uint64_t)n);
}

/* -- a policy of every sort of clock ----------------------------------------------------------- */

static struct policy_threshold steps[] = {
    {.percent = 30, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 75, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_STEWARD},
    {.percent = 200, .actions = BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY), .raise_ms = 1000},
};

static struct policy_threshold times[] = {
    {.before_ms = HOURS_MS(2),
     .actions = BIT_OF(ESCALATION_ACTION_NOTIFY),
     .notify = POLICY_NOTIFY_OWNER},
    {.before_ms = HOURS_MS(1) / 2,
     .actions = BIT_OF(ESCALATION_ACTION_NOTIFY),
     .notify = POLICY_NOTIFY_STEWARD},
    {.percent = 200, .actions = BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY), .raise_ms = 1000},
};

/* Shares of the target, or times before the deadline in policies with an even number. */
static void stepped(struct policy_clock *c, int version)
{
    c->n_thresholds = 3;
    c->thresholds = version % 2 == 0 ? times : steps;
}

static void pausable(struct policy_clock *c, int single_hours, int total_hours)
{
    c->pause_single_ms = HOURS_MS(single_hours);
    c->pause_total_ms = HOURS_MS(total_hours);
}

static void add(struct policy *p, const struct policy_clock *c)
{
    assert_int_equal(policy_add_clock(p, c), AM_OK);
}

static void add_calendars(struct policy *p)
{
    static const struct calendar_window office[] = {
        {0, 9 * 3600, 17 * 3600}, {1, 9 * 3600, 17 * 3600},  {2, 9 * 3600, 17 * 3600},
        {3, 9 * 3600, 17 * 3600}, {4, 20 * 3600, 28 * 3600}, {6, 22 * 3600, 26 * 3600},
    };
    static const struct calendar_holiday holidays[] = {{20455, 0, 86400, true, "Second"}};
    const struct policy_calendar desk = {
        .name = "desk",
        .zone = zone_get("America/New_York"),
        .spec = {.n_windows = 6, .windows = office, .n_holidays = 1, .holidays = holidays}};
    assert_int_equal(policy_add_calendar(p, &desk), AM_OK);
}

/* Hours of the first definitions, so that another policy has other targets; `own` pauses by the
 * definition beside those by hand. */
static struct policy *make_policy(int version, int hours, bool own)
{
    struct policy *p = policy_default(version);
    p->n_clocks = 0;
    add_calendars(p);
    struct policy_clock first = define("first", CLOCK_KIND_FIRST_RESPONSE, hours);
    first.start = when(FACT_STATUS, STATUSES_WAITING);
    first.stop = when(FACT_CONTACT, YES);
    first.cancel = when(FACT_STATUS, RESOLVED);
    stepped(&first, version);
    pausable(&first, 5, 20);
    add(p, &first);
    struct policy_clock resolution = define_resolution("resolution", 10 * hours);
    resolution.calendar = 0;
    resolution.customer_zone = true;
    if (own) {
        resolution.pause = when_both(FACT_CONTACT, YES, FACT_CUSTOMER, NO);
        resolution.resume = when(FACT_CUSTOMER, YES);
    }
    stepped(&resolution, version);
    pausable(&resolution, 30, 90);
    add(p, &resolution);
    struct policy_clock reply = define("reply", CLOCK_KIND_NEXT_CONTACT, 4);
    reply.start = when(FACT_CUSTOMER, YES);
    reply.stop = when(FACT_CUSTOMER, NO);
    reply.again = true;
    reply.calendar = 0;
    pausable(&reply, 2, 3);
    add(p, &reply);
    struct policy_clock cadence = define("cadence", CLOCK_KIND_NEXT_CONTACT, 3 * hours);
    cadence.start = when_both(FACT_CONTACT, YES, FACT_STATUS, STATUSES_WAITING);
    cadence.reset = when(FACT_CONTACT, YES);
    cadence.cancel = when(FACT_STATUS, RESOLVED);
    stepped(&cadence, version);
    add(p, &cadence);
    struct policy_target days[2] = {
        {.when = when(FACT_SEVERITY, BIT_OF(3)), .unit = POLICY_UNIT_BUSINESS_DAYS, .days = 3},
        {.when = always(), .unit = POLICY_UNIT_DAYS, .days = 7},
    };
    struct policy_clock statute = define("statute", CLOCK_KIND_STATUTORY, 1);
    statute.start = when(FACT_STATUS, STATUSES_WAITING);
    statute.stop = when(FACT_STATUS, RESOLVED);
    statute.calendar = 0;
    statute.n_targets = 2;
    statute.targets = days;
    stepped(&statute, version);
    add(p, &statute);
    struct policy_clock fulfilment = define("fulfilment", CLOCK_KIND_FULFILMENT, 7 * hours);
    stepped(&fulfilment, version);
    add(p, &fulfilment);
    return p;
}

/* -- a history: what happens when, whoever looks ----------------------------------------------- */

static void contact(struct world *w)
{
    static const int64_t ago[] = {0, 0, 1, 60, 3600, 20000, 100000};
    int64_t at = w->now_us - ago[any(7)] * 1000000LL;
    if (at < case_round_since(&w->c.row))
        at = w->now_us;
    int outcome = any(3) == 0 ? CONTACT_OUTCOME_VOICEMAIL : CONTACT_OUTCOME_REACHED;
    if (any(2) == 0)
        TELL_INBOUND(w, at);
    else
        tell_contact(w, CONTACT_DIRECTION_OUTBOUND, outcome, at);
}

static void pause_or_resume(struct world *w)
{
    if (w->c.row.paused_at != 0 && w->c.row.resume_at > w->now_us)
        tell_resume(w);
    else
        tell_pause(w, w->now_us + 1 + any(40 * 3600) * 1000000LL);
}

static void remedy(struct world *w)
{
    struct remedy_row *last =
        w->c.remedies.n > 0 ? ROW_AT(&w->c.remedies, struct remedy_row, w->c.remedies.n - 1) : NULL;
    if (last && remedy_state(last->state)->is_owed) {
        last->state = any(2) == 0 ? REMEDY_STATE_FULFILLED : REMEDY_STATE_FAILED;
        last->fulfilled_at = last->state == REMEDY_STATE_FULFILLED ? w->now_us : 0;
    } else if (w->c.remedies.n < 20) {
        struct remedy_row *r = ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena);
        r->remedy_id = (struct uuid){{9, (uint8_t)w->c.remedies.n}};
        r->state = REMEDY_STATE_ACCEPTED;
        r->proposed_at = r->responded_at = w->now_us;
        r->currency = r->description = r->proposer = r->fulfilment_reference = "";
    }
    tell_nothing(w);
}

static void resolve_or_reopen(struct world *w)
{
    if (status_is_waiting(w->c.row.status)) {
        tell_status(w, CASE_STATUS_RESOLVED);
        return;
    }
    w->c.row.round++;
    w->c.row.round_since = w->now_us;
    w->c.row.resolved_at = 0;
    tell_status(w, CASE_STATUS_IN_PROGRESS);
}

static void happen(struct world *w)
{
    switch (any(8)) {
    case 0:
    case 1:
    case 2:
        contact(w);
        break;
    case 3:
    case 4:
        pause_or_resume(w);
        break;
    case 5:
        remedy(w);
        break;
    case 6:
        w->c.row.severity = (int16_t)(1 + any(5));
        tell_nothing(w);
        break;
    default:
        if (any(3) == 0)
            resolve_or_reopen(w);
        break;
    }
}

static struct world *begin(uint64_t seed, bool own)
{
    static const char *const zones[] = {"", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"};
    random_state = seed * 0x9e3779b97f4a7c15ull + 1;
    struct world *w = world_new();
    policy_free(w->policy);
    w->policy = make_policy(1, 8, own);
    (void)world_agent(w, "ann", 1);
    w->c.row.time_zone = zones[any(4)];
    w->now_us += any(400) * DAY_US + any(86400) * 1000000LL + any(1000000);
    world_open(w);
    world_own(w, "ann");
    return w;
}

/* Some hours, or none. */
static int64_t later(struct world *w)
{
    return w->now_us + (any(3) == 0 ? any(1000) : any(30 * 3600) * 1000000LL + any(1000000));
}

/* -- what must hold ---------------------------------------------------------------------------- */

static void assert_each_step_once(const struct world *w)
{
    for (size_t i = 0; i < w->escalations.n; i++) {
        const struct escalation_row *a = ROW_AT(&w->escalations, const struct escalation_row, i);
        for (size_t j = 0; j < i; j++) {
            const struct escalation_row *b =
                ROW_AT(&w->escalations, const struct escalation_row, j);
            assert_false(uuid_eq(&a->clock_id, &b->clock_id) && a->round == b->round &&
                         a->instance == b->instance && a->threshold == b->threshold);
        }
    }
}

/* After every step the deadline of every clock is that of its row, and its parts add up to it:
 * whether timers come in time, late, or the case moves to another policy. */
static void whole_after_every_step(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct world *w = begin(seed, true);
        struct policy *former = NULL;
        for (int i = 0; i < STEPS; i++) {
            if (any(2) == 0)
                world_fire_until(w, later(w));
            else
                w->now_us = later(w);
            happen(w);
            if (!former && any(40) == 0) {
                former = w->policy;
                w->policy = make_policy(2, 5, true);
                struct clocks_migrated out;
                clocks_migrate(world_decision(w, "crm"), &out);
                tell_nothing(w);
            }
            assert_clocks_whole(w);
        }
        assert_each_step_once(w);
        assert_chain_intact(w);
        world_free(w);
        policy_free(former);
    }
}

/* -- whoever looks, and whenever --------------------------------------------------------------- */

static struct world *live(uint64_t seed, bool in_time)
{
    struct world *w = begin(seed, false);
    for (int i = 0; i < STEPS; i++) {
        int64_t now_us = later(w);
        if (in_time)
            world_fire_until(w, now_us);
        w->now_us = now_us;
        happen(w);
    }
    world_fire_until(w, w->now_us);
    return w;
}

static void assert_same_clock(const struct clock_row *a, const struct clock_row *b, uint64_t seed)
{
    if (a->state != b->state || a->due_at != b->due_at || a->started_at != b->started_at ||
        a->stopped_at != b->stopped_at || a->breached_at != b->breached_at ||
        a->instance != b->instance || strcmp(a->pauses, b->pauses) != 0 ||
        a->paused_at != b->paused_at || a->resume_at != b->resume_at || a->next_at != b->next_at)
        fail_msg("history %d: %s of round %d is %d in time and %d late (due %+lld s)\nin time: %s\n"
                 "late:    %s",
                 (int)seed, a->name, a->round, a->state, b->state,
                 (long long)(b->due_at - a->due_at) / 1000000, a->pauses, b->pauses);
}

/* Plays each history twice: once with every timer in time, and once with none until the end. The
 * clocks end the same. (One case is left out: a pause by hand that is followed by one of the
 * definition. There somebody has to look, because the value of a condition in between is not
 * kept.) */
static void it_makes_no_difference_when_somebody_looks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct world *in_time = live(seed, true);
        struct world *late = live(seed, false);
        assert_int_equal(in_time->c.clocks.n, late->c.clocks.n);
        for (size_t i = 0; i < late->c.clocks.n; i++)
            assert_same_clock(ROW_AT(&in_time->c.clocks, struct clock_row, i),
                              ROW_AT(&late->c.clocks, struct clock_row, i), seed);
        world_free(in_time);
        world_free(late);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_after_every_step),
        cmocka_unit_test(it_makes_no_difference_when_somebody_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
