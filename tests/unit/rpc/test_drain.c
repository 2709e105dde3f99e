/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contract/reasons.h"

static struct fixture f;
static struct peer p;

static void begin_with(const struct rpc_server_config *config)
{
    fixture_start(&f, config);
    peer_connect(&p, &f);
}

static void begin(int64_t delay_ms, int64_t grace_ms)
{
    begin_with(&(struct rpc_server_config){.drain_delay_ms = delay_ms, .drain_grace_ms = grace_ms});
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
    /* What comes before the client has heard that the server goes is cancelled by the core. */
    const int status = peer_end(&late, NULL);
    assert_true(status == GRPC_STATUS_UNAVAILABLE || status == GRPC_STATUS_CANCELLED);
    peer_call_clear(&late);
    fixture_release(&f);
    for (int i = 0; i < 3; i++)
        end_of(&held[i], GRPC_STATUS_OK);
    fixture_wait_drained(&f);
    assert_int_equal(f.handled, 4);
    peer_close(&p);
}

static void open_stream(struct peer_call *stream)
{
    call(stream, ECHO_PATH "Watch", "\x0a\x04hold\x10\x01");
    assert_non_null(peer_read(stream, &amends__test__echo_response__descriptor));
}

static void serves(void)
{
    struct peer_call c;
    call(&c, ECHO_PATH "Echo", "");
    end_of(&c, GRPC_STATUS_OK);
}

/* During the delay calls are served as before; streams are told at once, and may come back. */
static void delay(void **state)
{
    struct peer_call stream, again;
    struct fault fault;
    (void)state;
    begin(300, 5000);
    open_stream(&stream);
    fixture_drain(&f);
    assert_int_equal(peer_end(&stream, &fault), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(fault.reason, ERROR_REASON_DRAINING);
    peer_call_clear(&stream);
    serves();
    open_stream(&again);
    serves();
    assert_int_equal(f.closed, 1);
    end_of(&again, GRPC_STATUS_UNAVAILABLE);
    fixture_wait_drained(&f);
    peer_close(&p);
}

/* As long as calls come, they are served. */
static void until_no_call_comes(void **state)
{
    (void)state;
    begin_with(&(struct rpc_server_config){.drain_quiet_ms = 400});
    fixture_drain(&f);
    for (int i = 0; i < 10; i++) {
        serves();
        (void)usleep(100000);
    }
    const int64_t last_us = time_mono_us();
    fixture_wait_drained(&f);
    assert_true(time_mono_us() - last_us >= 250 * US_PER_MS);
    peer_close(&p);
}

/* Callers that never go do not hold the end up. */
static void until_the_time_out(void **state)
{
    struct peer_call c;
    int status = GRPC_STATUS_OK, served = 0;
    (void)state;
    begin_with(&(struct rpc_server_config){.drain_quiet_ms = 60000, .drain_timeout_ms = 500});
    fixture_drain(&f);
    for (; status == GRPC_STATUS_OK && served < 1000; served++) {
        call(&c, ECHO_PATH "Echo", "");
        status = peer_end(&c, NULL);
        peer_call_clear(&c);
        (void)usleep(10000);
    }
    assert_true(served > 10 && served < 1000);
    fixture_wait_drained(&f);
    peer_close(&p);
}

/* Nobody is connected: there is nothing to wait for. */
static void alone(void **state)
{
    const struct rpc_server_config config = {.listen = "127.0.0.1:0", .drain_quiet_ms = 60000};
    (void)state;
    fixture_start(&f, &config);
    const int64_t began_us = time_mono_us();
    fixture_drain(&f);
    fixture_wait_drained(&f);
    assert_true(time_mono_us() - began_us < 5 * US_PER_S);
}

/* A connection, although without calls, may send one. */
static void not_alone(void **state)
{
    const struct rpc_server_config config = {
        .listen = "127.0.0.1:0", .drain_quiet_ms = 700, .drain_grace_ms = 100};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)state;
    fixture_start(&f, &config);
    to.sin_port = htons((uint16_t)rpc_server_port(f.server));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    const int64_t began_us = time_mono_us();
    fixture_drain(&f);
    fixture_wait_drained(&f);
    assert_true(time_mono_us() - began_us >= 600 * US_PER_MS);
    (void)close(fd);
}

/* The preface of HTTP/2 and an empty SETTINGS frame. Nothing more is said, and nothing is read: the
 * server's question whether its GOAWAY has arrived is never answered. */
static void a_silent_client_has_a_second(void **state)
{
    static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
    const struct rpc_server_config config = {.listen = "127.0.0.1:0", .drain_grace_ms = 20000};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char byte;
    (void)state;
    fixture_start(&f, &config);
    to.sin_port = htons((uint16_t)rpc_server_port(f.server));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(send(fd, hello, sizeof(hello), 0), sizeof(hello));
    assert_int_equal(recv(fd, &byte, 1, 0), 1); /* the server has taken the connection */
    const int64_t began_us = time_mono_us();
    fixture_drain(&f);
    fixture_wait_drained(&f);
    assert_in_range(time_mono_us() - began_us, 900 * US_PER_MS, 8 * US_PER_S);
    (void)close(fd);
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
        cmocka_unit_test(idle),
        cmocka_unit_test(with_live_calls_and_streams),
        cmocka_unit_test(delay),
        cmocka_unit_test(grace),
        cmocka_unit_test(client_gone),
        cmocka_unit_test(under_load),
        cmocka_unit_test(until_no_call_comes),
        cmocka_unit_test(until_the_time_out),
        cmocka_unit_test(alone),
        cmocka_unit_test(not_alone),
        cmocka_unit_test(a_silent_client_has_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
