/* SPDX-License-Identifier: Apache-2.0 */

/* The read lane: order, faults, repetition, deadlines, fairness. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract/reasons.h"
#include "pg/metrics.h"
#include "proxy.h"
#include "toy.h"

struct look {
    struct pg_read read;
    struct world *world;
    bool done;
    enum fault_code code;
    int reason;
    size_t rows_called;
    int64_t value;
    uint64_t done_at;
};

static struct world *w;
static struct proxy *proxy;
static char through[1200];

static int set_up(void **state)
{
    (void)state;
    w = world_new("read");
    world_exec(
        w, "insert into account select i, i * 10, 0, '2020-01-01' from generate_series(1, 100) i");
    proxy = proxy_new(w->conninfo);
    proxy_conninfo(proxy, w->conninfo, through, sizeof(through));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    proxy_free(proxy);
    world_free(w);
    return 0;
}

static void on_rows(struct pg_read *r, size_t i, const struct pg_rows *rows)
{
    struct look *l = CONTAINER_OF(r, struct look, read);
    assert_int_equal(i, l->rows_called++);
    if (pg_rows_count(rows) > 0 && pg_rows_columns(rows) == 2)
        l->value += pg_int(rows, 0, 1);
}

static void on_done(struct pg_read *r, const struct fault *fault)
{
    struct look *l = CONTAINER_OF(r, struct look, read);
    assert_false(l->done);
    l->done = true;
    l->code = fault ? fault->code : FAULT_OK;
    l->reason = fault ? fault->reason : 0;
    l->done_at = ++l->world->answers;
    l->world->waiting--;
}

static struct look *prepare(uint32_t tenant)
{
    struct look *l = ARENA_NEW(&w->arena, struct look);
    l->world = w;
    l->read.item.tenant = tenant;
    l->read.rows = on_rows;
    l->read.done = on_done;
    return l;
}

static void ask(struct look *l, unsigned stmt, int64_t arg)
{
    struct pg_args *args = &l->read.q[l->read.n].args;
    l->read.q[l->read.n++].stmt = stmt;
    pg_args_init(args, &w->arena);
    if (stmt == TOY_GET)
        pg_arg_int8(args, arg);
    else
        pg_arg_int4(args, (int32_t)arg);
}

static void submit(struct toy *t, struct look *l)
{
    w->waiting++;
    pg_read(t->pg, &l->read);
}

static struct look *get(struct toy *t, uint32_t tenant, int64_t id)
{
    struct look *l = prepare(tenant);
    ask(l, TOY_GET, id);
    submit(t, l);
    return l;
}

static void several_statements_in_order(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 2, NULL);
    struct look *l = prepare(1);
    for (int i = 1; i <= PG_READ_STMTS; i++)
        ask(l, TOY_GET, i);
    submit(t, l);
    world_settle(w, 20000);
    assert_int_equal(l->code, FAULT_OK);
    assert_int_equal(l->rows_called, PG_READ_STMTS);
    assert_int_equal(l->value, 10 * PG_READ_STMTS * (PG_READ_STMTS + 1) / 2);
    toy_free(t);
}

/* A case and its parts must be of one version. */
static void one_read_sees_one_snapshot(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *l = prepare(1);
    ask(l, TOY_GET, 9);
    ask(l, TOY_SLEEP, 200);
    ask(l, TOY_GET, 9);
    submit(t, l);
    world_turn(w, 50);
    world_exec(w, "update account set total = 1000 where id = 9");
    world_settle(w, 20000);
    assert_int_equal(l->value, 90 + 90);
    l = get(t, 1, 9); /* and the next one sees what is new */
    world_settle(w, 20000);
    assert_int_equal(l->value, 1000);
    toy_free(t);
}

static void a_failure_is_its_own(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *before = get(t, 1, 1), *bad = prepare(1);
    ask(bad, TOY_GET, 2);
    ask(bad, TOY_FAIL, 0);
    ask(bad, TOY_GET, 3);
    submit(t, bad);
    struct look *after = get(t, 1, 4);
    world_settle(w, 20000);
    assert_int_equal(before->value, 10);
    assert_int_equal(after->value, 40);
    assert_int_equal(bad->code, FAULT_INTERNAL);
    assert_int_equal(bad->reason, ERROR_REASON_DEFECT);
    assert_int_equal(bad->rows_called, 0); /* nothing is shown of a read that failed */
    toy_free(t);
}

