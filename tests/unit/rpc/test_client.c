/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The server of `f` calls the server of `g` with an rpc_client. */
static struct fixture f, g;
static struct rpc_client *client;
static char target[64];

static void start_target(int port)
{
    char listen[64];
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%d", port);
    const struct rpc_server_config config = {.listen = listen};
    fixture_start(&g, &config);
    (void)snprintf(target, sizeof(target), "127.0.0.1:%d", rpc_server_port(g.server));
}

static void make_client(void *ctx)
{
    (void)ctx;
    client = rpc_client_new(f.server, target, NULL, 4);
}

static void free_client(void *ctx)
{
    (void)ctx;
    rpc_client_free(client);
}

static int setup(void **state)
{
    (void)state;
    start_target(0);
    fixture_start(&f, NULL);
    fixture_on_loop(&f, make_client, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_on_loop(&f, free_client, NULL);
    fixture_stop(&f);
    fixture_stop(&g);
    return 0;
}

struct outcome {
    const char *method;
    int64_t timeout_ms;
    int started; /* what rpc_client_call returned */
    enum fault_code code;
    char message[128];
    char text[64];
    _Atomic int done;
};

static void on_done(void *ctx, enum fault_code code, const char *message,
                    const ProtobufCMessage *reply)
{
    struct outcome *o = ctx;
    const Amends__Test__EchoResponse *r = (const void *)reply;
    o->code = code;
    (void)snprintf(o->message, sizeof(o->message), "%s", message);
    (void)snprintf(o->text, sizeof(o->text), "%s", r ? r->request->text : "");
    o->done++;
}

static void start_call(void *ctx)
{
    struct outcome *o = ctx;
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    char text[] = "ping";
    request.text = text;
    request.number = FAULT_NOT_FOUND;
    o->started =
        rpc_client_call(client, &amends__test__echo_service__descriptor, echo_method(o->method),
                        &echo_principal, &request.base, o->timeout_ms, on_done, o);
}

static void begin(struct outcome *o, const char *method, int64_t timeout_ms)
{
    *o = (struct outcome){.method = method, .timeout_ms = timeout_ms};
    fixture_on_loop(&f, start_call, o);
}

static enum fault_code run(struct outcome *o, const char *method)
{
    begin(o, method, 5000);
    assert_int_equal(o->started, 0);
    fixture_wait(&o->done, 1);
    assert_int_equal(o->done, 1);
    return o->code;
}

static void calls(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(run(&o, "Echo"), FAULT_OK);
    assert_string_equal(o.text, "ping");
    assert_int_equal(run(&o, "Fail"), FAULT_NOT_FOUND);
    assert_string_equal(o.message, "ping");
    assert_string_equal(o.text, "");
    assert_int_equal(run(&o, "Missing"), FAULT_UNIMPLEMENTED);
}

static void deadline(void **state)
{
    struct outcome o;
    (void)state;
    begin(&o, "Hold", 100);
    fixture_wait(&o.done, 1);
    assert_int_equal(o.code, FAULT_DEADLINE_EXCEEDED);
}

static void in_flight_is_bounded(void **state)
{
    struct outcome o[5];
    (void)state;
    for (int i = 0; i < 5; i++)
        begin(&o[i], "Hold", 20000);
    assert_int_equal(o[4].started, AM_EAGAIN);
    fixture_wait(&g.held, 4);
    fixture_release(&g);
    for (int i = 0; i < 4; i++) {
        fixture_wait(&o[i].done, 1);
        assert_int_equal(o[i].code, FAULT_OK);
    }
    assert_int_equal(o[4].done, 0);
}

static void bad_principal(void *ctx)
{
    const struct rpc_principal nobody = {.tenant = "acme", .id = "a b"};
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    *(int *)ctx = rpc_client_call(client, &amends__test__echo_service__descriptor, 0, &nobody,
                                  &request.base, 1000, on_done, NULL);
}

static void principal_is_checked(void **state)
{
    int err = 0;
    (void)state;
    fixture_on_loop(&f, bad_principal, &err);
    assert_int_equal(err, AM_EINVAL);
}

/* The peer goes and comes back on its port: calls fail at once, then work again. */
static void reconnects(void **state)
{
    struct outcome o;
    int port = rpc_server_port(g.server);
    (void)state;
    assert_int_equal(run(&o, "Echo"), FAULT_OK);
    fixture_stop(&g);
    for (int i = 0; i < 20 && run(&o, "Echo") == FAULT_OK; i++)
        (void)usleep(10000);
    assert_int_equal(o.code, FAULT_UNAVAILABLE);
    (void)usleep(300 * 1000);
    start_target(port);
    for (int i = 0; i < 100 && run(&o, "Echo") != FAULT_OK; i++)
        (void)usleep(50 * 1000);
    assert_int_equal(o.code, FAULT_OK);
}

/* Freed with calls in flight: each callback runs, once, with CANCELLED. */
static void freed_with_calls_in_flight(void **state)
{
    struct outcome o[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        begin(&o[i], i % 2 ? "Echo" : "Hold", 20000);
    fixture_wait(&g.held, 2);
    fixture_on_loop(&f, free_client, NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(o[i].done, 1);
        assert_true(o[i].code == FAULT_CANCELLED || i % 2);
    }
    client = NULL;
    (void)usleep(20 * 1000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(o[i].done, 1);
}

/* The loop has ended with calls of every state open; only then the client goes. */
static void freed_after_the_loop(void **state)
{
    struct outcome o[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        begin(&o[i], i % 2 ? "Echo" : "Hold", 20000);
    fixture_drain(&f);
    fixture_wait_ended(&f);
    (void)usleep(20 * 1000);
    rpc_client_free(client);
    client = NULL;
    fixture_free(&f);
    for (int i = 0; i < 4; i++)
        assert_int_equal(o[i].done, 1);
    fixture_start(&f, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls, setup, teardown),
        cmocka_unit_test_setup_teardown(deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(in_flight_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(principal_is_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(reconnects, setup, teardown),
        cmocka_unit_test_setup_teardown(freed_with_calls_in_flight, setup, teardown),
        cmocka_unit_test_setup_teardown(freed_after_the_loop, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
