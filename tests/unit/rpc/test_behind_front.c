/* SPDX-License-Identifier: Apache-2.0 */

/* A server that a proxy stands in front of, and one that knows of none. */

#include "peer.h"

#include <string.h>

#include "contract/reasons.h"

static struct fixture f;
static struct peer p;

static void begin(bool trusted)
{
    const struct rpc_server_config config = {.trusted_front_loopback = trusted};
    fixture_start(&f, &config);
    peer_connect(&p, &f);
}

static void end(void)
{
    fixture_stop(&f);
    peer_close(&p);
}

/* Calls `path` with up to two pairs, "" for none. The call is to be cleared. */
static void call_with(struct peer_call *c, const char *path, const char *peer, const char *san,
                      struct fault *fault)
{
    peer_call_init(c, &p, path, 10000);
    peer_principal(c);
    if (*peer)
        peer_header(c, "amends-peer", peer);
    if (*san)
        peer_header(c, "amends-client-san", san);
    peer_send(c, slice_str(""));
    fault_init(fault, &c->arena);
}

static const Amends__Test__EchoResponse *echo_of(struct peer_call *c)
{
    return (const void *)peer_read(c, &amends__test__echo_response__descriptor);
}

static void told(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    begin(true);
    call_with(&c, ECHO_PATH "Echo", "192.0.2.7:51234", "dns:crm.example.com", &fault);
    const Amends__Test__EchoResponse *r = echo_of(&c);
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_OK);
    assert_string_equal(r->from, "ipv4:192.0.2.7:51234");
    assert_false(r->local);
    assert_int_equal(r->n_peer, 2);
    assert_string_equal(r->peer[0], "secure");
    assert_string_equal(r->peer[1], "dns crm.example.com");
    peer_call_clear(&c);
    /* A client of this machine came through the front all the same. */
    call_with(&c, ECHO_PATH "Echo", "127.0.0.1:51234", "", &fault);
    r = echo_of(&c);
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_OK);
    assert_string_equal(r->from, "ipv4:127.0.0.1:51234");
    assert_false(r->local);
    assert_int_equal(r->n_peer, 1);
    peer_call_clear(&c);
    /* Nothing stays of it: the next call in the same place comes from this machine itself. */
    call_with(&c, ECHO_PATH "Echo", "", "", &fault);
    r = echo_of(&c);
    assert_int_equal(peer_end(&c, &fault), GRPC_STATUS_OK);
    assert_true(r->local);
    assert_int_equal(r->n_peer, 0);
    peer_call_clear(&c);
    end();
}

static void expect_refused(const char *path, const char *peer, const char *san, int status,
                           int reason)
{
    struct peer_call c;
    struct fault fault;
    call_with(&c, path, peer, san, &fault);
    assert_int_equal(peer_end(&c, &fault), status);
    assert_int_equal(fault.reason, reason);
    peer_call_clear(&c);
}

static void malformed(void **state)
{
    (void)state;
    begin(true);
    expect_refused(ECHO_PATH "Echo", "nonsense", "", GRPC_STATUS_INVALID_ARGUMENT,
                   ERROR_REASON_FRONT_METADATA_INVALID);
    expect_refused(ECHO_PATH "Echo", "", "dns:crm", GRPC_STATUS_INVALID_ARGUMENT,
                   ERROR_REASON_FRONT_METADATA_INVALID);
    assert_int_equal(f.handled, 0);
    end();
}

/* Health needs no principal, but nobody may lie to it either about who watches. */
static void not_trusted(void **state)
{
    (void)state;
    begin(false);
    expect_refused(ECHO_PATH "Echo", "192.0.2.7:1", "", GRPC_STATUS_PERMISSION_DENIED,
                   ERROR_REASON_FRONT_NOT_TRUSTED);
    expect_refused(ECHO_PATH "Echo", "", "dns:crm", GRPC_STATUS_PERMISSION_DENIED,
                   ERROR_REASON_FRONT_NOT_TRUSTED);
    expect_refused("/grpc.health.v1.Health/Check", "192.0.2.7:1", "", GRPC_STATUS_PERMISSION_DENIED,
                   ERROR_REASON_FRONT_NOT_TRUSTED);
    assert_int_equal(f.handled, 0);
    end();
}

/* Whoever reaches the front reaches the server, though it listens on loopback only. */
static void needs_authentication(void **state)
{
    struct time_source *time = time_source_new();
    struct loop *loop = loop_new(time);
    const struct rpc_server_config fronts[] = {
        {.listen = "127.0.0.1:0", .trusted_front_loopback = true},
        {.listen = "127.0.0.1:0", .trusted_front_san = "front.example.com"},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rpc_server *s = rpc_server_new(&fronts[i], loop);
        assert_int_equal(rpc_server_start(s), AM_EINVAL);
        rpc_server_free(s);
    }
    loop_free(loop);
    time_source_free(time);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told),
        cmocka_unit_test(malformed),
        cmocka_unit_test(not_trusted),
        cmocka_unit_test(needs_authentication),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
