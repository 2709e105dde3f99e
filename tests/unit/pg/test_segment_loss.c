/* SPDX-License-Identifier: Apache-2.0 */

/* Connections that break at the worst moment: before and after the commit, for a while, for ever,
 * or silently. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/metrics.h"
#include "contract/reasons.h"
#include "pg/metrics.h"
#include "proxy.h"
#include "toy.h"

static struct world *w;
static struct proxy *proxy;
static char through[1200];

static int set_up(void **state)
{
    (void)state;
    w = world_new("loss");
    proxy = proxy_new(w->conninfo);
    proxy_conninfo(proxy, w->conninfo, through, sizeof(through));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_check(w);
    proxy_free(proxy);
    world_free(w);
    return 0;
}

static bool is_up(void *ctx)
{
    const struct toy *t = ctx;
    return pg_up(t->pg);
}

static struct toy *new_through_proxy(unsigned segments)
{
    struct toy *t = toy_new(w, segments, 1, through);
    world_until(w, is_up, t, 15000);
    world_turn(w, 50);
    return t;
}

static void send_some(struct toy *t, struct toy_cmd **cmds, size_t n, int64_t first)
{
    for (size_t i = 0; i < n; i++)
        cmds[i] = toy_send(t, first + (int64_t)i, first + (int64_t)i % 7, 1);
}

static void all_ok(struct toy_cmd **cmds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(cmds[i]->code, FAULT_OK);
}

static void reply_of_the_commit_lost(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(1);
    struct toy_cmd *cmds[30];
    int64_t unknown = metric_get(&pg_metric_unknown, 0);
    proxy_set(proxy, PROXY_LOSE_REPLY);
    send_some(t, cmds, 30, 100);
    world_settle(w, 20000);
    all_ok(cmds, 30);
    assert_true(metric_get(&pg_metric_unknown, 0) - unknown > 0);
    assert_int_equal(proxy_cuts(proxy), 1);
    int replayed = 0;
    for (int i = 0; i < 30; i++)
        replayed += cmds[i]->replayed;
    assert_true(replayed > 0); /* the dedup rows told that they had committed */
    assert_int_equal(world_int(w, "select count(*) from entry"), 30);
    toy_free(t);
}

static void commit_itself_lost(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(2);
    (void)toy_send(t, 200, 200, 1);
    world_settle(w, 20000);
    proxy_set(proxy, PROXY_LOSE_COMMIT);
    struct toy_cmd *c = toy_send(t, 201, 200, 1);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_OK);
    assert_true(c->wrote && !c->replayed);
    assert_int_equal(c->decisions, 2);
    toy_free(t);
}

/* The second decision uses the time of the first, so that everything derived from it stays the
 * same. */
static int64_t nows[8];
static size_t n_nows;

static void note_now(struct toy *t, struct pg_seg *seg)
{
    (void)t;
    if (n_nows < 8)
        nows[n_nows++] = seg->now_us;
}

static void unknown_outcome_keeps_its_now(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(1);
    n_nows = 0;
    t->on_decide = note_now;
    proxy_set(proxy, PROXY_LOSE_COMMIT);
    struct toy_cmd *c = toy_send(t, 300, 300, 1);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_OK);
    assert_int_equal(n_nows, 2);
    assert_int_equal(nows[0], nows[1]);
    toy_free(t);
}

static void what_may_not_be_repeated_is_not(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(1);
    proxy_set(proxy, PROXY_LOSE_REPLY);
    struct toy_cmd *c = toy_cmd(t, 400, 400, 1);
    c->cmd.idempotent = false;
    toy_submit(c);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_UNAVAILABLE);
    assert_int_equal(c->reason, ERROR_REASON_OUTCOME_UNKNOWN);
    assert_int_equal(c->decisions, 1);
    toy_free(t);
}

