/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "loop_fixture.h"

#define TIMERS 20

struct shot {
    struct loop_timer *timer;
    int64_t due_us;
    int64_t late_us;
    int fired;
};

static struct shot shots[TIMERS];
static int left;

static void on_shot(void *ctx)
{
    struct shot *s = ctx;
    s->fired++;
    s->late_us = time_mono_us() - s->due_us;
    loop_timer_free(s->timer);
    if (--left == 0)
        loop_stop(loop);
}

static void test_never_early(void **state)
{
    (void)state;
    left = TIMERS;
    for (int i = 0; i < TIMERS; i++) {
        int64_t delay_us = 100 + i * 1337;
        shots[i].timer = loop_timer_new(loop, on_shot, &shots[i]);
        assert_false(loop_timer_active(shots[i].timer));
        shots[i].due_us = time_mono_us() + delay_us;
        loop_timer_start(shots[i].timer, delay_us);
        assert_true(loop_timer_active(shots[i].timer));
    }
    loop_run(loop);
    for (int i = 0; i < TIMERS; i++) {
        assert_int_equal(shots[i].fired, 1);
        assert_in_range(shots[i].late_us, 0, 5 * US_PER_S);
    }
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void test_stopped_and_moved_timers(void **state)
{
    (void)state;
    int stopped = 0;
    int moved = 0;
    int at_once = 0;
    struct loop_timer *a = loop_timer_new(loop, count, &stopped);
    struct loop_timer *b = loop_timer_new(loop, count, &moved);
    struct loop_timer *c = loop_timer_new(loop, count, &at_once);
    struct loop_timer *end = loop_timer_new(loop, stop, NULL);
    loop_timer_start(a, 1000);
    loop_timer_stop(a);
    loop_timer_start(b, 1000);
    loop_timer_start(b, INT64_MAX);
    loop_timer_start(c, -5);
    loop_timer_start(end, 30000);
    loop_run(loop);
    assert_int_equal(stopped, 0);
    assert_int_equal(moved, 0);
    assert_int_equal(at_once, 1);
    loop_timer_free(a);
    loop_timer_free(b);
    loop_timer_free(c);
    loop_timer_free(end);
    loop_timer_free(NULL);
}

static struct loop_timer *again;
static int rounds;

static void on_again(void *ctx)
{
    (void)ctx;
    if (++rounds < 5)
        loop_timer_start(again, 1000);
    else
        loop_stop(loop);
}

static void test_restarted_in_its_own_callback(void **state)
{
    (void)state;
    again = loop_timer_new(loop, on_again, NULL);
    loop_timer_start(again, 0);
    loop_run(loop);
    assert_int_equal(rounds, 5);
    loop_timer_free(again);
}

static bool posted_ran;

static void on_posted(struct loop_job *job)
{
    (void)job;
    posted_ran = true;
    loop_stop(loop);
}

static void on_greedy(void *ctx)
{
    (void)ctx;
    if (!posted_ran)
        loop_timer_start(again, 0);
}

/* A timer that starts itself with 0 leaves the loop time for everything else. */
static void test_greedy_timer_does_not_starve_the_loop(void **state)
{
    (void)state;
    static struct loop_job job = {.run = on_posted};
    again = loop_timer_new(loop, on_greedy, NULL);
    loop_timer_start(again, 0);
    loop_post(loop, &job);
    loop_run(loop);
    assert_true(posted_ran);
    loop_timer_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_never_early),
        LOOP_TEST(test_stopped_and_moved_timers),
        LOOP_TEST(test_restarted_in_its_own_callback),
        LOOP_TEST(test_greedy_timer_does_not_starve_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
