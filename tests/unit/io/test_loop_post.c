/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "loop_fixture.h"

#define PRODUCERS 3
#define EACH 5000

struct job {
    struct loop_job job;
    int producer;
    int number;
};

static int next_number[PRODUCERS];
static int out_of_order;
static int ran;
static bool elsewhere;

static void on_job(struct loop_job *posted)
{
    struct job *j = CONTAINER_OF(posted, struct job, job);
    out_of_order += j->number != next_number[j->producer]++;
    elsewhere = elsewhere || !loop_on_thread(loop);
    free(j); /* its memory belongs to the owner once it runs */
    if (++ran == PRODUCERS * EACH)
        loop_stop(loop);
}

static void *produce(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        struct job *j = calloc(1, sizeof(*j));
        j->job.run = on_job;
        j->producer = *(int *)arg;
        j->number = i;
        loop_post(loop, &j->job);
    }
    return NULL;
}

static void test_jobs_of_threads_run_once_in_order_on_the_loop(void **state)
{
    (void)state;
    pthread_t threads[PRODUCERS];
    int numbers[PRODUCERS];
    assert_true(loop_on_thread(loop));
    assert_int_equal(loop_start_thread(loop), AM_OK);
    for (int i = 0; i < PRODUCERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &numbers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    loop_join(loop);
    assert_int_equal(ran, PRODUCERS * EACH);
    assert_int_equal(out_of_order, 0);
    assert_false(elsewhere);
    assert_true(loop_on_thread(loop));
}

static int hops;

static void on_hop(struct loop_job *job)
{
    if (++hops < 100)
        loop_post(loop, job);
    else
        loop_stop(loop);
}

static void test_a_job_may_post_itself_again(void **state)
{
    (void)state;
    struct loop_job job = {.run = on_hop};
    loop_post(loop, &job);
    loop_run(loop);
    assert_int_equal(hops, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_jobs_of_threads_run_once_in_order_on_the_loop),
        LOOP_TEST(test_a_job_may_post_itself_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