static void server_away_for_good_after_the_commit(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(1);
    proxy_set(proxy, PROXY_LOSE_REPLY);
    struct toy_cmd *c = toy_cmd(t, 500, 500, 1);
    c->cmd.deadline_us = time_mono_us() + 1500 * US_PER_MS;
    toy_submit(c);
    while (proxy_cuts(proxy) == 0)
        world_turn(w, 1);
    proxy_set(proxy, PROXY_REFUSE);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_UNAVAILABLE);
    assert_int_equal(c->reason, ERROR_REASON_OUTCOME_UNKNOWN);
    assert_in_range(time_mono_us(), c->cmd.deadline_us, c->cmd.deadline_us + 500 * US_PER_MS);
    toy_free(t);
}

static void server_away_fails_fast_and_comes_back(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(2);
    proxy_set(proxy, PROXY_REFUSE);
    int64_t start = time_mono_us();
    struct toy_cmd *cmds[100];
    world_turn(w, 20);
    send_some(t, cmds, 100, 600);
    world_settle(w, 20000);
    assert_in_range(time_mono_us() - start, 900 * US_PER_MS, 1500 * US_PER_MS);
    for (int i = 0; i < 100; i++)
        assert_int_equal(cmds[i]->reason, ERROR_REASON_DATABASE_AWAY);
    assert_false(t->state.postgres_ok);
    struct toy_cmd *refused = toy_send(t, 800, 800, 1);
    assert_true(refused->done); /* at once */
    world_turn(w, 3000);
    proxy_set(proxy, PROXY_PASS);
    world_until(w, is_up, t, 15000);
    struct toy_cmd *c = toy_send(t, 801, 800, 1);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_OK);
    assert_true(t->state.postgres_ok);
    toy_free(t);
}

/* A short gap is not noticed by callers. */
static void short_gap_is_bridged(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(2);
    struct toy_cmd *cmds[200];
    send_some(t, cmds, 100, 1000);
    proxy_set(proxy, PROXY_REFUSE);
    world_turn(w, 100);
    send_some(t, cmds + 100, 100, 1100);
    proxy_set(proxy, PROXY_PASS);
    world_settle(w, 20000);
    all_ok(cmds, 200);
    toy_free(t);
}

static void frozen_server_does_not_hang(void **state)
{
    (void)state;
    struct toy *t = new_through_proxy(1);
    proxy_set(proxy, PROXY_FREEZE);
    int64_t start = time_mono_us();
    struct toy_cmd *c = toy_send(t, 1300, 1300, 1);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_UNAVAILABLE);
    assert_in_range(time_mono_us() - start, 4500 * US_PER_MS, 7500 * US_PER_MS);
    proxy_set(proxy, PROXY_PASS);
    world_until(w, is_up, t, 15000);
    toy_free(t);
}

/* -- backends ---------------------------------------------------------------------------------- */

static const char kill_sql[] = "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                               " where application_name = 'toy_loss' and pid <> pg_backend_pid()";

static bool kill_now;

static void kill_backends(struct toy *t, struct pg_seg *seg)
{
    (void)seg;
    if (!kill_now)
        return;
    kill_now = false;
    assert_true(world_int(t->world, kill_sql) > 0);
    (void)usleep(20000);
}

static void backend_killed_before_the_commit(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 2, 1, NULL);
    struct toy_cmd *cmds[64];
    kill_now = true;
    t->on_decide = kill_backends;
    send_some(t, cmds, 64, 1400);
    world_settle(w, 20000);
    all_ok(cmds, 64);
    assert_false(kill_now);
    assert_int_equal(world_int(w, "select count(*) from entry"), 64);
    toy_free(t);
}

static void backend_killed_while_it_writes(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 2, 1, NULL);
    struct toy_cmd *cmds[64];
    for (int round = 0; round < 20; round++) {
        send_some(t, cmds, 64, 2000 + round * 100);
        world_turn(w, round % 4);
        assert_true(world_int(w, kill_sql) >= 0);
        world_settle(w, 20000);
        for (int i = 0; i < 64; i++)
            assert_true(cmds[i]->code == FAULT_OK || cmds[i]->code == FAULT_UNAVAILABLE);
        assert_true(world_int(w, "select count(*) from entry") <= (round + 1) * 64);
    }
    toy_free(t);
}

