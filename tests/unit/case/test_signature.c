/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures, who fits them, and the bounded boost. */

#include <stdio.h>
#include <string.h>

#include "world.h"

static const char *signature(struct world *w)
{
    return signature_of_case(&w->c.row, w->policy, &w->arena);
}

static void says_skill_language_and_authority(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    assert_string_equal(signature(w), "s=billing:1;a=6::100000000");
    w->c.row.language = "de-AT";
    w->c.row.stake_currency = "USD";
    w->c.row.stake_micros = 20 * MONEY_MICROS; /* less than the typical remedy */
    assert_string_equal(signature(w), "s=billing:1;l=de-at;a=6:USD:100000000");
    w->c.row.stake_micros = 100 * MONEY_MICROS;
    assert_string_equal(signature(w), "s=billing:1;l=de-at;a=6:USD:100000000");
    w->c.row.stake_micros++;
    assert_string_equal(signature(w), "s=billing:1;l=de-at;a=6:USD:500000000");
    w->c.row.stake_micros = 5001 * MONEY_MICROS;
    assert_string_equal(signature(w), "s=billing:1;l=de-at;a=6:USD:max");
    world_free(w);
}

static void asks_nothing_it_does_not_need(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.failure_code = "staff_conduct.rude"; /* an apology has no price */
    assert_string_equal(signature(w), "s=staff_conduct:1");
    w->c.row.failure_code = "not.in.the.taxonomy";
    assert_string_equal(signature(w), "");
    world_free(w);
}

static void beyond_the_ladder_asks_for_its_top(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    for (int i = 1; i <= w->policy->n_levels; i++)
        w->policy->levels[i].limit_micros[REMEDY_KIND_REFUND] = i * MONEY_MICROS;
    w->c.row.stake_currency = "EUR";
    w->c.row.stake_micros = 1000 * MONEY_MICROS;
    assert_string_equal(signature(w), "s=billing:1;a=6:EUR:4000000");
    world_free(w);
}

static void fits_by_skill(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct agent_row *a = world_agent(w, "ann", 1);
    assert_true(signature_fits("", a, w->policy));
    assert_true(signature_fits("s=billing:3", a, w->policy));
    assert_false(signature_fits("s=billing:4", a, w->policy));
    assert_false(signature_fits("s=bill:1", a, w->policy));
    assert_false(signature_fits("s=billings:1", a, w->policy));
    a->skills = "";
    assert_false(signature_fits("s=billing:1", a, w->policy));
    world_free(w);
}

static void fits_by_language(void **state)
{
    (void)state;
    static const struct {
        const char *spoken, *wanted;
        bool fits;
    } cases[] = {{"de en", "", true},      {"de en", "en", true},  {"de en", "de-at", true},
                 {"de-AT", "de-at", true}, {"de-AT", "de", true},  {"de-AT", "de-ch", false},
                 {"DE", "de-AT", true},    {"de en", "fr", false}, {"de", "deu", false},
                 {"", "de", false},        {"", "", true},         {"en-GB", "en-US", false}};
    struct world *w = world_new();
    struct agent_row *a = world_agent(w, "ann", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a->languages = cases[i].spoken;
        if (agent_speaks(a, cases[i].wanted) != cases[i].fits)
            fail_msg("'%s' for '%s'", cases[i].spoken, cases[i].wanted);
    }
    a->languages = "de";
    assert_true(signature_fits("l=de-at", a, w->policy));
    assert_false(signature_fits("l=fr", a, w->policy));
    world_free(w);
}

static void own_authority_goes_before_the_levels(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct agent_row *a = world_agent(w, "ann", 1);
    assert_int_equal(agent_limit_micros(a, w->policy, REMEDY_KIND_REFUND, "USD"),
                     100 * MONEY_MICROS);
    a->authorities = "6:EUR:900000000 6:USD:200000000 9:USD:0";
    assert_int_equal(agent_limit_micros(a, w->policy, 6, "USD"), 200 * MONEY_MICROS);
    assert_int_equal(agent_limit_micros(a, w->policy, 6, "GBP"), 100 * MONEY_MICROS);
    assert_int_equal(agent_limit_micros(a, w->policy, 9, "USD"), 0);
    assert_int_equal(agent_limit_micros(a, w->policy, 9, "EUR"), 100 * MONEY_MICROS);
    assert_int_equal(agent_limit_micros(a, w->policy, 0, "EUR"), 0);
    assert_int_equal(agent_limit_micros(a, w->policy, REMEDY_KIND_COUNT, "EUR"), 0);
    a->level = 9; /* above the top counts as the top */
    assert_int_equal(agent_limit_micros(a, w->policy, 6, "GBP"), MONEY_UNLIMITED);
    a->level = 0;
    assert_int_equal(agent_limit_micros(a, w->policy, 6, "GBP"), 0);
    world_free(w);
}

