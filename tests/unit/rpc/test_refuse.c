/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include <grpc/compression.h>

#include "contract/reasons.h"

static struct fixture f;
static struct peer p;
static struct arena arena;

static int setup(void **state)
{
    const struct rpc_server_config config = {
        .limits = {.message_bytes = 64 * 1024, .arena_bytes = 96 * 1024}};
    (void)state;
    fixture_start(&f, &config);
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

/* No handler ran, and the server still answers. */
static void still_well(void)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    assert_int_equal(f.handled, 0);
    assert_int_equal(peer_unary(&p, ECHO_PATH "Echo", slice_str(""), &arena, &reply, &fault),
                     GRPC_STATUS_OK);
}

static void expect(const char *path, struct slice bytes, int status, int reason)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    assert_int_equal(peer_unary(&p, path, bytes, &arena, &reply, &fault), status);
    assert_int_equal(fault.reason, reason);
}

static void unknown_method(void **state)
{
    (void)state;
    expect("/no.such/Method", slice_str(""), GRPC_STATUS_UNIMPLEMENTED,
           ERROR_REASON_UNKNOWN_METHOD);
    expect(ECHO_PATH "Missing", slice_str(""), GRPC_STATUS_UNIMPLEMENTED,
           ERROR_REASON_UNKNOWN_METHOD);
    for (int i = 0; i < 20; i++)
        expect("/no.such/Method", slice_str("x"), GRPC_STATUS_UNIMPLEMENTED,
               ERROR_REASON_UNKNOWN_METHOD);
    still_well();
}

static void violation(struct slice bytes, const char *field)
{
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    assert_int_equal(peer_unary(&p, ECHO_PATH "Echo", bytes, &arena, &reply, &fault),
                     GRPC_STATUS_INVALID_ARGUMENT);
    assert_int_equal(fault.reason, ERROR_REASON_INVALID_ARGUMENT);
    assert_int_equal(fault.n_violations, 1);
    assert_string_equal(fault.violations[0].key, field);
}

static void bad_bytes(void **state)
{
    (void)state;
    violation(slice_str("\x0a\x02\xc3\x28"), "text"); /* UTF-8 */
    violation(slice_of("\x0a\x03"
                       "a\0b",
                       5),
              "text");                                /* NUL */
    violation(slice_str("\x0a\x09hello"), "request"); /* truncated */
    violation(slice_str("\x18\x63"), "color");        /* enum */
    violation(slice_str("\x0b"), "request");          /* a group */
    still_well();
}

static void too_deep(void **state)
{
    uint8_t bytes[128];
    size_t len = 0;
    (void)state;
    for (int i = 0; i < 40; i++) {
        memmove(bytes + 2, bytes, len);
        bytes[0] = i == 39 ? 0x62 : 0x0a;
        bytes[1] = (uint8_t)len;
        len += 2;
    }
    violation(slice_of(bytes, len), "deep.inner.inner.inner.inner.inner.inner.inner.inner.inner."
                                    "inner.inner.inner.inner.inner.inner");
    still_well();
}

static void too_large(void **state)
{
    size_t len = 70 * 1024;
    uint8_t *bytes = calloc(1, len);
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    (void)state;
    assert_non_null(bytes);
    assert_int_equal(peer_unary(&p, ECHO_PATH "Echo", slice_of(bytes, len), &arena, &reply, &fault),
                     GRPC_STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(fault.reason, ERROR_REASON_TOO_LARGE);
    free(bytes);
    still_well();
}

/* The core refuses it before we see it. */
static void too_large_for_any(void **state)
{
    size_t len = RPC_MESSAGE_MOST + 1;
    uint8_t *bytes = calloc(1, len);
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    (void)state;
    assert_non_null(bytes);
    assert_int_equal(
        peer_unary(&p, ECHO_PATH "Replay", slice_of(bytes, len), &arena, &reply, &fault),
        GRPC_STATUS_RESOURCE_EXHAUSTED);
    free(bytes);
    still_well();
}

/* A method may take more than the others, and has the room for it. */
static void larger_by_method(void **state)
{
    static uint8_t blob[RPC_MESSAGE_MOST - 100];
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    const Amends__Test__EchoResponse *reply;
    struct fault fault;
    (void)state;
    request.blob.data = blob;
    request.blob.len = sizeof(blob);
    uint8_t *bytes = calloc(1, RPC_MESSAGE_MOST);
    assert_non_null(bytes);
    size_t len = amends__test__echo_request__pack(&request, bytes);
    assert_int_equal(
        peer_unary(&p, ECHO_PATH "Replay", slice_of(bytes, len), &arena, &reply, &fault),
        GRPC_STATUS_OK);
    free(bytes);
    assert_int_equal(f.handled, 1);
}

/* A small message that unpacks to much. */
static void arena_exhausted(void **state)
{
    uint8_t bytes[1998];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i += 2) {
        bytes[i] = 0x5a; /* inners: {} */
        bytes[i + 1] = 0;
    }
    expect(ECHO_PATH "Echo", slice_of(bytes, sizeof(bytes)), GRPC_STATUS_RESOURCE_EXHAUSTED,
           ERROR_REASON_TOO_LARGE);
    /* It fits, but would leave the handler less than half. */
    expect(ECHO_PATH "Echo", slice_of(bytes, 1200), GRPC_STATUS_RESOURCE_EXHAUSTED,
           ERROR_REASON_TOO_LARGE);
    still_well();
}

