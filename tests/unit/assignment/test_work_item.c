/* SPDX-License-Identifier: Apache-2.0 */

/* A row of a work list: its reason, what to do next, and when a day ends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "assignment/work/work.h"
#include "calendar/zone.h"
#include "case/model/state.h"
#include "contract/words.h"

static struct arena arena;
static struct case_state agents, desks;

static void assert_action(enum work_source source, int kind, struct case_state *c, int action)
{
    const struct work_item w = {.place.source = (int32_t)source,
                                .kind = (int16_t)kind,
                                .of_promise = source == WORK_PROMISE,
                                .clock_name = "",
                                .c = &c->row};
    if ((int)work_next_action(&w) != action)
        fail_msg("source %d, kind %d: action %d and not %d", (int)source, kind,
                 (int)work_next_action(&w), action);
}

static void what_an_agent_does_next(void **state)
{
    static const struct {
        int kind, action;
    } clocks[] = {
        {CLOCK_KIND_FIRST_RESPONSE, NEXT_ACTION_CONTACT_CUSTOMER},
        {CLOCK_KIND_NEXT_CONTACT, NEXT_ACTION_CONTACT_CUSTOMER},
        {CLOCK_KIND_RESOLUTION, NEXT_ACTION_RESOLVE_CASE},
        {CLOCK_KIND_STATUTORY, NEXT_ACTION_RESOLVE_CASE},
        {CLOCK_KIND_FULFILMENT, NEXT_ACTION_FULFIL_REMEDY},
        {CLOCK_KIND_LEVEL, NEXT_ACTION_ACKNOWLEDGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
        assert_action(WORK_CLOCK, clocks[i].kind, &agents, clocks[i].action);
    assert_action(WORK_PROMISE, PROMISE_KIND_VISIT, &agents, NEXT_ACTION_KEEP_PROMISE);
    assert_action(WORK_ANSWER, CLOCK_KIND_NEXT_CONTACT, &agents, NEXT_ACTION_ANSWER_CUSTOMER);
    assert_action(WORK_OFFER, 0, &agents, NEXT_ACTION_ANSWER_OFFER);
}

static void what_a_desk_does_next(void **state)
{
    (void)state;
    for (int kind = CLOCK_KIND_FIRST_RESPONSE; kind < CLOCK_KIND_COUNT; kind++)
        assert_action(WORK_CLOCK, kind, &desks,
                      kind == CLOCK_KIND_LEVEL ? NEXT_ACTION_ACKNOWLEDGE : NEXT_ACTION_TAKE_CASE);
    assert_action(WORK_PROMISE, PROMISE_KIND_VISIT, &desks, NEXT_ACTION_TAKE_CASE);
    assert_action(WORK_ANSWER, CLOCK_KIND_NEXT_CONTACT, &desks, NEXT_ACTION_TAKE_CASE);
    assert_action(WORK_OFFER, 0, &desks, NEXT_ACTION_ANSWER_OFFER);
}

/* A replica of the last release has written the case: the promise is found by its clock. */
static void a_promise_that_is_found_by_its_clock(void **state)
{
    struct work_item w = {.place.source = WORK_CLOCK,
                          .kind = CLOCK_KIND_PROMISE,
                          .of_promise = true,
                          .due_us = 5,
                          .clock_name = "promise",
                          .subject_id = {{7}},
                          .c = &agents.row};
    (void)state;
    const Amends__V1__WorkItem *m = work_message(&w, 6, &arena);
    assert_int_equal(m->reason, WORK_REASON_PROMISE);
    assert_int_equal(m->next_action, NEXT_ACTION_KEEP_PROMISE);
    assert_string_equal(m->promise_id, "07000000-0000-0000-0000-000000000000");
    assert_string_equal(m->remedy_id, "");
    assert_true(m->overdue);
    assert_false(work_message(&w, 5, &arena)->overdue);
}

static void places_have_one_order(void **state)
{
    const struct work_place places[] = {{0, 0, {{0}}}, {5, 0, {{9}}}, {5, 1, {{1}}},
                                        {5, 1, {{2}}}, {5, 3, {{0}}}, {6, 0, {{0}}}};
    (void)state;
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++) {
            const int is = work_place_compare(&places[i], &places[k]);
            assert_int_equal((is > 0) - (is < 0), (i > k) - (i < k));
        }
}

static void a_day_ends_at_midnight(void **state)
{
    const struct zone *london = zone_get("Europe/London"), *utc = zone_get("UTC");
    const int64_t day_us = 86400 * US_PER_S, start_us = 1767225600LL * US_PER_S; /* 2026-01-01 */
    (void)state;
    assert_int_equal(work_end_of_day_us(utc, start_us), start_us + day_us);
    assert_int_equal(work_end_of_day_us(utc, start_us + day_us - 1), start_us + day_us);
    /* 2026-03-29 has 23 hours in London, 2026-10-25 has 25. */
    const int64_t march_us = 1774742400LL * US_PER_S, october_us = 1792882800LL * US_PER_S;
    assert_int_equal(work_end_of_day_us(london, march_us) - march_us, 23 * 3600 * US_PER_S);
    assert_int_equal(work_end_of_day_us(london, october_us) - october_us, 25 * 3600 * US_PER_S);
}

static int setup(void **state)
{
    const struct uuid id = {{1}};
    (void)state;
    arena_init(&arena, 1 << 20);
    case_state_init(&agents, 1, &id);
    case_state_init(&desks, 1, &id);
    agents.row.opened_at = desks.row.opened_at = 1;
    agents.row.owner_kind = OWNER_KIND_AGENT;
    desks.row.owner_kind = OWNER_KIND_STEWARD;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_agent_does_next),
        cmocka_unit_test(what_a_desk_does_next),
        cmocka_unit_test(a_promise_that_is_found_by_its_clock),
        cmocka_unit_test(places_have_one_order),
        cmocka_unit_test(a_day_ends_at_midnight),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
