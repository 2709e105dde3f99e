/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <unistd.h>

#include "contract/reasons.h"

static struct fixture f;
static struct peer p;

static int setup(void **state)
{
    (void)state;
    fixture_start(&f, NULL);
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

static void watch(struct peer_call *c, const char *bytes, int64_t timeout_ms)
{
    peer_call_init(c, &p, ECHO_PATH "Watch", timeout_ms);
    peer_principal(c);
    peer_send(c, slice_str(bytes));
}

static const Amends__Test__EchoResponse *read_one(struct peer_call *c)
{
    return (const void *)peer_read(c, &amends__test__echo_response__descriptor);
}

static void finishes(void **state)
{
    struct peer_call c;
    (void)state;
    watch(&c,
          "\x0a\x06"
          "finish\x10\x64",
          10000);
    for (int i = 100; i > 0; i--) {
        const Amends__Test__EchoResponse *message = read_one(&c);
        assert_non_null(message);
        assert_int_equal(message->left_ms, i);
    }
    assert_null(read_one(&c));
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_OK);
    fixture_wait(&f.closed, 1);
    assert_int_equal(f.sent, 100);
    assert_int_equal(f.gone, 0);
    peer_call_clear(&c);
}

static void fails(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    watch(&c,
          "\x0a\x04"
          "fail\x10\x01",
          10000);
    assert_non_null(read_one(&c));
    assert_null(read_one(&c));
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_OUT_OF_RANGE);
    assert_int_equal(fault.reason, ERROR_REASON_POLICY_MOVED);
    fixture_wait(&f.closed, 1);
    peer_call_clear(&c);
}

static void put_together_from_parts(void **state)
{
    struct peer_call c;
    (void)state;
    watch(&c,
          "\x0a\x05"
          "parts\x10\x02",
          10000);
    for (int i = 0; i < 2; i++) {
        const Amends__Test__EchoResponse *message = read_one(&c);
        assert_non_null(message);
        assert_string_equal(message->tenant, "acme");
        assert_string_equal(message->principal, "ann");
    }
    peer_cancel(&c);
    fixture_wait(&f.closed, 1);
    peer_call_clear(&c);
}

static void refused_before_it_opens(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    watch(&c, "\x0a\x06refuse", 10000);
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_PERMISSION_DENIED);
    assert_int_equal(fault.reason, ERROR_REASON_NOT_AN_AGENT);
    assert_int_equal(f.opened, 0);
    assert_int_equal(f.closed, 0);
    peer_call_clear(&c);
}

static void cancelled(void **state)
{
    struct peer_call c;
    (void)state;
    watch(&c, "\x0a\x04hold\x10\x01", 10000);
    assert_non_null(read_one(&c));
    peer_cancel(&c);
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_CANCELLED);
    fixture_wait(&f.closed, 1);
    assert_int_equal(f.gone, 1);
    peer_call_clear(&c);
}

static void deadline_passes(void **state)
{
    struct peer_call c;
    (void)state;
    watch(&c, "\x0a\x04hold\x10\x01", 100);
    assert_non_null(read_one(&c));
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_DEADLINE_EXCEEDED);
    fixture_wait(&f.closed, 1);
    assert_int_equal(f.gone, 1);
    peer_call_clear(&c);
}

#define NOT_BUFFERED 5000 /* messages of 10 KB: more than all windows and sockets between take */

/* Looks until no more is sent for a third of a second, which is soon for a quick machine and later
 * for a busy one. A server that goes on without end is seen too. */
static void wait_until_nothing_is_sent(void)
{
    for (int before = -1; before != f.sent;) {
        before = f.sent;
        (void)usleep(333 * 1000);
        assert_true(f.sent < NOT_BUFFERED);
    }
}

/* A client that does not read holds one message and what the windows take, and may go at any time.
 */
