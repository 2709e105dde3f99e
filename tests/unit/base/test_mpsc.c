/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "base/list.h"
#include "base/mpsc.h"

#define PRODUCERS 4
#define EACH 20000

struct item {
    struct mpsc_node node;
    int producer;
    int number;
};

struct producer {
    struct mpsc *queue;
    int wakes;
    struct item items[EACH];
};

static struct producer producers[PRODUCERS];

static void test_oldest_first_and_one_wake_up(void **state)
{
    (void)state;
    struct mpsc q;
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    mpsc_init(&q);
    assert_null(mpsc_take(&q));
    assert_true(mpsc_push(&q, &items[0].node));
    assert_false(mpsc_push(&q, &items[1].node));
    assert_false(mpsc_push(&q, &items[2].node));
    int expected = 0;
    for (struct mpsc_node *n = mpsc_take(&q); n; n = n->next)
        assert_int_equal(CONTAINER_OF(n, struct item, node)->number, expected++);
    assert_int_equal(expected, 3);
    assert_true(mpsc_push(&q, &items[0].node));
}

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < EACH; i++) {
        p->items[i].number = i;
        p->wakes += mpsc_push(p->queue, &p->items[i].node);
    }
    return NULL;
}

/* Nothing is lost, each producer's own order is kept, and every batch was announced by exactly one
 * wake-up. */
static void test_producers_on_threads(void **state)
{
    (void)state;
    struct mpsc q;
    pthread_t threads[PRODUCERS];
    int next[PRODUCERS] = {0};
    int got = 0;
    int batches = 0;
    mpsc_init(&q);
    for (int p = 0; p < PRODUCERS; p++) {
        producers[p].queue = &q;
        for (int i = 0; i < EACH; i++)
            producers[p].items[i].producer = p;
        assert_int_equal(pthread_create(&threads[p], NULL, produce, &producers[p]), 0);
    }
    while (got < PRODUCERS * EACH) {
        struct mpsc_node *n = mpsc_take(&q);
        batches += n != NULL;
        for (; n; n = n->next, got++) {
            struct item *item = CONTAINER_OF(n, struct item, node);
            assert_int_equal(item->number, next[item->producer]++);
        }
        (void)sched_yield();
    }
    int wakes = 0;
    for (int p = 0; p < PRODUCERS; p++) {
        assert_int_equal(pthread_join(threads[p], NULL), 0);
        wakes += producers[p].wakes;
    }
    assert_int_equal(wakes, batches);
    assert_null(mpsc_take(&q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_first_and_one_wake_up),
        cmocka_unit_test(test_producers_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
