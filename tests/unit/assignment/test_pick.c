/* SPDX-License-Identifier: Apache-2.0 */

/* Who is asked for which case. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/matching/pick.h"
#include "contract/words.h"
#include "policy/compile/bundle.h"

#define PICKS_MAX 8
#define ARENA_BYTES (1u << 20)

static struct arena arena;
static struct policy *policy;
static struct pick picks[PICKS_MAX];
static struct pauses refusals;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    policy = policy_default(1);
    memset(picks, 0, sizeof(picks));
    memset(&refusals, 0, sizeof(refusals));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    policy_free(policy);
    return 0;
}

static struct agent_row agent(const char *id, int level, int capacity, int load, int64_t idle)
{
    return (struct agent_row){.agent_id = id,
                              .level = (int16_t)level,
                              .capacity = capacity,
                              .counted_cases = load,
                              .skills = "billing:3",
                              .languages = "en",
                              .authorities = "",
                              .presence = PRESENCE_AVAILABLE,
                              .idle_since = idle};
}

static struct pick_case item(uint8_t id, int level, int64_t score)
{
    return (struct pick_case){.level = level,
                              .signature = "s=billing:2",
                              .case_id = {{id}},
                              .score_ms = score,
                              .generation = 1};
}

static size_t push(const struct agent_row *agents, size_t n_agents, const struct pick_case *cases,
                   size_t n_cases, const struct pick_cooling *cooling, size_t n_cooling)
{
    const struct pick_input in = {policy,    agents, n_agents, cases,     n_cases, cooling,
                                  n_cooling, NULL,   0,        &refusals, 0};
    return pick_push(&in, &arena, picks, PICKS_MAX);
}

static void best_score_first_to_the_longest_idle(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("ann", 1, 1, 0, 20), agent("bob", 1, 1, 0, 10)};
    const struct pick_case cases[] = {item(1, 1, 500), item(2, 1, 100), item(3, 1, 900)};
    assert_int_equal(push(agents, 2, cases, 3, NULL, 0), 2);
    assert_int_equal(picks[0].c->case_id.b[0], 2);
    assert_string_equal(picks[0].agent->agent_id, "bob");
    assert_int_equal(picks[1].c->case_id.b[0], 1);
    assert_string_equal(picks[1].agent->agent_id, "ann");
}

static void level_fit_before_load_before_idle(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("lead", 2, 10, 0, 1), agent("busy", 1, 10, 5, 1),
                                       agent("free", 1, 10, 1, 9)};
    const struct pick_case cases[] = {item(1, 1, 1)};
    assert_int_equal(push(agents, 3, cases, 1, NULL, 0), 1);
    assert_string_equal(picks[0].agent->agent_id, "free");
}

static void load_is_a_part_of_the_capacity(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("small", 1, 2, 1, 1), agent("large", 1, 100, 10, 9)};
    const struct pick_case cases[] = {item(1, 1, 1)};
    assert_int_equal(push(agents, 2, cases, 1, NULL, 0), 1);
    assert_string_equal(picks[0].agent->agent_id, "large");
}

static void nobody_gets_more_than_fits(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("ann", 1, 3, 1, 1)};
    const struct pick_case cases[] = {item(1, 1, 1), item(2, 1, 2), item(3, 1, 3), item(4, 1, 4)};
    assert_int_equal(push(agents, 1, cases, 4, NULL, 0), 2);
}

static void requirements(void **state)
{
    (void)state;
    struct agent_row agents[] = {agent("unskilled", 1, 3, 0, 1), agent("away", 1, 3, 0, 1),
                                 agent("low", 1, 3, 0, 1)};
    const struct pick_case cases[] = {item(1, 2, 1)};
    agents[0].skills = "delivery:5";
    agents[0].level = 2;
    agents[1].presence = PRESENCE_AWAY;
    agents[1].level = 2;
    assert_int_equal(push(agents, 3, cases, 1, NULL, 0), 0);
}

static void who_declined_is_passed_over(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("ann", 1, 3, 0, 1), agent("bob", 1, 3, 0, 9)};
    const struct pick_case cases[] = {item(1, 1, 1), item(2, 1, 2)};
    const struct pick_cooling cooling[] = {{"ann", {{1}}}};
    assert_int_equal(push(agents, 2, cases, 2, cooling, 1), 2);
    assert_string_equal(picks[0].agent->agent_id, "bob");
    assert_string_equal(picks[1].agent->agent_id, "ann");
    assert_false(picks[0].sole);
}

static void the_sole_one_is_asked_again(void **state)
{
    (void)state;
    struct agent_row agents[] = {agent("ann", 1, 3, 0, 1), agent("other", 1, 3, 0, 1)};
    const struct pick_case cases[] = {item(1, 1, 1)};
    const struct pick_cooling cooling[] = {{"ann", {{1}}}};
    agents[1].skills = "";
    assert_int_equal(push(agents, 2, cases, 1, cooling, 1), 1);
    assert_string_equal(picks[0].agent->agent_id, "ann");
    assert_true(picks[0].sole);
}

static void not_sole_while_another_is_only_busy(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("ann", 1, 3, 0, 1), agent("busy", 1, 1, 1, 1)};
    const struct pick_case cases[] = {item(1, 1, 1)};
    const struct pick_cooling cooling[] = {{"ann", {{1}}}};
    assert_int_equal(push(agents, 2, cases, 1, cooling, 1), 0);
}

static void pull_takes_the_best_fit(void **state)
{
    (void)state;
    const struct agent_row self = agent("ann", 2, 3, 0, 1);
    struct pick_case cases[] = {item(1, 1, 1), item(2, 2, 9), item(3, 2, 5), item(4, 3, 1),
                                item(5, 2, 2)};
    const struct pick_cooling cooling[] = {{"ann", {{3}}}};
    const struct pick_input in = {policy, &self, 1, cases, 5, cooling, 1, NULL, 0, &refusals, 0};
    cases[4].signature = "s=delivery:1";
    assert_int_equal(pick_pull(&in, &arena, picks, PICKS_MAX), 2);
    assert_int_equal(picks[0].c->case_id.b[0], 2);
    assert_int_equal(picks[1].c->case_id.b[0], 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* The decision knows the case's policy version and refused; the next best agent gets the case, and
 * the case does not keep the first from others. */
