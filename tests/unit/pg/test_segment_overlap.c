/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two replicas, each with its own loop on its own thread, want the same accounts in opposite order.
 * In every case the order of transaction ids agrees with the order within each account
 * (world_check); the feed relies on that.
 */

#include <pthread.h>
#include <stdlib.h>

#include "pg/metrics.h"
#include "toy.h"

#define ROUNDS 150
#define ACCOUNTS 6

static struct world *first;

struct replica {
    pthread_t thread;
    int64_t number;
    int failures, written, replayed;
};

static void count(struct replica *r, struct toy_cmd **cmds, int n)
{
    for (int i = 0; i < n; i++) {
        r->failures += cmds[i]->code != FAULT_OK;
        r->written += cmds[i]->wrote;
        r->replayed += cmds[i]->replayed;
    }
}

/* One replica counts accounts upwards, the other downwards. */
static int64_t account_of(const struct replica *r, int64_t i)
{
    return r->number ? ACCOUNTS - 1 - i % ACCOUNTS : i % ACCOUNTS;
}

static void *replica_main(void *arg)
{
    struct replica *r = arg;
    struct world *w = world_attach("overlap");
    struct toy *t = toy_new(w, 2, 1, NULL);
    for (int64_t round = 0; round < ROUNDS; round++) {
        struct toy_cmd *cmds[ACCOUNTS * 2];
        for (int64_t i = 0; i < ACCOUNTS; i++)
            cmds[i] = toy_send(t, (round * 2 + r->number) * 100 + i, account_of(r, i), 1);
        for (int64_t i = 0; i < ACCOUNTS; i++) /* and the same requests in both replicas */
            cmds[ACCOUNTS + i] =
                toy_send(t, 1000000 + round * 100 + account_of(r, i), account_of(r, i), 1);
        world_settle(w, 20000);
        count(r, cmds, ACCOUNTS * 2);
    }
    toy_free(t);
    world_free(w);
    return NULL;
}

static void overlapping_segments_in_opposite_order(void **state)
{
    (void)state;
    struct replica r[2] = {{.number = 0}, {.number = 1}};
    first = world_new("overlap");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&r[i].thread, NULL, replica_main, &r[i]), 0);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(r[i].thread, NULL);
    assert_int_equal(r[0].failures + r[1].failures, 0);
    assert_int_equal(r[0].written + r[1].written, ROUNDS * ACCOUNTS * 3);
    assert_int_equal(r[0].replayed + r[1].replayed, ROUNDS * ACCOUNTS);
    assert_int_equal(world_int(first, "select count(*) from entry"), ROUNDS * ACCOUNTS * 3);
    assert_true(metric_get(&pg_metric_busy, 0) > 0); /* they did meet each other */
    world_check(first);
    world_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_segments_in_opposite_order),
    };
    return cmocka_run_group_tests_name("segment_overlap", tests, NULL, NULL);
}
