/* SPDX-License-Identifier: Apache-2.0 */

/* The client against a real server. */

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;

static int setup(void **state)
{
    (void)state;
    bench_start(&b, bench_url(), 500, 0);
    assert_true(bench_wait_up(&b, true));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_stop(&b);
    return 0;
}

static void commands_are_answered(void **state)
{
    (void)state;
    struct answer a;
    bench_command(&b, "SET test:key 42", &a);
    assert_string_equal(a.text, "OK");
    bench_command(&b, "GET test:key", &a);
    assert_int_equal(a.number, 42);
    bench_command(&b, "DEL test:key", &a);
    assert_int_equal(a.number, 1);
    bench_command(&b, "NO_SUCH_COMMAND", &a);
    assert_true(a.missing);
}

static void scripts_survive_a_flush(void **state)
{
    (void)state;
    struct answer a;
    bench_eval(&b, BENCH_ECHO, "k first", &a);
    assert_string_equal(a.text, "first");
    bench_command(&b, "SCRIPT FLUSH", &a);
    bench_eval(&b, BENCH_ECHO, "k second", &a);
    assert_string_equal(a.text, "second");
}

static void messages_arrive(void **state)
{
    (void)state;
    for (int i = 0; i < 100 && atomic_load(&b.messages) == 0; i++) {
        struct answer a;
        bench_publish(&b, "wake");
        bench_command(&b, "PING", &a); /* the subscription may still be on its way */
    }
    assert_true(bench_wait(&b.messages, 1));
}

static void reload_until_the_epoch_is_written(void **state)
{
    (void)state;
    struct answer a;
    bench_command(&b, "DEL test:epoch", &a);
    int before = atomic_load(&b.reloads);
    assert_true(bench_wait(&b.reloads, before + 2));
    bench_loaded(&b);
    bench_command(&b, "GET test:epoch", &a);
    assert_int_equal(strlen(a.text), 32);
    before = atomic_load(&b.reloads);
    bench_eval(&b, BENCH_BUSY, "k 100", &a);
    for (int i = 0; i < 6; i++)
        bench_eval(&b, BENCH_BUSY, "k 400", &a);
    assert_int_equal(atomic_load(&b.reloads), before);
    bench_command(&b, "FLUSHALL", &a);
    assert_true(bench_wait(&b.reloads, before + 1));
    bench_loaded(&b);
}

static void lost_connection_comes_back(void **state)
{
    (void)state;
    struct answer a;
    int before = atomic_load(&b.reloads);
    bench_command(&b, "CLIENT KILL TYPE normal SKIPME no", &a);
    assert_true(bench_wait(&b.reloads, before + 1));
    bench_command(&b, "PING", &a);
    assert_string_equal(a.text, "PONG");
    assert_true(atomic_load(&b.downs) >= 1);
}

static void late_reply_drops_the_connection(void **state)
{
    (void)state;
    struct answer a, busy = {0};
    bench_eval(&b, BENCH_BUSY, "k 900", &busy);
    assert_true(busy.missing);
    assert_true(bench_wait_up(&b, true));
    bench_command(&b, "ECHO after", &a);
    assert_string_equal(a.text, "after");
}

static void too_many_outstanding(void **state)
{
    (void)state;
    struct bench small;
    struct answer a = {0};
    bench_start(&small, bench_url(), 500, 2);
    assert_true(bench_wait_up(&small, true));
    bench_send(&small, "PING", &a);
    for (int i = 0; i < 200; i++)
        bench_send(&small, "PING", &a);
    assert_true(bench_wait(&a.replies, 201));
    bench_command(&small, "PING", &a);
    assert_string_equal(a.text, "PONG");
    bench_stop(&small);
}

static void evicting_server_is_refused(void **state)
{
    (void)state;
    struct answer a;
    bench_command(&b, "CONFIG SET maxmemory-policy allkeys-lru", &a);
    assert_true(bench_wait_up(&b, false));
    struct bench late;
    bench_start(&late, bench_url(), 500, 0);
    bench_command(&late, "PING", &a);
    assert_true(a.missing);
    assert_false(bench_wait(&late.reloads, 1));
    bench_stop(&late);
}

static int restore_policy(void **state)
{
    (void)state;
    bench_stop(&b);
    return system("redis-cli -u \"$AMENDS_TEST_REDIS\" CONFIG SET maxmemory-policy noeviction "
                  ">/dev/null");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    (void)bench_url();
    const struct CMUnitTest tests[] = {
        TEST(commands_are_answered),
        TEST(scripts_survive_a_flush),
        TEST(messages_arrive),
        TEST(reload_until_the_epoch_is_written),
        TEST(lost_connection_comes_back),
        TEST(late_reply_drops_the_connection),
        TEST(too_many_outstanding),
        cmocka_unit_test_setup_teardown(evicting_server_is_refused, setup, restore_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
