/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <grpc/grpc_security.h>
#include <grpc/health/v1/health.pb-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

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

static void ask(struct peer_call *c, const char *method, const char *service)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = unconst(service);
    peer_call_init(c, &p, method, 10000);
    peer_send_message(c, &request.base);
}

static int told(struct peer_call *c)
{
    const Grpc__Health__V1__HealthCheckResponse *response =
        (const void *)peer_read(c, &grpc__health__v1__health_check_response__descriptor);
    return response ? (int)response->status : -1;
}

static int check(const char *service, int *state)
{
    struct peer_call c;
    ask(&c, "/grpc.health.v1.Health/Check", service);
    *state = told(&c);
    int status = peer_end(&c, NULL);
    peer_call_clear(&c);
    return status;
}

static void expect(const char *service, int expected)
{
    int state;
    assert_int_equal(check(service, &state), GRPC_STATUS_OK);
    assert_int_equal(state, expected);
}

static void checks(void **state)
{
    int ignored;
    (void)state;
    expect("", SERVING);
    expect("amends.test.EchoService", SERVING);
    expect("liveness", SERVING);
    assert_int_equal(check("no.such.Service", &ignored), GRPC_STATUS_NOT_FOUND);
    rpc_server_set_serving(f.server, false);
    expect("", NOT_SERVING);
    expect("amends.test.EchoService", NOT_SERVING);
    expect("liveness", SERVING);
    rpc_server_set_serving(f.server, true);
    expect("", SERVING);
}

static void watch(struct peer_call *c, const char *service)
{
    ask(c, "/grpc.health.v1.Health/Watch", service);
}

static void watches(void **state)
{
    struct peer_call all, unknown, live;
    (void)state;
    watch(&all, "");
    watch(&unknown, "no.such.Service");
    watch(&live, "liveness");
    assert_int_equal(told(&all), SERVING);
    assert_int_equal(told(&unknown), SERVICE_UNKNOWN);
    assert_int_equal(told(&live), SERVING);
    rpc_server_set_serving(f.server, false);
    assert_int_equal(told(&all), NOT_SERVING);
    rpc_server_set_serving(f.server, true);
    assert_int_equal(told(&all), SERVING);
    fixture_drain(&f);
    assert_int_equal(told(&all), NOT_SERVING);
    assert_int_equal(told(&all), -1);
    assert_int_equal(told(&unknown), -1);
    assert_int_equal(told(&live), -1);
    assert_int_equal(peer_end(&live, NULL), GRPC_STATUS_OK);
    peer_call_clear(&all);
    peer_call_clear(&unknown);
    peer_call_clear(&live);
    fixture_wait_drained(&f);
}

/* That other peers still get theirs is tested with real ones, in tests/fault/test_floods.py. */
static void watches_of_a_connection_are_bounded(void **state)
{
    static struct peer_call calls[16];
    struct peer_call more;
    (void)state;
    for (int i = 0; i < 16; i++) {
        watch(&calls[i], "");
        assert_int_equal(told(&calls[i]), SERVING);
    }
    watch(&more, "");
    assert_int_equal(peer_end(&more, NULL), GRPC_STATUS_RESOURCE_EXHAUSTED);
    peer_call_clear(&more);
    for (int i = 0; i < 16; i++) {
        peer_cancel(&calls[i]);
        peer_call_clear(&calls[i]);
    }
}

/* Its clients cannot be told apart, so one connection's bound is not for all of them together. */
static void watches_of_a_unix_socket_are_not_of_one_connection(void **state)
{
    static struct peer_call calls[20];
    char path[64];
    (void)snprintf(path, sizeof(path), "unix:/tmp/amends-test-health-%d", (int)getpid());
    fixture_start(&f, &(struct rpc_server_config){.listen = path});
    grpc_init();
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    p.channel = grpc_channel_create(path, creds, NULL);
    p.cq = grpc_completion_queue_create_for_next(NULL);
    grpc_channel_credentials_release(creds);
    (void)state;
    for (int i = 0; i < 20; i++) {
        watch(&calls[i], "");
        assert_int_equal(told(&calls[i]), SERVING);
    }
    for (int i = 0; i < 20; i++) {
        peer_cancel(&calls[i]);
        peer_call_clear(&calls[i]);
    }
    fixture_stop(&f);
    peer_close(&p);
    (void)unlink(path + strlen("unix:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checks, setup, teardown),
        cmocka_unit_test_setup_teardown(watches, setup, teardown),
        cmocka_unit_test_setup_teardown(watches_of_a_connection_are_bounded, setup, teardown),
        cmocka_unit_test(watches_of_a_unix_socket_are_not_of_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