static void slow_reader_is_not_buffered_for(void **state)
{
    struct peer_call c;
    static char bytes[10000 + 16] = "\x0a\x90\x4e";
    (void)state;
    for (int i = 0; i < 10000; i++)
        bytes[3 + i] = 'x';
    bytes[10003] = 0x10; /* number 100000: 1 GB */
    bytes[10004] = (char)0xa0;
    bytes[10005] = (char)0x8d;
    bytes[10006] = 0x06;
    watch(&c, bytes, 300000);
    fixture_wait(&f.sent, 1);
    wait_until_nothing_is_sent();
    assert_int_equal(f.closed, 0); /* it waits for its reader */
    peer_cancel(&c);
    fixture_wait(&f.closed, 1);
    peer_call_clear(&c);
}

/* Cancelled at every moment of its life, which is what a race needs to show. */
static void cancelled_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct peer_call c;
        watch(&c,
              i % 2 ? "\x0a\x06"
                      "finish\x10\x05"
                    : "\x0a\x04"
                      "fail\x10\x05",
              10000);
        for (int n = 0; n < i % 7; n++)
            (void)read_one(&c);
        (void)usleep((useconds_t)(i % 11) * 20);
        peer_cancel(&c);
        (void)peer_end(&c, NULL);
        peer_call_clear(&c);
    }
    for (int i = 0; i < 5000 && f.closed != f.opened; i++)
        (void)usleep(1000);
    assert_int_equal(f.closed, f.opened);
}

static void many_on_one_connection(void **state)
{
    static struct peer_call calls[600];
    (void)state;
    for (int i = 0; i < 600; i++) {
        char id[16] = "agent:";
        id[6] = (char)('a' + i % 26);
        id[7] = (char)('a' + i / 26);
        peer_call_init(&calls[i], &p, ECHO_PATH "Watch", 20000);
        peer_header(&calls[i], "amends-tenant", "acme");
        peer_header(&calls[i], "amends-principal", id);
        peer_send(&calls[i], slice_str("\x0a\x04hold\x10\x01"));
    }
    for (int i = 0; i < 600; i++)
        assert_non_null(read_one(&calls[i]));
    assert_int_equal(f.opened, 600);
    for (int i = 0; i < 600; i++) {
        peer_cancel(&calls[i]);
        peer_call_clear(&calls[i]);
    }
    fixture_wait(&f.closed, 600);
}

/* Every stream ends with a farewell, after its life less up to a tenth. */
static void life(void **state)
{
    const struct rpc_server_config config = {.max_stream_life_ms = 500};
    struct peer_call c;
    struct fault fault;
    (void)state;
    fixture_stop(&f);
    peer_close(&p);
    fixture_start(&f, &config);
    peer_connect(&p, &f);
    const int64_t began_us = time_mono_us();
    watch(&c, "\x0a\x04hold\x10\x01", 20000);
    assert_non_null(read_one(&c));
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(fault.reason, ERROR_REASON_STREAM_ENDED);
    assert_true(time_mono_us() - began_us >= 440 * US_PER_MS);
    peer_call_clear(&c);
    fixture_wait(&f.closed, 1);
}

/* The farewell waits for the message in flight, but not for ever: what a stream holds is let go of
 * although its client never reads. */
static void a_reader_that_never_reads_is_cut_off(void **state)
{
    const struct rpc_server_config config = {.max_stream_life_ms = 1000, .limits.send_ms = 300};
    static char bytes[10000 + 16] = "\x0a\x90\x4e";
    struct peer_call c;
    struct fault fault;
    (void)state;
    fixture_stop(&f);
    peer_close(&p);
    fixture_start(&f, &config);
    peer_connect(&p, &f);
    memset(bytes + 3, 'x', 10000);
    memcpy(bytes + 10003, "\x10\xa0\x8d\x06", 5);
    watch(&c, bytes, 300000);
    fixture_wait(&f.closed, 1);
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_UNAVAILABLE);
    peer_call_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finishes, setup, teardown),
        cmocka_unit_test_setup_teardown(fails, setup, teardown),
        cmocka_unit_test_setup_teardown(put_together_from_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_before_it_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(deadline_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_reader_is_not_buffered_for, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled_at_any_time, setup, teardown),
        cmocka_unit_test_setup_teardown(life, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_never_reads_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(many_on_one_connection, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
