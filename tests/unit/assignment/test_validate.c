/* SPDX-License-Identifier: Apache-2.0 */

/* Every violation of a request at once, each by its path. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/decide/decide.h"
#include "assignment/validate.h"
#include "policy/compile/bundle.h"

static struct arena arena;
static struct policy *policy;
static struct fault fault;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
    policy = policy_default(1);
    fault_init(&fault, &arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    policy_free(policy);
    arena_free(&arena);
    return 0;
}

static void assert_has(const char *field)
{
    for (size_t i = 0; i < fault.n_violations; i++) {
        if (strcmp(fault.violations[i].key, field) == 0)
            return;
    }
    fail_msg("no violation of %s", field);
}

static char *text(const char *s)
{
    char *copy = arena_strdup(&arena, s);
    assert_non_null(copy);
    return copy;
}

static Amends__V1__Agent good(void)
{
    Amends__V1__Agent a = AMENDS__V1__AGENT__INIT;
    a.agent_id = text("ann@shop.example");
    a.level = 4;
    a.capacity = 1000;
    return a;
}

static void a_good_agent(void **state)
{
    (void)state;
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    Amends__V1__Agent a = good();
    Amends__V1__Skill skill = AMENDS__V1__SKILL__INIT;
    Amends__V1__Skill *skills[] = {&skill};
    char *languages[] = {text("de-AT")};
    skill.code = text("billing");
    skill.level = 5;
    a.skills = skills;
    a.n_skills = 1;
    a.languages = languages;
    a.n_languages = 1;
    r.agent = &a;
    put_agent_validate(&r.base, 0, policy, &fault);
    assert_false(fault_is_set(&fault));
}

static void the_agent_is_required(void **state)
{
    (void)state;
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    r.expected_version = -1;
    put_agent_validate(&r.base, 0, policy, &fault);
    assert_has("agent");
    assert_has("expected_version");
}

static void everything_wrong_at_once(void **state)
{
    (void)state;
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    Amends__V1__Agent a = AMENDS__V1__AGENT__INIT;
    Amends__V1__Skill bad = AMENDS__V1__SKILL__INIT, one = AMENDS__V1__SKILL__INIT, two = one;
    Amends__V1__Skill *skills[] = {&bad, &one, &two};
    Amends__V1__Authority none = AMENDS__V1__AUTHORITY__INIT;
    Amends__V1__Authority *authorities[] = {&none};
    char *languages[] = {text("d"), text("en")};
    bad.code = text("Big Skill");
    bad.level = 6;
    one.code = two.code = text("billing");
    one.level = two.level = 1;
    a.agent_id = text("no blanks");
    a.level = 5;
    a.capacity = 1001;
    a.skills = skills;
    a.n_skills = 3;
    a.languages = languages;
    a.n_languages = 2;
    a.authorities = authorities;
    a.n_authorities = 1;
    r.agent = &a;
    put_agent_validate(&r.base, 0, policy, &fault);
    assert_has("agent.agent_id");
    assert_has("agent.level");
    assert_has("agent.capacity");
    assert_has("agent.skills[0].code");
    assert_has("agent.skills[0].level");
    assert_has("agent.skills[2].code");
    assert_has("agent.languages[0]");
    assert_has("agent.authorities[0].kind");
    assert_has("agent.authorities[0].limit_per_case");
    assert_int_equal(fault.n_violations, 9);
}

static void stewards_and_the_system_are_no_agents(void **state)
{
    (void)state;
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    Amends__V1__Agent a = good();
    r.agent = &a;
    a.agent_id = text("steward-lead");
    put_agent_validate(&r.base, 0, policy, &fault);
    assert_has("agent.agent_id");
    fault_init(&fault, &arena);
    a.agent_id = text("amends");
    put_agent_validate(&r.base, 0, policy, &fault);
    assert_has("agent.agent_id");
}

static void presence_and_heartbeat(void **state)
{
    (void)state;
    Amends__V1__SetPresenceRequest p = AMENDS__V1__SET_PRESENCE_REQUEST__INIT;
    Amends__V1__WatchOffersRequest w = AMENDS__V1__WATCH_OFFERS_REQUEST__INIT;
    set_presence_validate(&p.base, 0, policy, &fault);
    assert_has("presence");
    watch_offers_validate(&w, &fault);
    assert_int_equal(fault.n_violations, 1);
    w.heartbeat_seconds = 4;
    watch_offers_validate(&w, &fault);
    assert_has("heartbeat_seconds");
}

static void answers(void **state)
{
    (void)state;
    Amends__V1__DeclineOfferRequest r = AMENDS__V1__DECLINE_OFFER_REQUEST__INIT;
    char reason[502];
    memset(reason, 'x', 501);
    reason[501] = '\0';
    r.reason = reason;
    r.offer_id = text("not-a-uuid");
    decline_offer_validate(&r.base, 0, policy, &fault);
    assert_has("offer_id");
    assert_has("reason");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_agent),
        TEST(the_agent_is_required),
        TEST(everything_wrong_at_once),
        TEST(stewards_and_the_system_are_no_agents),
        TEST(presence_and_heartbeat),
        TEST(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
