/* SPDX-License-Identifier: Apache-2.0 */

/* The bundles that ship have no problem, and mean what their comments say. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amends/v1/types.pb-c.h"
#include "policy/compile/bundle.h"
#include "base/bits.h"

#define ARENA_BYTES (8u << 20)
#define HOURS_MS (3600 * 1000LL)
#define DAYS_MS (24 * HOURS_MS)

static char *read_bundle(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s.yaml", BUNDLES, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, BUNDLE_BYTES_MAX);
    assert_non_null(text);
    assert_true(fread(text, 1, BUNDLE_BYTES_MAX - 1, f) > 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

/* Compiles it and asserts that it has neither errors nor warnings. */
static struct policy *compile(const char *name)
{
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    char *text = read_bundle(name);
    struct policy *p = bundle_compile(1, text, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s:%d:%d: %s: %s\n", name, problems.items[i].line, problems.items[i].column,
                    problems.items[i].path, problems.items[i].text);
    assert_int_equal(problems.n, 0);
    assert_non_null(p);
    free(text);
    arena_free(&arena);
    return p;
}

static struct fact_values a_case(const struct policy *p, const char *failure, int severity)
{
    struct fact_values v = {.value = {[FACT_STATUS] = 1,
                                      [FACT_SEVERITY] = (uint8_t)severity,
                                      [FACT_CHANNEL] = 1,
                                      [FACT_TRIGGER] = 1,
                                      [FACT_OWNER] = 1,
                                      [FACT_LEVEL] = 1}};
    const struct policy_failure *f = policy_failure_find(p, failure);
    v.failure = f ? (int)(f - p->failures) : -1;
    return v;
}

static const struct policy_target *target(const struct policy *p, const char *clock,
                                          const struct fact_values *v)
{
    const struct policy_clock *c = policy_clock_find(p, clock);
    assert_non_null(c);
    for (size_t i = 0; i < c->n_targets; i++)
        if (condition_holds(&c->targets[i].when, v))
            return &c->targets[i];
    fail_msg("no target");
    return NULL;
}

static int64_t calendar_hours(const struct policy *p, const char *name, const char *zone,
                              const char *date)
{
    int32_t day;
    assert_int_equal(calendar_date_parse(date, &day), AM_OK);
    const struct zone *z = zone_get(zone);
    assert_non_null(z);
    const struct calendar *c = policy_calendar_in(p, policy_calendar_find(p, name), z);
    assert_non_null(c);
    int64_t from = zone_instant_s(z, (int64_t)day * CALENDAR_DAY_S, ZONE_FIRST);
    int64_t until = zone_instant_s(z, (int64_t)(day + 1) * CALENDAR_DAY_S, ZONE_FIRST);
    return calendar_between(c, from * 1000000, until * 1000000) / 3600000000;
}

static void the_default_has_a_clock_for_each_kind(void **state)
{
    (void)state;
    struct policy *p = compile("default");
    static const char *const names[] = {"first_response", "resolution", "reply",    "cadence",
                                        "fulfilment",     "promise",    "approval", "follow_up",
                                        "level.2",        "level.3",    "level.4"};
    assert_int_equal(p->n_clocks, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < p->n_clocks; i++)
        assert_string_equal(p->clocks[i].name, names[i]);
    struct fact_values v = a_case(p, "billing", 5);
    assert_int_equal(target(p, "first_response", &v)->ms, HOURS_MS);
    v.value[FACT_SEVERITY] = 1;
    assert_int_equal(target(p, "first_response", &v)->ms, 24 * HOURS_MS);
    assert_int_equal(target(p, "resolution", &v)->ms, 5 * DAYS_MS);
    assert_int_equal(target(p, "level.4", &v)->ms, 24 * HOURS_MS);
    policy_free(p);
}

static void the_top_of_the_default_ladder_restarts(void **state)
{
    (void)state;
    struct policy *p = compile("default");
    const struct policy_clock *top = policy_clock_find(p, "level.4");
    const struct policy_clock *below = policy_clock_find(p, "level.3");
    assert_int_equal(top->kind, CLOCK_KIND_LEVEL);
    assert_int_equal(top->level, 4);
    assert_int_equal(top->thresholds[0].actions,
                     BIT_OF(ESCALATION_ACTION_RESTART) | BIT_OF(ESCALATION_ACTION_NOTIFY));
    assert_int_equal(below->thresholds[0].actions,
                     BIT_OF(ESCALATION_ACTION_CLIMB) | BIT_OF(ESCALATION_ACTION_NOTIFY));
    struct fact_values v = a_case(p, "billing", 3);
    assert_false(condition_holds(&top->start, &v));
    v.value[FACT_LEVEL] = 4;
    assert_true(condition_holds(&top->start, &v));
    v.value[FACT_ACKNOWLEDGED] = 1;
    assert_false(condition_holds(&top->start, &v));
    assert_true(condition_holds(&top->stop, &v));
    policy_free(p);
}

/* The clock of a level ends when somebody takes notice of the case or makes progress. From then on
 * this clock begins again and again. */
