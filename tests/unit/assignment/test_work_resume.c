/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "assignment/streams/work_resume.h"

static struct arena arena;

static struct work_resume sample(size_t offers, size_t cases)
{
    struct work_resume r;
    memset(&r, 0, sizeof r);
    r.since_us = 1796037521314559;
    r.presence_print = 0xfedcba98;
    r.n_offers = offers;
    r.n_cases = cases;
    for (size_t i = 0; i < offers; i++)
        r.offers[i] = (struct resume_offer){uuid_new(0), uuid_new(0)};
    for (size_t i = 0; i < cases; i++)
        r.cases[i] = (struct work_resume_case){uuid_new(0), (uint32_t)i + 1};
    return r;
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    for (size_t offers = 0; offers <= RESUME_OFFERS_MAX; offers += 8) {
        for (size_t cases = 0; cases <= WORK_RESUME_CASES_MAX; cases += 8) {
            const struct work_resume in = sample(offers, cases);
            struct work_resume out;
            assert_true(work_resume_read(work_resume_write(&arena, &in), &out));
            assert_int_equal(out.since_us, in.since_us);
            assert_int_equal(out.presence_print, in.presence_print);
            assert_int_equal(out.n_offers, offers);
            assert_int_equal(out.n_cases, cases);
            assert_memory_equal(in.offers, out.offers, offers * sizeof in.offers[0]);
            assert_memory_equal(in.cases, out.cases, cases * sizeof in.cases[0]);
        }
    }
}

static void none_is_empty(void **state)
{
    struct work_resume out;
    (void)state;
    assert_true(work_resume_read("", &out));
    assert_int_equal(out.n_offers + out.n_cases + (size_t)out.since_us, 0);
}

/* Whatever is cut off or changed in it, it is read as a token or refused, and never past its
 * end. */
static void other_texts_are_refused(void **state)
{
    const struct work_resume in = sample(RESUME_OFFERS_MAX, WORK_RESUME_CASES_MAX);
    struct work_resume out;
    char *token = work_resume_write(&arena, &in);
    const size_t len = strlen(token);
    (void)state;
    assert_false(work_resume_read("x", &out));
    assert_false(work_resume_read("w1-", &out));
    assert_false(work_resume_read("0123", &out));
    for (size_t cut = len - 1; cut > 0; cut--) {
        token[cut] = '\0';
        if (work_resume_read(token, &out))
            assert_true(out.n_offers == RESUME_OFFERS_MAX && out.n_cases < WORK_RESUME_CASES_MAX);
    }
    token = work_resume_write(&arena, &in);
    assert_false(work_resume_read(arena_printf(&arena, "%s00", token), &out));
    assert_false(work_resume_read(arena_printf(&arena, "%s.0", token), &out));
    token[3 + 2 * 12] = 'f'; /* so many offers there cannot be */
    assert_false(work_resume_read(token, &out));
    token[5] = 'X';
    assert_false(work_resume_read(token, &out));
}

/* Whoever may show an unsigned token could else name an instant that PostgreSQL does not know. */
static void an_instant_that_cannot_be_is_refused(void **state)
{
    static const int64_t strange[] = {-1, INT64_MIN, INT64_MAX, INT64_C(253402300800000000)};
    struct work_resume in = sample(1, 1), out;
    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        in.since_us = strange[i];
        assert_false(work_resume_read(work_resume_write(&arena, &in), &out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(none_is_empty),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(an_instant_that_cannot_be_is_refused),
    };
    arena_init(&arena, 4u << 20);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
