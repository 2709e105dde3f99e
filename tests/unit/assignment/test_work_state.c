/* SPDX-License-Identifier: Apache-2.0 */

/* What one stream of WatchWork tells: each state of a case once, each notification once, whatever
 * looks bring, within bounds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "assignment/streams/work_state.h"
#include "base/time.h"

#define NOW_US (1000 * US_PER_S)

static struct work_state *fresh(void)
{
    static const struct work_resume none;
    return work_state_new(&none);
}

static struct uuid id_of(unsigned n)
{
    struct uuid id = {{1}};
    id.b[14] = (uint8_t)(n >> 8);
    id.b[15] = (uint8_t)n;
    return id;
}

static void look(struct work_state *w, const unsigned *cases, size_t n, int status)
{
    work_look_begin(w);
    for (size_t i = 0; i < n; i++) {
        const struct uuid id = id_of(cases[i]);
        work_look_case(w, &id,
                       &(struct case_look){.status = status, .level = 1, .opened_us = cases[i]});
    }
    work_look_end(w, true, WORK_NOTICES_ALL, NOW_US);
}

/* How many cases are to be told; tells them all. */
static unsigned tell_cases(struct work_state *w)
{
    unsigned n = 0;
    for (const struct own_case *c; (c = work_next_case(w)); n++) {
        const struct own_case told = *c;
        work_case_told(w, &told.case_id, told.print, !told.here);
    }
    return n;
}

static void a_state_of_a_case_comes_once(void **state)
{
    struct work_state *w = fresh();
    const unsigned ids[] = {1, 2, 3};
    (void)state;
    assert_null(work_next_case(w));
    look(w, ids, 3, 1);
    assert_int_equal(tell_cases(w), 3);
    look(w, ids, 3, 1);
    assert_int_equal(tell_cases(w), 0);
    look(w, ids, 3, 2);
    assert_int_equal(tell_cases(w), 3);
    look(w, ids, 2, 2); /* the third one left */
    assert_int_equal(tell_cases(w), 1);
    look(w, ids, 2, 2);
    assert_int_equal(tell_cases(w), 0);
    assert_int_equal(w->n_cases, 2);
    look(w, ids, 3, 2); /* and came back */
    assert_int_equal(tell_cases(w), 1);
    work_state_free(w);
}

static void what_came_and_went_is_forgotten(void **state)
{
    struct work_state *w = fresh();
    const unsigned ids[] = {1};
    (void)state;
    look(w, ids, 1, 1);
    look(w, ids, 0, 1);
    assert_int_equal(tell_cases(w), 0);
    assert_int_equal(w->n_cases, 0);
    work_state_free(w);
}

/* A look that could not read all says nothing of the others. */
static void a_look_that_is_cut_off_takes_nothing_away(void **state)
{
    struct work_state *w = fresh();
    const unsigned ids[] = {1, 2};
    (void)state;
    look(w, ids, 2, 1);
    (void)tell_cases(w);
    work_look_begin(w);
    work_look_end(w, false, WORK_NOTICES_ALL, NOW_US);
    assert_int_equal(tell_cases(w), 0);
    work_state_free(w);
}

/* It read the newest: who is as new as they and not among them has left. */
static void a_look_that_is_cut_off_tells_what_left_of_the_newest(void **state)
{
    struct work_state *w = fresh();
    const unsigned ids[] = {1, 2, 5, 6, 7};
    (void)state;
    look(w, ids, 5, 1);
    (void)tell_cases(w);
    work_look_begin(w);
    for (unsigned n = 5; n <= 7; n += 2) {
        const struct uuid id = id_of(n);
        work_look_case(w, &id, &(struct case_look){.status = 1, .level = 1, .opened_us = n});
    }
    work_look_end(w, false, WORK_NOTICES_ALL, NOW_US);
    const struct uuid left = id_of(6);
    assert_true(uuid_eq(&work_next_case(w)->case_id, &left));
    assert_int_equal(tell_cases(w), 1);
    assert_int_equal(w->n_cases, 4);
    work_state_free(w);
}

/* An agent whose cases become more and more is told of each new one. */
static void cases_that_looks_do_not_reach_make_room(void **state)
{
    struct work_state *w = fresh();
    unsigned told = 0;
    (void)state;
    for (unsigned newest = WORK_CASES_MAX; newest <= 4 * WORK_CASES_MAX; newest += 100) {
        for (int again = 0; again < 2; again++) {
            work_look_begin(w);
            for (unsigned n = newest; n > newest - WORK_CASES_MAX; n--) {
                const struct uuid id = id_of(n);
                work_look_case(w, &id,
                               &(struct case_look){.status = 1, .level = 1, .opened_us = n});
            }
            work_look_end(w, false, WORK_NOTICES_ALL, NOW_US);
            told += tell_cases(w);
        }
    }
    assert_int_equal(told, 4 * WORK_CASES_MAX);
    work_state_free(w);
}

static void a_token_spares_what_is_known(void **state)
{
    struct work_state *w = fresh(), *next;
    struct work_resume r;
    const unsigned ids[] = {1, 2, 3}, later[] = {1, 2, 4};
    (void)state;
    memset(&r, 0, sizeof r);
    look(w, ids, 3, 1);
    (void)tell_cases(w);
    work_state_resume(w, &r);
    assert_int_equal(r.n_cases, 3);
    next = work_state_new(&r);
    look(next, later, 3, 1);
    assert_int_equal(tell_cases(next), 2); /* 3 left, 4 came */
    work_state_free(w);
    work_state_free(next);
}

