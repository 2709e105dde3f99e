/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <stdatomic.h>
#include <unistd.h>

static struct fixture f;
static struct peer p;

static int setup(void **state)
{
    const struct rpc_server_config config = {.limits = {.max_deadline_ms = 30000}};
    (void)state;
    fixture_start(&f, &config);
    peer_connect(&p, &f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    peer_close(&p);
    return 0;
}

static _Atomic int stalled;

/* Keeps the loop busy. */
static void stall(struct loop_job *job)
{
    (void)job;
    stalled = 1;
    (void)usleep(200 * 1000);
}

static void echo(struct peer_call *c, const char *path, int64_t timeout_ms)
{
    peer_call_init(c, &p, path, timeout_ms);
    peer_principal(c);
    peer_send(c, slice_str(""));
}

/* A call that waited past its deadline is not run. */
static void passed_in_the_queue(void **state)
{
    struct loop_job job = {.run = stall};
    struct peer_call c, next;
    (void)state;
    stalled = 0;
    loop_post(f.loop, &job);
    fixture_wait(&stalled, 1);
    echo(&c, ECHO_PATH "Echo", 50);
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_DEADLINE_EXCEEDED);
    echo(&next, ECHO_PATH "Echo", 5000);
    assert_int_equal(peer_end(&next, NULL), GRPC_STATUS_OK);
    assert_int_equal(f.handled, 1);
    peer_call_clear(&c);
    peer_call_clear(&next);
}

static void clamped(void **state)
{
    static const int64_t timeouts_ms[] = {0, 3600 * 1000, 20000};
    static const int64_t most_ms[] = {30000, 30000, 20000};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct peer_call c;
        echo(&c, ECHO_PATH "Echo", timeouts_ms[i]);
        const Amends__Test__EchoResponse *reply =
            (const void *)peer_read(&c, &amends__test__echo_response__descriptor);
        assert_non_null(reply);
        assert_in_range(reply->left_ms, most_ms[i] - 3000, most_ms[i] + 300);
        peer_call_clear(&c);
    }
}

/* The answer to a client that has gone is thrown away; the server goes on. */
static void cancelled_by_the_client(void **state)
{
    struct peer_call c, next;
    (void)state;
    echo(&c, ECHO_PATH "Hold", 10000);
    fixture_wait(&f.held, 1);
    peer_cancel(&c);
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_CANCELLED);
    fixture_release(&f);
    echo(&next, ECHO_PATH "Echo", 5000);
    assert_int_equal(peer_end(&next, NULL), GRPC_STATUS_OK);
    peer_call_clear(&c);
    peer_call_clear(&next);
}

/* The same when the deadline passes while the handler works. */
static void passed_in_the_handler(void **state)
{
    struct peer_call c;
    (void)state;
    echo(&c, ECHO_PATH "Hold", 100);
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_DEADLINE_EXCEEDED);
    fixture_release(&f);
    peer_call_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passed_in_the_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(clamped, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled_by_the_client, setup, teardown),
        cmocka_unit_test_setup_teardown(passed_in_the_handler, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
