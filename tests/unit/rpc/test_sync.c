/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "contract/reasons.h"

static struct fixture f;
static struct rpc_sync *c;
static struct arena arena;

static int setup(void **state)
{
    const struct rpc_server_config config = {.listen = "127.0.0.1:0"};
    char target[64];
    (void)state;
    fixture_start(&f, &config);
    (void)snprintf(target, sizeof(target), "127.0.0.1:%d", rpc_server_port(f.server));
    c = rpc_sync_new(target, NULL);
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_sync_free(c);
    fixture_stop(&f);
    arena_free(&arena);
    return 0;
}

static int call(const char *method, const Amends__Test__EchoRequest *request,
                struct rpc_sync_result *out)
{
    return rpc_sync_call(c, &amends__test__echo_service__descriptor, echo_method(method),
                         &echo_principal, &request->base, 5000, &arena, out);
}

static void ok(void **state)
{
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    struct rpc_sync_result out;
    char text[] = "hello";
    (void)state;
    request.text = text;
    assert_int_equal(call("Echo", &request, &out), 0);
    assert_int_equal(out.code, FAULT_OK);
    assert_string_equal(out.message, "");
    assert_false(out.replayed);
    assert_string_equal(
        ((const Amends__Test__EchoResponse *)(const void *)out.reply)->request->text, "hello");
    assert_int_equal(call("Replay", &request, &out), 0);
    assert_true(out.replayed);
}

static void refused(void **state)
{
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    struct rpc_sync_result out;
    int32_t n = 2;
    char text[] = "no";
    (void)state;
    request.text = text;
    request.number = FAULT_INVALID_ARGUMENT;
    request.n_numbers = 1;
    request.numbers = &n;
    assert_int_equal(call("Fail", &request, &out), 0);
    assert_int_equal(out.code, FAULT_INVALID_ARGUMENT);
    assert_null(out.reply);
    assert_string_equal(out.message, "no");
    assert_int_equal(out.fault.reason, ERROR_REASON_CLOSE_GATE);
    assert_int_equal(out.fault.n_violations, 2);
    assert_string_equal(out.fault.violations[1].text, "violation 1");
    assert_string_equal(out.fault.metadata[0].key, "version");
    assert_int_equal(out.fault.retry_ms, 1500);
}

static void nobody_there(void **state)
{
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    struct rpc_sync *nobody = rpc_sync_new("127.0.0.1:1", NULL);
    struct rpc_sync_result out;
    (void)state;
    assert_int_equal(rpc_sync_call(nobody, &amends__test__echo_service__descriptor, 0,
                                   &echo_principal, &request.base, 3000, &arena, &out),
                     0);
    assert_int_equal(out.code, FAULT_UNAVAILABLE);
    assert_true(strlen(out.message) > 0);
    assert_int_equal(out.fault.reason, 0);
    rpc_sync_free(nobody);
}

static void reply_past_the_quota(void **state)
{
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    static uint8_t blob[100000];
    struct rpc_sync_result out;
    struct arena small;
    (void)state;
    request.blob.data = blob;
    request.blob.len = sizeof(blob);
    arena_init(&small, 50000);
    assert_int_equal(rpc_sync_call(c, &amends__test__echo_service__descriptor, echo_method("Echo"),
                                   &echo_principal, &request.base, 5000, &small, &out),
                     AM_ENOMEM);
    assert_int_equal(out.code, FAULT_RESOURCE_EXHAUSTED);
    assert_null(out.reply);
    arena_free(&small);
}

struct seen {
    int messages;
    int enough;
};

static bool each(void *ctx, const ProtobufCMessage *message)
{
    struct seen *s = ctx;
    assert_non_null(message);
    return ++s->messages != s->enough;
}

static void stream(const char *what, int enough, int messages, enum fault_code code, int reason)
{
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    struct seen s = {.enough = enough};
    struct rpc_sync_result out;
    request.text = unconst(what);
    request.number = 5;
    assert_int_equal(rpc_sync_stream(c, &amends__test__echo_service__descriptor,
                                     echo_method("Watch"), &echo_principal, &request.base, 5000,
                                     each, &s, &arena, &out),
                     0);
    assert_int_equal(s.messages, messages);
    assert_int_equal(out.code, code);
    assert_int_equal(out.fault.reason, reason);
}

static void streams(void **state)
{
    (void)state;
    stream("finish", 0, 5, FAULT_OK, 0);
    stream("fail", 0, 5, FAULT_OUT_OF_RANGE, ERROR_REASON_POLICY_MOVED);
    stream("hold", 3, 3, FAULT_OK, 0);
    stream("refuse", 0, 0, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    fixture_wait(&f.closed, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ok, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_there, setup, teardown),
        cmocka_unit_test_setup_teardown(reply_past_the_quota, setup, teardown),
        cmocka_unit_test_setup_teardown(streams, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
