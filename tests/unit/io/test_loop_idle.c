/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "loop_fixture.h"

static int flushes;
static int writes;
static int writes_at_flush;
static struct loop_idle flush;

static void on_flush(struct loop_idle *idle)
{
    (void)idle;
    flushes++;
    writes_at_flush = writes;
    loop_stop(loop);
}

static void on_write(struct loop_job *job)
{
    (void)job;
    writes++;
    loop_before_sleep(loop, &flush);
}

/* Three jobs of one turn ask for the flush; it runs once, after all of them. */
static void test_one_flush_a_turn(void **state)
{
    (void)state;
    struct loop_job jobs[3] = {{.run = on_write}, {.run = on_write}, {.run = on_write}};
    flush.run = on_flush;
    for (int i = 0; i < 3; i++)
        loop_post(loop, &jobs[i]);
    loop_run(loop);
    assert_int_equal(flushes, 1);
    assert_int_equal(writes_at_flush, 3);
    assert_false(flush.waiting);
}

static int rounds;
static int timer_hits;

static void on_timer(void *ctx)
{
    (void)ctx;
    timer_hits++;
}

static void on_again(struct loop_idle *idle)
{
    if (++rounds == 1000 && timer_hits > 0)
        loop_stop(loop);
    else
        loop_before_sleep(loop, idle);
    if (rounds > 999)
        rounds = 999;
}

/* A handle that always asks again neither lets the loop sleep nor keeps timers from firing. */
static void test_asking_again_does_not_starve_the_loop(void **state)
{
    (void)state;
    struct loop_idle idle = {.run = on_again};
    struct loop_timer *timer = loop_timer_new(loop, on_timer, NULL);
    loop_timer_start(timer, 20000);
    loop_before_sleep(loop, &idle);
    loop_run(loop);
    assert_int_equal(timer_hits, 1);
    loop_timer_free(timer);
}

static char order[8];
static size_t n_order;
static struct loop_idle first;
static struct loop_idle second;

static void on_first(struct loop_idle *idle)
{
    order[n_order++] = '1';
    if (n_order == 1)
        loop_before_sleep(loop, idle);
}

static void on_second(struct loop_idle *idle)
{
    (void)idle;
    order[n_order++] = '2';
    if (n_order == 2)
        loop_before_sleep(loop, &second);
    else
        loop_stop(loop);
}

static void test_in_the_order_of_asking(void **state)
{
    (void)state;
    first.run = on_first;
    second.run = on_second;
    loop_before_sleep(loop, &first);
    loop_before_sleep(loop, &second);
    loop_before_sleep(loop, &first);
    loop_run(loop);
    assert_string_equal(order, "1212");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_one_flush_a_turn),
        LOOP_TEST(test_asking_again_does_not_starve_the_loop),
        LOOP_TEST(test_in_the_order_of_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