static void (*plain_committed)(void *ctx, struct pg_seg *seg);

static void commit_then_kill(void *ctx, struct pg_seg *seg)
{
    struct toy *t = ctx;
    plain_committed(ctx, seg);
    if (kill_now)
        kill_backends(t, seg);
}

static void backend_killed_after_the_commit(void **state)
{
    (void)state;
    const struct pg_config config = {
        .conninfo = w->conninfo, .segment_connections = 1, .application_name = w->schema};
    struct toy *t = toy_new_hooked(w, &config, commit_then_kill, &plain_committed);
    struct toy_cmd *cmds[200];
    kill_now = true;
    send_some(t, cmds, 200, 4000);
    world_settle(w, 20000);
    all_ok(cmds, 200);
    assert_false(kill_now);
    for (int i = 0; i < 200; i++)
        assert_true(cmds[i]->wrote); /* no command was decided twice: the commit was known */
    toy_free(t);
}

/* -- a server that stands still ---------------------------------------------------------------- */

static void signal_backends(int signum)
{
    char pids[512], *rest = pids;
    assert_int_equal(
        pg_admin_value(w->admin,
                       "select string_agg(pid::text, ' ') from pg_stat_activity"
                       " where application_name = 'toy_loss' and pid <> pg_backend_pid()",
                       NULL, 0, pids, sizeof(pids)),
        AM_OK);
    for (long pid; (pid = strtol(rest, &rest, 10)) > 0;)
        assert_int_equal(kill((pid_t)pid, signum), 0);
}

static void server_stopped_for_three_seconds(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 2, 1, NULL);
    struct toy_cmd *cmds[400];
    send_some(t, cmds, 200, 8000);
    world_turn(w, 1);
    signal_backends(SIGSTOP);
    send_some(t, cmds + 200, 200, 8200);
    world_turn(w, 3000);
    signal_backends(SIGCONT);
    world_settle(w, 20000);
    all_ok(cmds, 400);
    assert_int_equal(world_int(w, "select count(*) from entry"), 400);
    toy_free(t);
}

/* -- a client that is stopped between the trips ------------------------------------------------ */

static void stop_oneself(struct toy *t, struct pg_seg *seg)
{
    (void)seg;
    t->on_decide = NULL;
    (void)raise(SIGSTOP);
}

static void child_main(void)
{
    w = world_attach("loss");
    struct toy *t = toy_new(w, 1, 1, NULL);
    t->on_decide = stop_oneself;
    struct toy_cmd *c = toy_send(t, 5000, 5000, 1);
    world_settle(w, 20000);
    bool ok = c->code == FAULT_OK && c->seq == 2; /* decided anew, behind the one that went first */
    toy_free(t);
    world_free(w);
    _exit(ok ? 0 : 1);
}

static void client_stopped_between_the_trips(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0)
        child_main();
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *c = toy_send(t, 5001, 5000, 1);
    world_turn(w, 300);
    assert_false(c->done); /* the stopped client holds the key ... */
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_OK); /* ... until the server ends its transaction */
    assert_int_equal(c->seq, 1);
    toy_free(t);
    assert_int_equal(kill(child, SIGCONT), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* -- closing ----------------------------------------------------------------------------------- */

static void close_answers_everything(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 2, 1, NULL);
    struct toy_cmd *cmds[300];
    send_some(t, cmds, 300, 6000);
    world_turn(w, 1);
    toy_free(t);
    for (int i = 0; i < 300; i++)
        assert_true(cmds[i]->done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(client_stopped_between_the_trips, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reply_of_the_commit_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(commit_itself_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_outcome_keeps_its_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_may_not_be_repeated_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(server_away_for_good_after_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(server_away_fails_fast_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(short_gap_is_bridged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frozen_server_does_not_hang, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backend_killed_before_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backend_killed_while_it_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backend_killed_after_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(server_stopped_for_three_seconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(close_answers_everything, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("segment_loss", tests, NULL, NULL);
}
