/* SPDX-License-Identifier: Apache-2.0 */

/* Filters of the feed and of webhooks. */

#include "case/message/event_filter.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#define CASE_A "0198c0de-0000-7000-8000-00000000000a"
#define CASE_B "0198C0DE-0000-7000-8000-00000000000B"
#define CASE_C "0198c0de-0000-7000-8000-00000000000c"

static struct arena arena;

static struct event_facts event(void)
{
    struct event_facts e = {.kind = AMENDS__V1__EVENT_KIND__EVENT_KIND_ESCALATED,
                            .customer_id = "c-2",
                            .failure_code = "billing.overcharge",
                            .level = 2,
                            .owner_id = "ann"};
    assert_int_equal(uuid_parse(CASE_B, &e.case_id), AM_OK);
    return e;
}

static bool passes(const Amends__V1__EventFilter *f)
{
    struct event_filter ready;
    struct fault fault;
    const struct event_facts e = event();
    fault_init(&fault, &arena);
    event_filter_check(f, "filter", &fault);
    assert_int_equal(fault.n_violations, 0);
    assert_int_equal(event_filter_make(&ready, f, &arena), AM_OK);
    return event_filter_passes(&ready, &e);
}

/* The words of a list, which are parted by blanks. */
static char **words(const char *list, size_t *n)
{
    char *save = NULL, *copy = arena_strdup(&arena, list);
    char **out = ARENA_ARRAY(&arena, char *, 8);
    assert_non_null(copy);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        out[(*n)++] = w;
    return out;
}

/* Defines `name`: whether the event passes a filter with this one list of texts. */
#define PASSES(name, field)                                                                        \
    static bool name(const char *list)                                                             \
    {                                                                                              \
        Amends__V1__EventFilter filter = AMENDS__V1__EVENT_FILTER__INIT;                           \
        filter.field = words(list, &filter.n_##field);                                             \
        return passes(&filter);                                                                    \
    }

PASSES(passes_cases, case_ids)
PASSES(passes_customers, customer_ids)
PASSES(passes_owners, owner_ids)
PASSES(passes_failures, failure_codes)

static void without_lists_all_pass(void **state)
{
    (void)state;
    const Amends__V1__EventFilter f = AMENDS__V1__EVENT_FILTER__INIT;
    assert_true(passes(&f));
    assert_true(passes(NULL));
}

static void by_case(void **state)
{
    (void)state;
    assert_true(passes_cases(CASE_C " " CASE_A " " CASE_B));
    assert_false(passes_cases(CASE_C " " CASE_A));
}

static void by_customer_and_owner(void **state)
{
    (void)state;
    assert_true(passes_customers("c-3"
                                 " "
                                 "c-2"
                                 " "
                                 "c-1"));
    assert_false(passes_customers("c-3"
                                  " "
                                  "c-22"
                                  " "
                                  "c-"));
    assert_true(passes_owners("bob"
                              " "
                              "ann"));
    assert_false(passes_owners("Ann"));
}

static void by_branch_of_failures(void **state)
{
    (void)state;
    assert_true(passes_failures("delivery"
                                " "
                                "billing"));
    assert_true(passes_failures("billing.overcharge"));
    assert_false(passes_failures("billing.over"));
    assert_false(passes_failures("bill"));
    assert_false(passes_failures("billing.overcharge.tax"));
}

static void by_kind_and_level(void **state)
{
    (void)state;
    Amends__V1__EventFilter f = AMENDS__V1__EVENT_FILTER__INIT;
    Amends__V1__EventKind kinds[] = {AMENDS__V1__EVENT_KIND__EVENT_KIND_CLOCK_RETARGETED,
                                     AMENDS__V1__EVENT_KIND__EVENT_KIND_ESCALATED};
    int32_t levels[] = {3, 2};
    f.kinds = kinds;
    f.n_kinds = 2;
    assert_true(passes(&f));
    f.levels = levels;
    f.n_levels = 2;
    assert_true(passes(&f));
    f.n_levels = 1;
    assert_false(passes(&f));
    f.n_levels = 2;
    f.n_kinds = 1;
    assert_false(passes(&f));
}

/* A kind that this version does not know, of a newer replica, passes only where any does. */
static void a_kind_that_is_not_known(void **state)
{
    (void)state;
    struct event_facts e = event();
    struct event_filter f = {.kinds = UINT64_MAX};
    e.kind = 64 + AMENDS__V1__EVENT_KIND__EVENT_KIND_ESCALATED;
    assert_false(event_filter_passes(&f, &e));
    f.kinds = 0;
    assert_true(event_filter_passes(&f, &e));
}

static void violation(const struct fault *fault, size_t i, const char *field, const char *what)
{
    assert_true(i < fault->n_violations);
    assert_string_equal(fault->violations[i].key, field);
    assert_non_null(strstr(fault->violations[i].text, what));
}

static void each_bad_item_is_told(void **state)
{
    (void)state;
    Amends__V1__EventFilter f = AMENDS__V1__EVENT_FILTER__INIT;
    char empty[] = "", blank[] = "a b", *customers[] = {empty}, *owners[] = {blank};
    int32_t levels[] = {1, 0};
    Amends__V1__EventKind kinds[] = {(Amends__V1__EventKind)77};
    struct fault fault;
    f.case_ids = words(CASE_A " 7", &f.n_case_ids);
    f.customer_ids = customers, f.n_customer_ids = 1;
    f.failure_codes = words("Billing", &f.n_failure_codes);
    f.owner_ids = owners, f.n_owner_ids = 1;
    f.levels = levels, f.n_levels = 2;
    f.kinds = kinds, f.n_kinds = 1;
    fault_init(&fault, &arena);
    event_filter_check(&f, "filter", &fault);
    assert_int_equal(fault.n_violations, 6);
    violation(&fault, 0, "filter.kinds[0]", "");
    violation(&fault, 1, "filter.case_ids[1]", "");
    violation(&fault, 2, "filter.customer_ids[0]", "");
    violation(&fault, 3, "filter.owner_ids[0]", "");
    violation(&fault, 4, "filter.failure_codes[0]", "");
    violation(&fault, 5, "filter.levels[1]", "");
}

static void a_list_that_is_too_long(void **state)
{
    (void)state;
    Amends__V1__EventFilter f = AMENDS__V1__EVENT_FILTER__INIT;
    int32_t levels[EVENT_FILTER_ITEMS_MAX + 1] = {0};
    struct fault fault;
    f.levels = levels;
    f.n_levels = EVENT_FILTER_ITEMS_MAX + 1;
    fault_init(&fault, &arena);
    event_filter_check(&f, "filter", &fault);
    assert_int_equal(fault.n_violations, 1);
    violation(&fault, 0, "filter.levels", "101 items, more than 100");
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
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
        cmocka_unit_test(without_lists_all_pass), cmocka_unit_test(by_case),
        cmocka_unit_test(by_customer_and_owner),  cmocka_unit_test(by_branch_of_failures),
        cmocka_unit_test(by_kind_and_level),      cmocka_unit_test(a_kind_that_is_not_known),
        cmocka_unit_test(each_bad_item_is_told),  cmocka_unit_test(a_list_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
