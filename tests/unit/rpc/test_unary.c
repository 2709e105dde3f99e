/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "contract/reasons.h"

static struct fixture f;
static struct peer p;
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    fixture_start(&f, NULL);
    peer_connect(&p, &f);
    arena_init(&arena, 1 << 24);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    peer_close(&p);
    arena_free(&arena);
    return 0;
}

static void echo(void **state)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    (void)state;
    int status = peer_unary(&p, ECHO_PATH "Echo", slice_str("\x0a\x05hello\x10\x2a\x18\x01"),
                            &arena, &reply, &fault);
    assert_int_equal(status, GRPC_STATUS_OK);
    assert_string_equal(reply->request->text, "hello");
    assert_int_equal(reply->request->number, 42);
    assert_int_equal(reply->request->color, AMENDS__TEST__COLOR__COLOR_RED);
    assert_string_equal(reply->tenant, "acme");
    assert_string_equal(reply->principal, "agent:7");
    assert_in_range(reply->left_ms, 8000, 10200); /* the wire rounds up */
    assert_int_equal(reply->n_peer, 0);           /* no TLS, so nothing is known of the client */
    assert_false(fault_is_set(&fault));
}

static void empty_request(void **state)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    (void)state;
    int status = peer_unary(&p, ECHO_PATH "Echo", slice_str(""), &arena, &reply, &fault);
    assert_int_equal(status, GRPC_STATUS_OK);
    assert_string_equal(reply->request->text, "");
}

/* In many frames, so that the bytes do not come in one piece. */
static void large_request(void **state)
{
    const Amends__Test__EchoResponse *reply;
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    static uint8_t blob[200000];
    uint8_t *bytes = arena_alloc(&arena, sizeof(blob) + 100);
    struct fault fault;
    (void)state;
    memset(blob, 7, sizeof(blob));
    request.blob.data = blob;
    request.blob.len = sizeof(blob);
    assert_non_null(bytes);
    size_t len = amends__test__echo_request__pack(&request, bytes);
    int status = peer_unary(&p, ECHO_PATH "Echo", slice_of(bytes, len), &arena, &reply, &fault);
    assert_int_equal(status, GRPC_STATUS_OK);
    assert_int_equal(reply->request->blob.len, sizeof(blob));
    assert_memory_equal(reply->request->blob.data, blob, sizeof(blob));
}

static void replayed(void **state)
{
    const char *const paths[] = {ECHO_PATH "Replay", ECHO_PATH "Echo"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct peer_call c;
        peer_call_init(&c, &p, paths[i], 5000);
        peer_principal(&c);
        peer_send(&c, slice_str(""));
        assert_non_null(peer_read(&c, &amends__test__echo_response__descriptor));
        assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_OK);
        assert_int_equal(peer_replayed(&c), i == 0);
        peer_call_clear(&c);
    }
}

static void details(void **state)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    (void)state;
    /* text "gate", number 9 = FAILED_PRECONDITION, 3 items */
    int status = peer_unary(&p, ECHO_PATH "Fail", slice_str("\x0a\x04gate\x10\x09\x32\x01\x03"),
                            &arena, &reply, &fault);
    assert_int_equal(status, GRPC_STATUS_FAILED_PRECONDITION);
    assert_null(reply);
    assert_int_equal(fault.code, FAULT_FAILED_PRECONDITION);
    assert_int_equal(fault.reason, ERROR_REASON_CLOSE_GATE);
    assert_string_equal(fault.message, "gate");
    assert_int_equal(fault.n_violations, 3);
    assert_string_equal(fault.violations[2].key, "SURVEY");
    assert_string_equal(fault.violations[2].text, "item 2 is missing");
    assert_int_equal(fault.n_metadata, 1);
    assert_string_equal(fault.metadata[0].text, "42");
    assert_int_equal(fault.retry_ms, 1500);
}

/* Clients with a retry policy look for it there, and the others in RetryInfo. */
static void pushback(void **state)
{
    (void)state;
    const char *sent[] = {ECHO_PATH "Fail", ECHO_PATH "Echo"};
    const char *expected[] = {"1500", NULL};
    for (size_t i = 0; i < 2; i++) {
        struct peer_call c;
        peer_call_init(&c, &p, sent[i], 0);
        peer_principal(&c);
        peer_send(&c, slice_str("\x10\x0e")); /* number 14 = UNAVAILABLE */
        (void)peer_end(&c, NULL);
        const char *text = peer_trailer(&c, "grpc-retry-pushback-ms");
        if (expected[i])
            assert_string_equal(text, expected[i]);
        else
            assert_null(text);
        peer_call_clear(&c);
    }
}

/* More calls at once than slots, several times over. */
static void many_at_once(void **state)
{
    static struct peer_call calls[500];
    (void)state;
    for (int i = 0; i < 500; i++) {
        peer_call_init(&calls[i], &p, ECHO_PATH "Replay", 20000);
        peer_principal(&calls[i]);
        peer_send(&calls[i], slice_str("\x0a\x01x"));
    }
    for (int i = 0; i < 500; i++) {
        assert_non_null(peer_read(&calls[i], &amends__test__echo_response__descriptor));
        assert_int_equal(peer_end(&calls[i], NULL), GRPC_STATUS_OK);
        peer_call_clear(&calls[i]);
    }
    assert_int_equal(f.handled, 500);
}

static void metrics(void **state)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    size_t len;
    (void)state;
    (void)peer_unary(&p, ECHO_PATH "Echo", slice_str(""), &arena, &reply, &fault);
    (void)peer_unary(&p, ECHO_PATH "Fail", slice_str("\x10\x05"), &arena, &reply, &fault);
    char *text = metrics_render(&len);
    assert_non_null(
        strstr(text, "amends_rpc_calls_total{method=\"EchoService/Echo\",code=\"OK\"} "));
    assert_non_null(
        strstr(text, "amends_rpc_calls_total{method=\"EchoService/Fail\",code=\"NOT_FOUND\"} 1\n"));
    assert_non_null(
        strstr(text, "amends_rpc_call_duration_seconds_count{method=\"EchoService/Echo\"}"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(echo, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_request, setup, teardown),
        cmocka_unit_test_setup_teardown(large_request, setup, teardown),
        cmocka_unit_test_setup_teardown(replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(details, setup, teardown),
        cmocka_unit_test_setup_teardown(pushback, setup, teardown),
        cmocka_unit_test_setup_teardown(many_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