static void a_refused_agent_is_passed_over(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("ann", 1, 1, 0, 1), agent("bob", 1, 1, 0, 2)};
    const struct pick_case cases[] = {item(1, 1, 1), item(2, 1, 2)};
    refusals_note(&refusals, &cases[0].case_id, 1, "ann", false, -US_PER_S / 2);
    assert_int_equal(push(agents, 2, cases, 2, NULL, 0), 2);
    assert_string_equal(picks[0].agent->agent_id, "bob");
    assert_int_equal(picks[0].c->case_id.b[0], 1);
    assert_string_equal(picks[1].agent->agent_id, "ann");
}

static void a_case_that_cannot_be_decided_holds_up_nobody(void **state)
{
    (void)state;
    const struct agent_row agents[] = {agent("ann", 1, 1, 0, 1)};
    const struct pick_case cases[] = {item(1, 1, 1), item(2, 1, 2)};
    refusals_note(&refusals, &cases[0].case_id, 1, NULL, false, -US_PER_S / 2);
    assert_int_equal(push(agents, 1, cases, 2, NULL, 0), 1);
    assert_int_equal(picks[0].c->case_id.b[0], 2);
    /* The pause is over, and the next one is longer. */
    memset(&refusals, 0, sizeof(refusals));
    refusals_note(&refusals, &cases[0].case_id, 1, NULL, false, -US_PER_S);
    assert_int_equal(push(agents, 1, cases, 2, NULL, 0), 1);
    assert_int_equal(picks[0].c->case_id.b[0], 1);
    refusals_note(&refusals, &cases[0].case_id, 1, NULL, false, -US_PER_S);
    assert_int_equal(push(agents, 1, cases, 2, NULL, 0), 1);
    assert_int_equal(picks[0].c->case_id.b[0], 2);
}

/* Full for those who did not ask; whoever asks may have it. */
static void a_full_case_is_for_those_who_ask(void **state)
{
    (void)state;
    const struct agent_row self = agent("ann", 1, 1, 0, 1);
    const struct pick_case cases[] = {item(1, 1, 1), item(2, 1, 2)};
    refusals_note(&refusals, &cases[0].case_id, 1, NULL, true, -US_PER_S / 2);
    const struct pick_input in = {policy, &self, 1, cases, 2, NULL, 0, NULL, 0, &refusals, 0};
    assert_int_equal(pick_push(&in, &arena, picks, PICKS_MAX), 1);
    assert_int_equal(picks[0].c->case_id.b[0], 2);
    assert_int_equal(pick_pull(&in, &arena, picks, PICKS_MAX), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refused_agent_is_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_case_that_cannot_be_decided_holds_up_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_case_is_for_those_who_ask, setup, teardown),
        TEST(best_score_first_to_the_longest_idle),
        TEST(level_fit_before_load_before_idle),
        TEST(load_is_a_part_of_the_capacity),
        TEST(nobody_gets_more_than_fits),
        TEST(requirements),
        TEST(who_declined_is_passed_over),
        TEST(the_sole_one_is_asked_again),
        TEST(not_sole_while_another_is_only_busy),
        TEST(pull_takes_the_best_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
