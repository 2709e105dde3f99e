/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <unistd.h>

#include "contract/reasons.h"

static struct fixture f;
static struct peer p;

static void begin(int64_t delay_ms, int64_t grace_ms)
{
    const struct rpc_server_config config = {.drain_delay_ms = delay_ms,
                                             .drain_grace_ms = grace_ms};
    fixture_start(&f, &config);
    peer_connect(&p, &f);
}

static void call(struct peer_call *c, const char *path, const char *bytes)
{
    peer_call_init(c, &p, path, 20000);
    peer_principal(c);
    peer_send(c, slice_str(bytes));
}

static void end_of(struct peer_call *c, int status)
{
    assert_int_equal(peer_end(c, NULL), status);
    peer_call_clear(c);
}

static void idle(void **state)
{
    (void)state;
    begin(0, 5000);
    fixture_drain(&f);
    fixture_wait_drained(&f);
    peer_close(&p);
}

/* Open calls finish; streams are told to go elsewhere; new calls are not taken. */
static void with_live_calls_and_streams(void **state)
{
    struct peer_call held[3], stream, late;
    struct fault fault;
    (void)state;
    begin(0, 10000);
    for (int i = 0; i < 3; i++)
        call(&held[i], ECHO_PATH "Hold", "");
    call(&stream, ECHO_PATH "Watch", "\x0a\x04hold\x10\x01");
    assert_non_null(peer_read(&stream, &amends__test__echo_response__descriptor));
    fixture_wait(&f.held, 3);
    fixture_drain(&f);
    assert_int_equal(peer_end(&stream, &fault), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(fault.reason, ERROR_REASON_DRAINING);
    peer_call_clear(&stream);
    fixture_wait(&f.closed, 1);
    assert_int_equal(f.gone, 0);
    call(&late, ECHO_PATH "Echo", "");
    end_of(&late, GRPC_STATUS_UNAVAILABLE);
    fixture_release(&f);
    for (int i = 0; i < 3; i++)
        end_of(&held[i], GRPC_STATUS_OK);
    fixture_wait_drained(&f);
    assert_int_equal(f.handled, 4);
    peer_close(&p);
}

/* During the delay calls are served as before. */
static void delay(void **state)
{
    struct peer_call c, stream;
    (void)state;
    begin(300, 5000);
    call(&stream, ECHO_PATH "Watch", "\x0a\x04hold\x10\x01");
    assert_non_null(peer_read(&stream, &amends__test__echo_response__descriptor));
    fixture_drain(&f);
    call(&c, ECHO_PATH "Echo", "");
    end_of(&c, GRPC_STATUS_OK);
    assert_int_equal(f.closed, 0);
    end_of(&stream, GRPC_STATUS_UNAVAILABLE);
    fixture_wait_drained(&f);
    peer_close(&p);
}

/* What outlives the grace is cancelled; the handler's late answer does no harm. */
static void grace(void **state)
{
    struct peer_call held;
    (void)state;
    begin(0, 100);
    call(&held, ECHO_PATH "Hold", "");
    fixture_wait(&f.held, 1);
    fixture_drain(&f);
    end_of(&held, GRPC_STATUS_UNAVAILABLE);
    fixture_release(&f);
    fixture_wait_drained(&f);
    peer_close(&p);
}

/* Clients that have gone do not hold the drain up. */
static void client_gone(void **state)
{
    struct peer_call held, stream;
    (void)state;
    begin(0, 10000);
    call(&held, ECHO_PATH "Hold", "");
    call(&stream, ECHO_PATH "Watch", "\x0a\x04hold\x10\x01");
    fixture_wait(&f.held, 1);
    fixture_wait(&f.opened, 1);
    peer_cancel(&held);
    peer_cancel(&stream);
    end_of(&held, GRPC_STATUS_CANCELLED);
    end_of(&stream, GRPC_STATUS_CANCELLED);
    peer_close(&p);
    fixture_stop(&f);
}

/* Calls come in all the while: none hangs, none is answered twice. */
static void under_load(void **state)
{
    static struct peer_call calls[200];
    int ok = 0;
    (void)state;
    begin(0, 5000);
    for (int i = 0; i < 200; i++) {
        call(&calls[i], ECHO_PATH "Echo", "");
        if (i == 100)
            fixture_drain(&f);
    }
    for (int i = 0; i < 200; i++) {
        int status = peer_end(&calls[i], NULL);
        ok += status == GRPC_STATUS_OK;
        /* What was in no slot yet when the server shut is cancelled by the core. */
        assert_true(status == GRPC_STATUS_OK || status == GRPC_STATUS_UNAVAILABLE ||
                    status == GRPC_STATUS_CANCELLED);
        peer_call_clear(&calls[i]);
    }
    fixture_wait_drained(&f);
    assert_int_equal(ok, f.handled);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle),        cmocka_unit_test(with_live_calls_and_streams),
        cmocka_unit_test(delay),       cmocka_unit_test(grace),
        cmocka_unit_test(client_gone), cmocka_unit_test(under_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