static void who_moves_a_case_of_the_default_is_reminded_until_it_is_resolved(void **state)
{
    (void)state;
    struct policy *p = compile("default");
    const struct policy_clock *cadence = policy_clock_find(p, "cadence");
    static const enum fact facts[] = {FACT_CONTACT, FACT_ACKNOWLEDGED, FACT_PROGRESS};
    struct fact_values v = a_case(p, "billing", 3);
    assert_false(condition_holds(&cadence->start, &v));
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        v = a_case(p, "billing", 3);
        v.value[facts[i]] = 1;
        assert_true(condition_holds(&cadence->start, &v));
        assert_false(condition_holds(&cadence->stop, &v));
        assert_false(condition_holds(&cadence->cancel, &v));
    }
    assert_int_equal(cadence->thresholds[0].percent, 100);
    assert_int_equal(cadence->thresholds[0].actions,
                     BIT_OF(ESCALATION_ACTION_RESTART) | BIT_OF(ESCALATION_ACTION_NOTIFY));
    policy_free(p);
}

static void a_broken_promise_of_the_default_climbs_and_is_graver(void **state)
{
    (void)state;
    struct policy *p = compile("default");
    const struct policy_clock *c = policy_clock_of_kind(p, CLOCK_KIND_PROMISE);
    assert_int_equal(c->thresholds[0].actions, BIT_OF(ESCALATION_ACTION_NOTIFY) |
                                                   BIT_OF(ESCALATION_ACTION_CLIMB) |
                                                   BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY));
    assert_int_equal(c->thresholds[0].notify, POLICY_NOTIFY_OWNER | POLICY_NOTIFY_STEWARD);
    assert_int_equal(c->n_targets, 0);
    policy_free(p);
}

static void the_bank_has_statutory_dates_that_do_not_pause(void **state)
{
    (void)state;
    struct policy *p = compile("bank");
    struct fact_values v = a_case(p, "charges.wrong", 3);
    const struct policy_target *summary = target(p, "third_business_day", &v);
    const struct policy_target *final = target(p, "final_response", &v);
    assert_int_equal(summary->unit, POLICY_UNIT_BUSINESS_DAYS);
    assert_int_equal(summary->days, 3);
    assert_int_equal(final->unit, POLICY_UNIT_DAYS);
    assert_int_equal(final->days, 56);
    for (size_t i = 0; i < p->n_clocks; i++)
        if (p->clocks[i].kind == CLOCK_KIND_STATUTORY)
            assert_int_equal(p->clocks[i].pause_single_ms, 0);
    assert_int_equal(policy_clock_find(p, "resolution")->pause_single_ms, 14 * DAYS_MS);
    policy_free(p);
}

static void the_bank_rests_on_bank_holidays(void **state)
{
    (void)state;
    struct policy *p = compile("bank");
    static const char *const closed[] = {"2026-04-03", "2026-05-04", "2026-12-25", "2026-12-28",
                                         "2027-05-03", "2040-08-27", "2027-12-28"};
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        assert_int_equal(calendar_hours(p, "complaints_desk", "Europe/London", closed[i]), 0);
        assert_int_equal(calendar_hours(p, "business_days", "Europe/London", closed[i]), 0);
    }
    assert_int_equal(calendar_hours(p, "complaints_desk", "Europe/London", "2026-12-24"), 7);
    assert_int_equal(calendar_hours(p, "complaints_desk", "Europe/London", "2026-11-21"), 7);
    assert_int_equal(calendar_hours(p, "business_days", "Europe/London", "2026-11-21"), 0);
    policy_free(p);
}

static void the_telecom_is_quicker_for_outages_and_tiers(void **state)
{
    (void)state;
    struct policy *p = compile("telecom");
    struct fact_values v = a_case(p, "outage.line", 4);
    assert_true(condition_holds(&policy_clock_find(p, "outage_response")->start, &v));
    assert_false(condition_holds(&policy_clock_find(p, "first_response")->start, &v));
    assert_int_equal(target(p, "outage_response", &v)->ms, HOURS_MS / 2);
    v.value[FACT_TIER] = (uint8_t)policy_tier(p, "platinum");
    assert_int_equal(target(p, "outage_response", &v)->ms, HOURS_MS / 6);
    assert_true(p->contact_customer_zone);
    assert_int_equal(calendar_hours(p, "contact_hours", "America/Denver", "2026-11-22"), 8);
    assert_int_equal(calendar_hours(p, "care_centre", "America/New_York", "2026-11-26"), 0);
    policy_free(p);
}

static void the_hotel_works_through_the_night(void **state)
{
    (void)state;
    struct policy *p = compile("hotel");
    assert_int_equal(calendar_hours(p, "front_desk", "Asia/Tokyo", "2026-11-22"), 24);
    assert_int_equal(calendar_hours(p, "duty_manager", "Europe/Lisbon", "2026-11-20"), 17);
    assert_int_equal(calendar_hours(p, "duty_manager", "Europe/Lisbon", "2026-11-22"), 18);
    struct fact_values v = a_case(p, "noise.alarm", 4);
    assert_int_equal(target(p, "in_house", &v)->ms, HOURS_MS / 6);
    assert_true(policy_clock_find(p, "in_house")->customer_zone);
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_has_a_clock_for_each_kind),
        cmocka_unit_test(the_top_of_the_default_ladder_restarts),
        cmocka_unit_test(who_moves_a_case_of_the_default_is_reminded_until_it_is_resolved),
        cmocka_unit_test(a_broken_promise_of_the_default_climbs_and_is_graver),
        cmocka_unit_test(the_bank_has_statutory_dates_that_do_not_pause),
        cmocka_unit_test(the_bank_rests_on_bank_holidays),
        cmocka_unit_test(the_telecom_is_quicker_for_outages_and_tiers),
        cmocka_unit_test(the_hotel_works_through_the_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
