/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "loop_fixture.h"

static int hits;
static int last;

static void on_signal(void *ctx, int signum)
{
    (void)ctx;
    last = signum;
    if (++hits == 2)
        loop_stop(loop);
    else
        (void)kill(getpid(), SIGINT);
}

static void raise_term(void *ctx)
{
    (void)ctx;
    (void)kill(getpid(), SIGTERM);
}

static void test_term_and_int_arrive_on_the_loop(void **state)
{
    (void)state;
    struct loop_timer *timer = loop_timer_new(loop, raise_term, NULL);
    loop_on_signal(loop, on_signal, NULL);
    loop_timer_start(timer, 0);
    loop_run(loop);
    assert_int_equal(hits, 2);
    assert_int_equal(last, SIGINT);
    loop_timer_free(timer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LOOP_TEST(test_term_and_int_arrive_on_the_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
