/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "loop_fixture.h"

static int ran;

static void on_job(struct loop_job *job)
{
    (void)job;
    ran++;
}

static void on_timer(void *ctx)
{
    (void)ctx;
    ran++;
}

static void on_fd(void *ctx, int events)
{
    (void)ctx;
    (void)events;
}

static void test_loop_that_never_ran(void **state)
{
    (void)state;
    struct loop_timer *timer = loop_timer_new(loop, on_timer, NULL);
    loop_timer_start(timer, 0);
    loop_free(loop);
    loop = NULL;
    loop_timer_start(timer, 0);
    assert_false(loop_timer_active(timer));
    loop_timer_free(timer);
    assert_int_equal(ran, 0);
}

static void test_owners_let_go_before_or_after_the_end(void **state)
{
    (void)state;
    struct loop_timer *before = loop_timer_new(loop, on_timer, NULL);
    struct loop_timer *after = loop_timer_new(loop, on_timer, NULL);
    struct loop_fd *watch = loop_fd_new(loop, STDERR_FILENO, on_fd, NULL);
    if (watch)
        loop_fd_want(watch, LOOP_READ);
    loop_timer_start(before, 0);
    loop_timer_start(after, INT64_MAX);
    loop_timer_free(before);
    loop_stop(loop);
    loop_run(loop);
    loop_timer_free(after);
    loop_fd_free(watch);
    loop_free(loop);
    loop = NULL;
    assert_int_equal(ran, 0);
}

static void test_jobs_posted_before_the_stop_still_run(void **state)
{
    (void)state;
    struct loop_job jobs[2] = {{.run = on_job}, {.run = on_job}};
    ran = 0;
    loop_post(loop, &jobs[0]);
    loop_post(loop, &jobs[1]);
    loop_stop(loop);
    loop_run(loop);
    assert_int_equal(ran, 2);
}

static struct loop_idle flush;

static void on_flush(struct loop_idle *idle)
{
    (void)idle;
    ran++;
}

static void on_last_job(struct loop_job *job)
{
    (void)job;
    loop_before_sleep(loop, &flush);
}

static void test_the_last_turn_has_its_end(void **state)
{
    (void)state;
    struct loop_job job = {.run = on_last_job};
    ran = 0;
    flush.run = on_flush;
    loop_post(loop, &job);
    loop_stop(loop);
    loop_run(loop);
    assert_int_equal(ran, 1);
}

static void test_stopped_from_another_thread(void **state)
{
    (void)state;
    _Atomic int64_t beat_us = 0;
    loop_beat(loop, &beat_us);
    assert_true(beat_us > 0);
    assert_int_equal(loop_start_thread(loop), AM_OK);
    (void)usleep(5000);
    loop_stop(loop);
    loop_join(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_loop_that_never_ran),
        LOOP_TEST(test_owners_let_go_before_or_after_the_end),
        LOOP_TEST(test_jobs_posted_before_the_stop_still_run),
        LOOP_TEST(test_the_last_turn_has_its_end),
        LOOP_TEST(test_stopped_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
