/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include "contract/reasons.h"

static struct fixture f;
static struct peer p;

static int setup(void **state)
{
    const struct rpc_server_config config = {.limits = {.live_calls = 8,
                                                        .live_calls_tenant = 3,
                                                        .streams = 3,
                                                        .streams_tenant = 2,
                                                        .streams_principal = 1}};
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

static void call_as(struct peer_call *c, const char *method, const char *tenant, const char *id,
                    struct slice bytes)
{
    peer_call_init(c, &p, method, 10000);
    peer_header(c, "amends-tenant", tenant);
    peer_header(c, "amends-principal", id);
    peer_send(c, bytes);
}

static void expect_shed(const char *method, const char *tenant, const char *id, const char *text)
{
    struct peer_call c;
    struct fault fault;
    call_as(&c, method, tenant, id, slice_str(""));
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(fault.reason, ERROR_REASON_OVERLOADED);
    assert_string_equal(fault.message, text);
    assert_in_range(fault.retry_ms, 100, 500);
    peer_call_clear(&c);
}

static void calls(void **state)
{
    static const char *const tenants[] = {"acme", "acme", "acme",  "beta",
                                          "beta", "beta", "gamma", "delta"};
    struct peer_call held[8], health, after;
    (void)state;
    for (int i = 0; i < 8; i++) {
        call_as(&held[i], ECHO_PATH "Hold", tenants[i], "me", slice_str(""));
        fixture_wait(&f.held, i + 1);
        if (i == 2)
            expect_shed(ECHO_PATH "Echo", "acme", "you",
                        "the tenant has as many calls as it may have");
    }
    expect_shed(ECHO_PATH "Echo", "beta", "me", "the server has as many calls as it takes");

    /* Health is exempt. */
    peer_call_init(&health, &p, "/grpc.health.v1.Health/Check", 5000);
    peer_send(&health, slice_str(""));
    assert_int_equal(peer_end(&health, NULL), GRPC_STATUS_OK);
    peer_call_clear(&health);

    fixture_release(&f);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(peer_end(&held[i], NULL), GRPC_STATUS_OK);
        peer_call_clear(&held[i]);
    }
    call_as(&after, ECHO_PATH "Echo", "acme", "me", slice_str(""));
    assert_int_equal(peer_end(&after, NULL), GRPC_STATUS_OK);
    peer_call_clear(&after);
}

static void open_stream(struct peer_call *c, const char *tenant, const char *id)
{
    call_as(c, ECHO_PATH "Watch", tenant, id, slice_str("\x0a\x04hold\x10\x01"));
    assert_non_null(peer_read(c, &amends__test__echo_response__descriptor));
}

static void streams(void **state)
{
    struct peer_call open[3], again;
    const char *const method = ECHO_PATH "Watch";
    (void)state;
    open_stream(&open[0], "acme", "me");
    expect_shed(method, "acme", "me", "the principal has as many streams as it may have");
    open_stream(&open[1], "acme", "you");
    expect_shed(method, "acme", "they", "the tenant has as many streams as it may have");
    open_stream(&open[2], "beta", "me");
    expect_shed(method, "gamma", "me", "the server has as many streams as it takes");
    peer_cancel(&open[0]);
    fixture_wait(&f.closed, 1);
    fixture_release(&f); /* the turn of the loop that closed it has ended */
    open_stream(&again, "acme", "me");
    peer_cancel(&again);
    for (int i = 0; i < 3; i++) {
        peer_cancel(&open[i]);
        peer_call_clear(&open[i]);
    }
    peer_call_clear(&again);
    fixture_wait(&f.closed, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls, setup, teardown),
        cmocka_unit_test_setup_teardown(streams, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
