/* SPDX-License-Identifier: Apache-2.0 */

/* What a front tells, read from metadata. */

#include "fixture.h"

#include <string.h>

#include "contract/reasons.h"
#include "rpc/caller/front.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Reads key, value, key, value, ..., NULL. */
static int read_pairs(const char *const *pairs, struct front_told *out, struct fault *fault)
{
    grpc_metadata items[40];
    grpc_metadata_array array = {.metadata = items};
    fault_init(fault, &arena);
    for (; pairs[0]; pairs += 2) {
        items[array.count].key = grpc_slice_from_static_string(pairs[0]);
        items[array.count++].value = grpc_slice_from_static_string(pairs[1]);
    }
    return front_read(&array, &arena, out, fault);
}

static void expect_peer(const char *sent, const char *peer)
{
    const char *const pairs[] = {FRONT_PEER_KEY, sent, NULL};
    struct front_told told;
    struct fault fault;
    if (peer) {
        assert_int_equal(read_pairs(pairs, &told, &fault), AM_OK);
        assert_string_equal(told.peer, peer);
        assert_int_equal(told.n_names, 0);
        return;
    }
    assert_int_equal(read_pairs(pairs, &told, &fault), AM_EINVAL);
    assert_int_equal(fault.code, FAULT_INVALID_ARGUMENT);
    assert_int_equal(fault.reason, ERROR_REASON_FRONT_METADATA_INVALID);
    assert_string_equal(fault.metadata[0].text, FRONT_PEER_KEY);
}

static void peers(void **state)
{
    (void)state;
    expect_peer("192.0.2.7:51234", "ipv4:192.0.2.7:51234");
    expect_peer("[192.0.2.7]:51234", "ipv4:192.0.2.7:51234");
    expect_peer("[2001:db8::1]:443", "ipv6:%5B2001:db8::1%5D:443");
    expect_peer("[::1]:0", "ipv6:%5B::1%5D:0");
    static const char *const wrong[] = {
        "",
        "192.0.2.7",
        "2001:db8::1:443",
        "crm.example.com:1",
        "unix:/run/x",
        "[]:1",
        "192.0.2.300:1",
        "192.0.2.7:66000",
        "192.0.2.7:",
        ":1",
        "[::1]",
        "[::1%eth0]:443",
        "192.0.2.7:1, 192.0.2.8:2",
        "[2001:0db8:0000:0000:0000:0000:0000:00010000000000000000000000000000]:1",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_peer(wrong[i], NULL);
}

static void names(void **state)
{
    const char *const pairs[] = {FRONT_SAN_KEY,
                                 "dns:crm.example.com",
                                 "x",
                                 "y",
                                 FRONT_PEER_KEY,
                                 "192.0.2.7:1",
                                 FRONT_SAN_KEY,
                                 "uri:spiffe://example.com/crm,dns:not-a-name",
                                 FRONT_SAN_KEY,
                                 "email:ops@example.com",
                                 FRONT_SAN_KEY,
                                 "ip:192.0.2.7",
                                 NULL};
    struct front_told told;
    struct fault fault;
    (void)state;
    assert_int_equal(read_pairs(pairs, &told, &fault), AM_OK);
    assert_int_equal(told.n_names, 4);
    assert_int_equal(told.names[0].kind, TLS_NAME_DNS);
    assert_string_equal(told.names[0].text, "crm.example.com");
    assert_int_equal(told.names[1].kind, TLS_NAME_URI);
    assert_string_equal(told.names[1].text, "spiffe://example.com/crm,dns:not-a-name");
    assert_int_equal(told.names[2].kind, TLS_NAME_EMAIL);
    assert_int_equal(told.names[3].kind, TLS_NAME_IP);
}

static void expect_refused(const char *const *pairs, const char *key)
{
    struct front_told told;
    struct fault fault;
    assert_int_equal(read_pairs(pairs, &told, &fault), AM_EINVAL);
    assert_int_equal(fault.reason, ERROR_REASON_FRONT_METADATA_INVALID);
    assert_string_equal(fault.metadata[0].text, key);
}

#define REFUSED(key, ...) expect_refused((const char *const[]){__VA_ARGS__, NULL}, key)

static void refused(void **state)
{
    const char *many[2 * (TLS_PEER_NAMES_MAX + 2) + 1] = {FRONT_PEER_KEY, "192.0.2.7:1"};
    (void)state;
    REFUSED(FRONT_PEER_KEY, FRONT_SAN_KEY, "dns:crm"); /* names need a peer */
    REFUSED(FRONT_PEER_KEY, FRONT_PEER_KEY, "192.0.2.7:1", FRONT_PEER_KEY, "192.0.2.7:1");
    REFUSED(FRONT_SAN_KEY, FRONT_PEER_KEY, "192.0.2.7:1", FRONT_SAN_KEY, "crm.example.com");
    REFUSED(FRONT_SAN_KEY, FRONT_PEER_KEY, "192.0.2.7:1", FRONT_SAN_KEY, "dns:");
    REFUSED(FRONT_SAN_KEY, FRONT_PEER_KEY, "192.0.2.7:1", FRONT_SAN_KEY, "");
    for (size_t i = 2; many[i - 1] && i + 1 < sizeof(many) / sizeof(many[0]); i += 2) {
        many[i] = FRONT_SAN_KEY;
        many[i + 1] = "dns:crm";
    }
    expect_refused(many, FRONT_SAN_KEY);
}

static void speaks(void **state)
{
    grpc_metadata items[] = {
        {.key = grpc_slice_from_static_string("amends-peers"),
         .value = grpc_slice_from_static_string("x")},
        {.key = grpc_slice_from_static_string(FRONT_SAN_KEY),
         .value = grpc_slice_from_static_string("x")},
    };
    (void)state;
    assert_false(front_speaks(&(grpc_metadata_array){.count = 1, .metadata = items}));
    assert_true(front_speaks(&(grpc_metadata_array){.count = 2, .metadata = items}));
}

static void trusted_names(void **state)
{
    const struct tls_peer peer = {
        .n_names = 2,
        .names = {{.kind = TLS_NAME_DNS, .text = "Front.example.com"},
                  {.kind = TLS_NAME_URI, .text = "spiffe://example.com/Front"}},
    };
    (void)state;
    assert_true(front_has_name(&peer, "front.example.com"));
    assert_true(front_has_name(&peer, "spiffe://example.com/Front"));
    assert_false(front_has_name(&peer, "spiffe://example.com/front"));
    assert_false(front_has_name(&peer, "front.example"));
    assert_false(front_has_name(&(struct tls_peer){0}, "front.example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers),  cmocka_unit_test(names),         cmocka_unit_test(refused),
        cmocka_unit_test(speaks), cmocka_unit_test(trusted_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