static void fits_by_authority(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct agent_row *a = world_agent(w, "ann", 1);
    assert_true(signature_fits("a=6:USD:100000000", a, w->policy));
    assert_false(signature_fits("a=6:USD:100000001", a, w->policy));
    assert_false(signature_fits("a=6:USD:max", a, w->policy));
    assert_true(signature_fits("a=6::100000000", a, w->policy));
    a->authorities = "6:USD:0";
    assert_false(signature_fits("a=6:USD:0", a, w->policy));
    a->authorities = "";
    a->level = 4;
    assert_true(signature_fits("s=billing:1;l=en;a=6:USD:max", a, w->policy));
    world_free(w);
}

static void nobody_fits_what_is_not_understood(void **state)
{
    (void)state;
    static const char *const bad[] = {"x=1", "s",       "s=", "s=billing",
                                      "a=6", "a=6:USD", ";;", "s=billing:1;z=1"};
    struct world *w = world_new();
    struct agent_row *a = world_agent(w, "ann", 4);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (signature_fits(bad[i], a, w->policy))
            fail_msg("'%s'", bad[i]);
    char longer[1000];
    memset(longer, 's', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_false(signature_fits(longer, a, w->policy));
    world_free(w);
}

static void every_default_failure_fits_somebody_with_its_skill(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct agent_row *a = world_agent(w, "ann", 1);
    for (size_t i = 0; i < w->policy->n_failures; i++) {
        const struct policy_failure *f = &w->policy->failures[i];
        char skills[80];
        (void)snprintf(skills, sizeof(skills), "%s:1", f->skill);
        a->skills = skills;
        w->c.row.failure_code = f->code;
        if (!signature_fits(signature(w), a, w->policy))
            fail_msg("nobody of the front line may take %s: %s", f->code, signature(w));
    }
    world_free(w);
}

/* -- the boost --------------------------------------------------------------------------------- */

static void boost_adds_up_and_is_bounded(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct policy *p = w->policy;
    struct case_state *c = &w->c;
    assert_int_equal(case_queue_boost_ms(c, p), p->boost_severity_ms[3]);
    c->row.severity = 5;
    assert_int_equal(case_queue_boost_ms(c, p), p->boost_severity_ms[5]);
    c->signals.n = 3;
    assert_int_equal(case_queue_boost_ms(c, p), p->boost_severity_ms[5] + 2 * p->boost_repeat_ms);
    c->signals.n = 1;
    c->row.stake_micros = 60 * MONEY_MICROS + 1;
    assert_int_equal(case_queue_boost_ms(c, p),
                     p->boost_severity_ms[5] + 60 * p->boost_per_stake_unit_ms);
    c->row.stake_micros = 1000000000 * MONEY_MICROS;
    c->signals.n = CASE_SIGNALS_MAX;
    assert_int_equal(case_queue_boost_ms(c, p), p->boost_max_ms);
    c->signals.n = 0;
    world_free(w);
}

static void absurd_policies_do_not_overflow(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->policy->boost_repeat_ms = w->policy->boost_per_stake_unit_ms = INT64_MAX;
    w->c.signals.n = 200;
    w->c.row.stake_micros = INT64_MAX;
    assert_int_equal(case_queue_boost_ms(&w->c, w->policy), w->policy->boost_max_ms);
    w->c.signals.n = 0;
    w->c.row.severity = 99;
    assert_true(case_queue_boost_ms(&w->c, w->policy) <= w->policy->boost_max_ms);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_skill_language_and_authority),
        cmocka_unit_test(asks_nothing_it_does_not_need),
        cmocka_unit_test(beyond_the_ladder_asks_for_its_top),
        cmocka_unit_test(fits_by_skill),
        cmocka_unit_test(fits_by_language),
        cmocka_unit_test(own_authority_goes_before_the_levels),
        cmocka_unit_test(fits_by_authority),
        cmocka_unit_test(nobody_fits_what_is_not_understood),
        cmocka_unit_test(every_default_failure_fits_somebody_with_its_skill),
        cmocka_unit_test(boost_adds_up_and_is_bounded),
        cmocka_unit_test(absurd_policies_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