static void no_message(void **state)
{
    (void)state;
    expect(ECHO_PATH "Echo", slice_of(NULL, 0), GRPC_STATUS_INVALID_ARGUMENT,
           ERROR_REASON_INVALID_ARGUMENT);
    still_well();
}

static void principals(void **state)
{
    static const struct {
        const char *tenant, *id;
        int reason;
    } cases[] = {
        {NULL, NULL, ERROR_REASON_PRINCIPAL_MISSING},
        {"acme", NULL, ERROR_REASON_PRINCIPAL_MISSING},
        {NULL, "me", ERROR_REASON_PRINCIPAL_MISSING},
        {"acme", "not one", ERROR_REASON_PRINCIPAL_INVALID},
        {"ac/me", "me", ERROR_REASON_PRINCIPAL_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer_call c;
        struct fault fault;
        peer_call_init(&c, &p, ECHO_PATH "Echo", 5000);
        if (cases[i].tenant)
            peer_header(&c, "amends-tenant", cases[i].tenant);
        if (cases[i].id)
            peer_header(&c, "amends-principal", cases[i].id);
        peer_send(&c, slice_str(""));
        assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_UNAUTHENTICATED);
        assert_int_equal(fault.reason, cases[i].reason);
        peer_call_clear(&c);
    }
    still_well();
}

static int try_start(const char *listen, bool insecure, bool plaintext)
{
    const struct rpc_server_config config = {
        .listen = listen, .insecure_principals = insecure, .insecure_plaintext = plaintext};
    struct time_source *time = time_source_new();
    struct loop *loop = loop_new(time);
    struct rpc_server *s = rpc_server_new(&config, loop);
    int err = rpc_server_start(s);
    if (err == 0) {
        assert_true(rpc_server_port(s) > 0);
        assert_int_equal(loop_start_thread(loop), 0);
        f = (struct fixture){.time = time, .loop = loop, .server = s};
        fixture_drain(&f);
        fixture_wait_drained(&f);
        return 0;
    }
    rpc_server_free(s);
    loop_free(loop);
    time_source_free(time);
    return err;
}

/* Only the call that has too much is refused; others of its connection go on. */
static void metadata_of_one_call(void **state)
{
    static const size_t sizes[] = {9000, 17000, 60000};
    static char value[64 * 1024];
    struct peer_call held, c;
    struct fault fault;
    (void)state;
    peer_call_init(&held, &p, ECHO_PATH "Hold", 20000);
    peer_principal(&held);
    peer_send(&held, slice_str(""));
    fixture_wait(&f.held, 1);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(value, 'x', sizes[i]);
        value[sizes[i]] = '\0';
        peer_call_init(&c, &p, ECHO_PATH "Echo", 20000);
        peer_principal(&c);
        peer_header(&c, "baggage", value);
        peer_send(&c, slice_str(""));
        assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(fault.reason, ERROR_REASON_TOO_LARGE);
        assert_string_equal(fault.metadata[1].text, "8192");
        peer_call_clear(&c);
        expect(ECHO_PATH "Echo", slice_str(""), GRPC_STATUS_OK, 0);
    }
    fixture_release(&f);
    assert_int_equal(peer_end(&held, NULL), GRPC_STATUS_OK);
    peer_call_clear(&held);
}

static void metadata_up_to_the_limit(void **state)
{
    static char value[7800];
    struct peer_call c;
    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    peer_call_init(&c, &p, ECHO_PATH "Echo", 20000);
    peer_principal(&c);
    peer_header(&c, "baggage", value);
    peer_send(&c, slice_str(""));
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_OK);
    peer_call_clear(&c);
}

static void listen_addresses(void **state)
{
    (void)state;
    assert_int_equal(try_start("127.0.0.1:0", false, false), 0);
    assert_int_equal(try_start("0.0.0.0:0", false, true), AM_EINVAL);
    assert_int_equal(try_start("0.0.0.0:0", true, false), AM_EINVAL);
    assert_int_equal(try_start("0.0.0.0:0", true, true), 0);
    assert_int_equal(try_start("nonsense", true, true), AM_EINVAL);
    assert_int_equal(try_start("192.0.2.1:7401", true, true), AM_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_method, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(too_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(too_large_for_any, setup, teardown),
        cmocka_unit_test_setup_teardown(larger_by_method, setup, teardown),
        cmocka_unit_test_setup_teardown(arena_exhausted, setup, teardown),
        cmocka_unit_test_setup_teardown(no_message, setup, teardown),
        cmocka_unit_test_setup_teardown(principals, setup, teardown),
        cmocka_unit_test_setup_teardown(metadata_of_one_call, setup, teardown),
        cmocka_unit_test_setup_teardown(metadata_up_to_the_limit, setup, teardown),
        cmocka_unit_test(listen_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