static struct notification_row notice(unsigned n, int64_t at_us)
{
    return (struct notification_row){.notification_id = id_of(n), .created_at = at_us};
}

/* A look at `total` notifications as the statement reads them: behind a place, some at a time. */
static void look_at_notices(struct work_state *w, unsigned total)
{
    struct notice_place after;
    unsigned rows = 0;
    work_look_begin(w);
    const bool wants = work_wants_notices(w, &after);
    for (unsigned n = 0; wants && n < total && rows < WORK_NOTICES_MAX; n++) {
        const struct notification_row row = notice(n, US_PER_S + n * US_PER_MS);
        const int order = row.created_at == after.at_us
                              ? memcmp(row.notification_id.b, after.id.b, 16)
                          : row.created_at > after.at_us ? 1
                                                         : -1;
        if (order <= 0)
            continue;
        work_look_notice(w, &row);
        rows++;
    }
    work_look_end(w, true,
                  !wants                    ? WORK_NOTICES_UNREAD
                  : rows < WORK_NOTICES_MAX ? WORK_NOTICES_ALL
                                            : WORK_NOTICES_SOME,
                  8 * US_PER_S);
}

static void many_notifications_come_once_each_in_order(void **state)
{
    struct work_state *w = fresh();
    unsigned told = 0;
    bool caught_up = false;
    (void)state;
    for (unsigned looks = 0; looks < 20; looks++) {
        look_at_notices(w, 500);
        caught_up = caught_up || w->caught_up;
        for (const struct notification_row *n; (n = work_next_notice(w)); told++) {
            const struct uuid want = id_of(told);
            assert_true(uuid_eq(&n->notification_id, &want));
            work_notice_told(w);
        }
    }
    assert_int_equal(told, 500);
    assert_true(caught_up);
    work_state_free(w);
}

static void a_client_who_does_not_read_holds_few(void **state)
{
    struct work_state *w = fresh();
    (void)state;
    for (unsigned looks = 0; looks < 20; looks++)
        look_at_notices(w, 500);
    assert_int_equal(w->n_notices, WORK_NOTICES_MAX);
    assert_false(w->caught_up);
    work_state_free(w);
}

/* Another stream of the agent may have its notifications read from further on. */
static void what_is_read_for_another_stream_skips_nothing(void **state)
{
    struct work_state *w = fresh();
    const struct notification_row later = notice(400, 2 * US_PER_S);
    unsigned told = 0;
    (void)state;
    look_at_notices(w, 300);
    for (; told < 10; told++)
        work_notice_told(w);
    work_look_begin(w);
    work_look_notice(w, &later);
    work_look_end(w, true, WORK_NOTICES_ALL, 8 * US_PER_S);
    for (unsigned looks = 0; looks < 10; looks++) {
        for (const struct notification_row *n; (n = work_next_notice(w)); told++) {
            const struct uuid want = id_of(told);
            assert_true(uuid_eq(&n->notification_id, &want));
            work_notice_told(w);
        }
        look_at_notices(w, 300);
    }
    assert_int_equal(told, 300);
    work_state_free(w);
}

/* The text of a row goes with its result. */
static void whom_a_notification_is_about_is_kept(void **state)
{
    struct work_state *w = fresh();
    char about[] = "steward";
    struct notification_row row = notice(1, US_PER_S);
    (void)state;
    work_look_begin(w);
    row.about = about;
    work_look_notice(w, &row);
    row = notice(2, US_PER_S);
    row.about = "";
    work_look_notice(w, &row);
    memset(about, 'x', sizeof about - 1);
    work_look_end(w, true, WORK_NOTICES_ALL, NOW_US);
    assert_string_equal(work_next_notice(w)->about, "steward");
    work_notice_told(w);
    assert_null(work_next_notice(w)->about);
    work_state_free(w);
}

static void presence_comes_when_it_changed(void **state)
{
    struct work_state *w = fresh();
    struct agent_row a = {.presence = 1, .presence_at = 5};
    (void)state;
    assert_false(work_presence_changed(w));
    work_look_presence(w, &a);
    assert_true(work_presence_changed(w));
    work_presence_told(w);
    work_look_presence(w, &a);
    assert_false(work_presence_changed(w));
    a.presence = 2;
    work_look_presence(w, &a);
    assert_true(work_presence_changed(w));
    work_state_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_of_a_case_comes_once),
        cmocka_unit_test(what_came_and_went_is_forgotten),
        cmocka_unit_test(a_look_that_is_cut_off_takes_nothing_away),
        cmocka_unit_test(a_look_that_is_cut_off_tells_what_left_of_the_newest),
        cmocka_unit_test(cases_that_looks_do_not_reach_make_room),
        cmocka_unit_test(a_token_spares_what_is_known),
        cmocka_unit_test(many_notifications_come_once_each_in_order),
        cmocka_unit_test(a_client_who_does_not_read_holds_few),
        cmocka_unit_test(what_is_read_for_another_stream_skips_nothing),
        cmocka_unit_test(whom_a_notification_is_about_is_kept),
        cmocka_unit_test(presence_comes_when_it_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
