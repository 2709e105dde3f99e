/* SPDX-License-Identifier: Apache-2.0 */

/* Conditions as sets of cases: by example, and compared with a look at every possible case. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "contract/statuses.h"
#include "policy/build.h"

#define OPEN 1

static struct condition_box box(enum fact fact, uint32_t values)
{
    struct condition_box b = condition_any();
    b.allowed[fact] = values;
    return b;
}

/* A policy with the domains of one tier, three levels and two failures. */
static struct policy *small_policy(void)
{
    struct policy *p = policy_new(1);
    const struct policy_failure a = {.code = "a", .name = "A"}, b = {.code = "b", .name = "B"};
    const struct policy_level level = {.name = "level"};
    assert_int_equal(policy_add_tier(p, "gold"), AM_OK);
    assert_int_equal(policy_add_failure(p, &a), AM_OK);
    assert_int_equal(policy_add_failure(p, &b), AM_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(policy_add_level(p, &level), AM_OK);
    return p;
}

static struct fact_values a_case(void)
{
    return (struct fact_values){.value = {[FACT_STATUS] = OPEN,
                                          [FACT_SEVERITY] = 3,
                                          [FACT_CHANNEL] = 1,
                                          [FACT_TRIGGER] = 1,
                                          [FACT_OWNER] = 1,
                                          [FACT_LEVEL] = 1}};
}

static void a_condition_holds_when_one_of_its_boxes_does(void **state)
{
    (void)state;
    const struct condition_box boxes[] = {box(FACT_SEVERITY, 1u << 5), box(FACT_TIER, 1u << 1)};
    const struct policy_condition either = {2, boxes}, never = {0, NULL};
    struct fact_values v = a_case();
    assert_false(condition_holds(&either, &v));
    v.value[FACT_TIER] = 1;
    assert_true(condition_holds(&either, &v));
    v.value[FACT_TIER] = 0;
    v.value[FACT_SEVERITY] = 5;
    assert_true(condition_holds(&either, &v));
    assert_false(condition_holds(&never, &v));
    v.value[FACT_SEVERITY] = 200;
    assert_false(condition_holds(&either, &v));
}

static void an_unknown_failure_is_only_in_what_allows_any(void **state)
{
    (void)state;
    struct condition_box some = condition_any(), any = condition_any();
    memset(some.failures, 0, sizeof(some.failures));
    some.failures[0] = 3;
    struct fact_values v = a_case();
    v.failure = 1;
    assert_true(box_holds(&some, &v));
    v.failure = 2;
    assert_false(box_holds(&some, &v));
    v.failure = -1;
    assert_false(box_holds(&some, &v));
    assert_true(box_holds(&any, &v));
    v.failure = 1000;
    assert_false(box_holds(&some, &v));
}

static void all_failures_by_name_are_not_every_failure(void **state)
{
    (void)state;
    struct policy *p = small_policy();
    struct condition_box any = condition_any(), both = condition_any();
    memset(both.failures, 0, sizeof(both.failures));
    both.failures[0] = 3;
    const struct policy_condition all = {1, &any}, named = {1, &both};
    assert_true(condition_within(p, &named, &all));
    assert_false(condition_within(p, &all, &named));
    policy_free(p);
}

static void values_outside_a_domain_are_no_cases(void **state)
{
    (void)state;
    struct policy *p = small_policy();
    const struct condition_box level_4 = box(FACT_LEVEL, 1u << 4), tier_2 = box(FACT_TIER, 1u << 2),
                               levels = box(FACT_LEVEL, 0xe), any = condition_any();
    const struct policy_condition four = {1, &level_4}, two = {1, &tier_2}, all = {1, &any},
                                  three = {1, &levels};
    assert_false(condition_possible(p, &four));
    assert_false(condition_possible(p, &two));
    assert_true(condition_possible(p, &all));
    assert_true(condition_within(p, &all, &three));
    assert_true(condition_within(p, &four, &two));
    assert_false(condition_overlaps(p, &four, &all));
    policy_free(p);
}

static void containment_takes_several_boxes_together(void **state)
{
    (void)state;
    struct policy *p = small_policy();
    struct condition_box low = box(FACT_SEVERITY, 0x0e), high = box(FACT_SEVERITY, 0x30),
                         live = box(FACT_STATUS, STATUSES_WAITING);
    const struct condition_box parts[] = {low, high};
    struct condition_box unpaid = high;
    unpaid.allowed[FACT_REMEDY] = 1;
    const struct condition_box gap[] = {low, unpaid};
    const struct policy_condition whole = {1, &live}, both = {2, parts}, less = {2, gap},
                                  one = {1, &low}, other = {1, &high};
    assert_true(condition_within(p, &whole, &both));
    assert_false(condition_within(p, &whole, &less));
    assert_false(condition_within(p, &whole, &one));
    assert_true(condition_within_either(p, &whole, &one, &other));
    policy_free(p);
}

/* -- against every case ------------------------------------------------------------------------ */

#define ASKED 4 /* facts that the boxes of one round go by */

struct round {
    const struct policy *p;
    int facts[ASKED];
    struct condition_box a[CONDITION_BOXES_MAX], b[CONDITION_BOXES_MAX];
    struct policy_condition ca, cb;
};

static uint32_t domain_of(const struct policy *p, int fact)
{
    return fact_domain((enum fact)fact, p->n_tiers, p->n_levels);
}

/* Few values and many, so that some rounds cover and some do not. */
static size_t random_boxes(const struct round *r, struct condition_box *boxes)
{
    size_t n = (size_t)rand() % (CONDITION_BOXES_MAX + 1);
    for (size_t i = 0; i < n; i++) {
        boxes[i] = condition_any();
        for (int k = 0; k < ASKED; k++) {
            uint32_t bits = (uint32_t)rand() | (rand() % 2 ? (uint32_t)rand() : 0);
            if (rand() % 3)
                boxes[i].allowed[r->facts[k]] = bits & domain_of(r->p, r->facts[k]);
        }
        if (rand() % 4 == 0) {
            memset(boxes[i].failures, 0, sizeof(boxes[i].failures));
            boxes[i].failures[0] = (uint64_t)rand() % 4;
        }
    }
    return n;
}

struct truth {
    bool within, overlaps, possible;
};

static void look_at_failures(const struct round *r, struct fact_values *v, struct truth *t)
{
    for (int failure = -1; failure < 2; failure++) {
        v->failure = failure;
        bool a = condition_holds(&r->ca, v), b = condition_holds(&r->cb, v);
        t->possible |= a;
        t->overlaps |= a && b;
        t->within &= !a || b;
    }
}

static void look_at_all(const struct round *r, int k, struct fact_values *v, struct truth *t)
{
    if (k == ASKED) {
        look_at_failures(r, v, t);
        return;
    }
    for (uint32_t left = domain_of(r->p, r->facts[k]); left; left &= left - 1) {
        v->value[r->facts[k]] = (uint8_t)__builtin_ctz(left);
        look_at_all(r, k + 1, v, t);
    }
}

static void choose_facts(struct round *r)
{
    for (int k = 0; k < ASKED; k++) {
        bool again;
        do {
            r->facts[k] = rand() % FACTS;
            again = false;
            for (int i = 0; i < k; i++)
                again = again || r->facts[i] == r->facts[k];
        } while (again);
    }
}

static void sets_agree_with_looking_at_every_case(void **state)
{
    (void)state;
    struct policy *p = small_policy();
    int seen[2][2] = {{0}};
    srand(20261122);
    for (int i = 0; i < 3000; i++) {
        struct round r = {.p = p};
        choose_facts(&r);
        r.ca = (struct policy_condition){random_boxes(&r, r.a), r.a};
        r.cb = (struct policy_condition){random_boxes(&r, r.b), r.b};
        struct fact_values v = a_case();
        struct truth t = {.within = true};
        look_at_all(&r, 0, &v, &t);
        assert_int_equal(condition_within(p, &r.ca, &r.cb), t.within);
        assert_int_equal(condition_overlaps(p, &r.ca, &r.cb), t.overlaps);
        assert_int_equal(condition_possible(p, &r.ca), t.possible);
        seen[t.within][t.overlaps]++;
    }
    assert_true(seen[1][1] > 100 && seen[0][1] > 100 && seen[0][0] > 10);
    policy_free(p);
}

/* Boxes that differ only in their corners: the work stays bounded. */
static void the_worst_case_ends(void **state)
{
    (void)state;
    struct policy *p = small_policy();
    struct condition_box a = condition_any(), b[CONDITION_BOXES_MAX], c[CONDITION_BOXES_MAX];
    for (int i = 0; i < CONDITION_BOXES_MAX; i++) {
        b[i] = c[i] = condition_any();
        for (int f = 0; f < FACTS; f++) {
            b[i].allowed[f] = ~(1u << ((i + f) % 11));
            c[i].allowed[f] = ~(1u << ((i + f + 3) % 7));
        }
    }
    const struct policy_condition all = {1, &a}, x = {CONDITION_BOXES_MAX, b},
                                  y = {CONDITION_BOXES_MAX, c};
    assert_false(condition_within_either(p, &all, &x, &y));
    policy_free(p);
}

static void facts_have_names_and_domains(void **state)
{
    (void)state;
    assert_string_equal(fact_name(FACT_STATUS), "status");
    assert_string_equal(fact_name(FACT_PROGRESS), "progress");
    assert_string_equal(fact_word(FACT_CUSTOMER, true), "waits");
    assert_int_equal(fact_domain(FACT_STATUS, 0, 1), 0x3fe);
    assert_int_equal(fact_domain(FACT_TIER, 16, 1), 0x1ffff);
    assert_int_equal(fact_domain(FACT_LEVEL, 0, 8), 0x1fe);
    assert_int_equal(fact_domain(FACT_PAUSED, 0, 1), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_holds_when_one_of_its_boxes_does),
        cmocka_unit_test(an_unknown_failure_is_only_in_what_allows_any),
        cmocka_unit_test(all_failures_by_name_are_not_every_failure),
        cmocka_unit_test(values_outside_a_domain_are_no_cases),
        cmocka_unit_test(containment_takes_several_boxes_together),
        cmocka_unit_test(sets_agree_with_looking_at_every_case),
        cmocka_unit_test(the_worst_case_ends),
        cmocka_unit_test(facts_have_names_and_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
