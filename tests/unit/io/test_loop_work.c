/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "loop_fixture.h"

struct piece {
    pthread_t ran_on;
    bool ran, done;
};

static void run(void *ctx)
{
    struct piece *p = ctx;
    p->ran_on = pthread_self();
    p->ran = true;
}

static void done(void *ctx)
{
    struct piece *p = ctx;
    assert_true(p->ran);
    assert_false(p->done);
    p->done = true;
    assert_true(loop_on_thread(loop));
    loop_stop(loop);
}

static void test_another_thread_works(void **state)
{
    struct piece p = {.ran = false};
    (void)state;
    loop_work(loop, run, done, &p);
    assert_false(p.done);
    loop_run(loop);
    assert_true(p.done);
    assert_false(pthread_equal(p.ran_on, pthread_self()));
}

/* Work that was begun ends before the loop does, so its owner may free it then. */
static void test_a_loop_that_ends_waits(void **state)
{
    struct piece pieces[20] = {{.ran = false}};
    (void)state;
    for (size_t i = 0; i < 20; i++)
        loop_work(loop, run, done, &pieces[i]);
    loop_stop(loop);
    loop_run(loop);
    for (size_t i = 0; i < 20; i++)
        assert_true(pieces[i].done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_another_thread_works),
        LOOP_TEST(test_a_loop_that_ends_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