static void kill_sessions(void)
{
    assert_true(world_int(w,
                          "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                          " where application_name = 'toy_read' and pid <> pg_backend_pid()") > 0);
}

static void repeated_after_a_loss(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *l = prepare(1);
    ask(l, TOY_GET, 7);
    ask(l, TOY_SLEEP, 100);
    submit(t, l);
    world_turn(w, 30);
    kill_sessions();
    world_settle(w, 20000);
    assert_int_equal(l->code, FAULT_OK);
    assert_int_equal(l->value, 70); /* once, though it was sent twice */
    assert_int_equal(l->read.tries, 1);
    toy_free(t);
}

static void repeated_once_only(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *l = prepare(1);
    ask(l, TOY_SLEEP, 500);
    submit(t, l);
    for (int i = 0; i < 2; i++) {
        world_turn(w, 100);
        kill_sessions();
    }
    world_settle(w, 20000);
    assert_int_equal(l->code, FAULT_UNAVAILABLE);
    toy_free(t);
}

/* A cached plan is of no use when its columns changed. The connection is made anew, and the caller
 * notices nothing. */
static void stale_statements_make_a_new_connection(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    (void)get(t, 1, 5);
    world_settle(w, 20000);
    world_exec(w, "alter table account alter total type int4");
    struct look *l = get(t, 1, 5);
    struct toy_cmd *c = toy_send(t, 1, 5, 5);
    world_settle(w, 20000);
    assert_int_equal(l->code, FAULT_OK);
    assert_int_equal(l->value, 50);
    assert_int_equal(c->code, FAULT_OK);
    assert_int_equal(world_int(w, "select total from account where id = 5"), 55);
    toy_free(t);
}

static void deadline_is_looked_at_when_dequeued(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *slow[8];
    for (int i = 0; i < 8; i++) {
        slow[i] = prepare(1);
        ask(slow[i], TOY_SLEEP, 20);
        submit(t, slow[i]);
    }
    struct look *late = prepare(1);
    ask(late, TOY_GET, 1);
    late->read.deadline_us = time_mono_us() + 5 * US_PER_MS;
    submit(t, late);
    world_settle(w, 20000);
    assert_int_equal(late->code, FAULT_DEADLINE_EXCEEDED);
    assert_int_equal(slow[7]->code, FAULT_OK);
    toy_free(t);
}

static void too_slow_is_ended_by_the_server(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *l = prepare(1);
    ask(l, TOY_SLEEP, 10000);
    submit(t, l);
    world_settle(w, 20000);
    assert_int_equal(l->code, FAULT_DEADLINE_EXCEEDED);
    toy_free(t);
}

static void a_flood_does_not_delay_another_tenant(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *a[1500], *b[20];
    for (int i = 0; i < 1500; i++)
        a[i] = get(t, 1, 1 + i % 100);
    for (int i = 0; i < 20; i++)
        b[i] = get(t, 2, 1 + i);
    world_settle(w, 20000);
    assert_true(b[19]->done_at < 60);
    for (int i = 0; i < 1500; i++)
        assert_int_equal(a[i]->value, 10 * (1 + i % 100));
    toy_free(t);
}

/* Reads that take long are found out after a few. From then on one connection is free of them, and
 * whoever reads little does not wait behind them. */
static void long_reads_do_not_delay_short_ones(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 2, NULL);
    struct look *slow[100];
    for (int i = 0; i < 100; i++) {
        slow[i] = prepare(1);
        ask(slow[i], TOY_SLEEP, 20);
        submit(t, slow[i]);
    }
    while (!slow[20]->done)
        world_turn(w, 5);
    for (int i = 0; i < 20; i++) {
        struct look *l = get(t, 2, 1 + i);
        int64_t start = time_mono_us();
        while (!l->done)
            world_turn(w, 1);
        assert_true(time_mono_us() - start < 18 * US_PER_MS);
    }
    assert_false(slow[99]->done);
    world_settle(w, 20000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(slow[i]->code, FAULT_OK);
    toy_free(t);
}

/* Who writes waits for the disk, and the connection is kept from that from the first one on. */
static void what_writes_does_not_delay_reads(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 2, NULL);
    struct look *slow[40];
    for (int i = 0; i < 40; i++) {
        slow[i] = prepare(1);
        ask(slow[i], TOY_SLOW_WRITE, 20);
        submit(t, slow[i]);
    }
    struct look *quick = get(t, 2, 1);
    world_settle(w, 20000);
    assert_true(quick->done_at < slow[3]->done_at); /* eight would go before it */
    for (int i = 0; i < 40; i++)
        assert_int_equal(slow[i]->code, FAULT_OK);
    toy_free(t);
}

/* With one connection both kinds have turns. */
static void neither_kind_of_read_starves(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *slow[40], *quick[400];
    for (int i = 0; i < 40; i++) {
        slow[i] = prepare(1);
        ask(slow[i], TOY_SLEEP, 5);
        submit(t, slow[i]);
    }
    while (!slow[20]->done)
        world_turn(w, 5);
    for (int i = 0; i < 400; i++)
        quick[i] = get(t, 2, 1 + i % 100);
    world_settle(w, 20000);
    assert_true(slow[39]->done_at < quick[399]->done_at);
    assert_true(quick[10]->done_at < slow[39]->done_at);
    toy_free(t);
}

static void what_is_too_large_is_not_shown(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct look *l = prepare(1);
    ask(l, TOY_GET, 1);
    l->read.bytes_most = 16;
    submit(t, l);
    world_settle(w, 20000);
    assert_int_equal(l->code, FAULT_RESOURCE_EXHAUSTED);
    assert_int_equal(l->reason, ERROR_REASON_TOO_LARGE);
    assert_int_equal(l->rows_called, 0);
    assert_true(l->read.bytes > 16);
    toy_free(t);
}

static bool is_up(void *ctx)
{
    const struct toy *t = ctx;
    return pg_up(t->pg);
}

static void server_away(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 2, through);
    world_until(w, is_up, t, 15000);
    world_turn(w, 50);
    proxy_set(proxy, PROXY_REFUSE);
    world_turn(w, 20);
    int64_t start = time_mono_us();
    struct look *l = get(t, 1, 1);
    world_settle(w, 20000);
    assert_in_range(time_mono_us() - start, 800 * US_PER_MS, 1400 * US_PER_MS);
    assert_int_equal(l->reason, ERROR_REASON_DATABASE_AWAY);
    assert_true(get(t, 1, 1)->done); /* now at once */
    proxy_set(proxy, PROXY_PASS);
    world_until(w, is_up, t, 15000);
    l = get(t, 1, 1);
    world_settle(w, 20000);
    assert_int_equal(l->value, 10);
    toy_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_statements_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_read_sees_one_snapshot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_is_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_after_a_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_once_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stale_statements_make_a_new_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadline_is_looked_at_when_dequeued, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_slow_is_ended_by_the_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_does_not_delay_another_tenant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_reads_do_not_delay_short_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_writes_does_not_delay_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neither_kind_of_read_starves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(server_away, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
