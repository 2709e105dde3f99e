/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

#include "contract/reasons.h"
#include "rpc/address.h"
#include "rpc/caller/principal.h"

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

/* Establishes the principal of up to four headers: key, value, key, value, ..., NULL. */
static int establish(const char *const *pairs, struct rpc_principal *out, struct fault *fault)
{
    grpc_metadata items[4];
    grpc_metadata_array array = {.metadata = items};
    fault_init(fault, &arena);
    for (; pairs[0]; pairs += 2) {
        items[array.count].key = grpc_slice_from_static_string(pairs[0]);
        items[array.count++].value = grpc_slice_from_static_string(pairs[1]);
    }
    return principal_establish(&array, &arena, out, fault);
}

static void expect_refused(const char *const *pairs, int reason)
{
    struct rpc_principal p;
    struct fault fault;
    assert_int_equal(establish(pairs, &p, &fault), AM_EINVAL);
    assert_int_equal(fault.code, FAULT_UNAUTHENTICATED);
    assert_int_equal(fault.reason, reason);
}

#define REFUSED(reason, ...) expect_refused((const char *const[]){__VA_ARGS__, NULL}, reason)

static void accepted(void **state)
{
    const char *const pairs[] = {
        "x", "y", "amends-principal", "agent:a.b_c@d-9", "amends-tenant", "acme", NULL};
    struct rpc_principal p;
    struct fault fault;
    (void)state;
    assert_int_equal(establish(pairs, &p, &fault), 0);
    assert_string_equal(p.tenant, "acme");
    assert_string_equal(p.id, "agent:a.b_c@d-9");
    assert_true(principal_valid(&p));
}

static void refused(void **state)
{
    static char long_tenant[66], long_id[130];
    (void)state;
    memset(long_tenant, 'a', 65);
    memset(long_id, 'a', 129);
    REFUSED(ERROR_REASON_PRINCIPAL_MISSING, "amends-tenant", "acme");
    REFUSED(ERROR_REASON_PRINCIPAL_MISSING, "amends-principal", "me");
    REFUSED(ERROR_REASON_PRINCIPAL_MISSING, "amends-tenant", "acme", "amends-principal", "");
    REFUSED(ERROR_REASON_PRINCIPAL_INVALID, "amends-tenant", "acme", "amends-principal", "a b");
    REFUSED(ERROR_REASON_PRINCIPAL_INVALID, "amends-tenant", "a/b", "amends-principal", "me");
    REFUSED(ERROR_REASON_PRINCIPAL_INVALID, "amends-tenant", "acme", "amends-tenant", "acme",
            "amends-principal", "me");
    REFUSED(ERROR_REASON_PRINCIPAL_INVALID, "amends-tenant", long_tenant, "amends-principal", "me");
    REFUSED(ERROR_REASON_PRINCIPAL_INVALID, "amends-tenant", "acme", "amends-principal", long_id);
    REFUSED(ERROR_REASON_PRINCIPAL_INVALID, "amends-tenant", "\xc3\xa9", "amends-principal", "me");
}

static void validity(void **state)
{
    (void)state;
    assert_false(principal_valid(&(struct rpc_principal){.tenant = NULL, .id = "x"}));
    assert_false(principal_valid(&(struct rpc_principal){.tenant = "x", .id = ""}));
    assert_false(principal_valid(&(struct rpc_principal){.tenant = "x", .id = "y z"}));
    assert_true(principal_valid(&(struct rpc_principal){.tenant = "x", .id = "y"}));
}

static void local_addresses(void **state)
{
    (void)state;
    assert_true(principal_listen_is_local("127.0.0.1:7401"));
    assert_true(principal_listen_is_local("127.9.9.9:0"));
    assert_true(principal_listen_is_local("[::1]:7401"));
    assert_true(principal_listen_is_local("localhost:7401"));
    assert_true(principal_listen_is_local("unix:/run/amends.sock"));
    assert_false(principal_listen_is_local("0.0.0.0:7401"));
    assert_false(principal_listen_is_local("[::]:7401"));
    assert_false(principal_listen_is_local("10.0.0.1:7401"));
    assert_false(principal_listen_is_local("127.0.0.1.evil:7401"));
    assert_false(principal_listen_is_local("127.0.0.1"));
}

static void addresses(void **state)
{
    struct address a;
    (void)state;
    assert_int_equal(address_parse("[2001:db8::1]:65535", &a), 0);
    assert_string_equal(a.host, "2001:db8::1");
    assert_int_equal(a.port, 65535);
    assert_int_equal(address_parse("name:80", &a), 0);
    assert_int_equal(address_parse("unix:", &a), AM_EINVAL);
    assert_int_equal(address_parse("", &a), AM_EINVAL);
    assert_int_equal(address_parse(":80", &a), AM_EINVAL);
    assert_int_equal(address_parse("::1:80", &a), AM_EINVAL);
    assert_int_equal(address_parse("[]:80", &a), AM_EINVAL);
    assert_int_equal(address_parse("name:", &a), AM_EINVAL);
    assert_int_equal(address_parse("name:65536", &a), AM_EINVAL);
    assert_int_equal(address_parse("name:-1", &a), AM_EINVAL);
    assert_int_equal(address_parse("name:8a", &a), AM_EINVAL);
}

static void peers_of_this_machine(void **state)
{
    static const char *const local[] = {"",
                                        "unix:/run/a",
                                        "ipv4:127.0.0.1:5",
                                        "ipv4:127.8.9.1:5",
                                        "ipv6:%5B::1%5D:5",
                                        "ipv6:[::1]:5",
                                        "ipv6:%5B::ffff:127.0.0.1%5D:5"};
    static const char *const others[] = {"ipv4:10.0.0.7:5", "ipv4:128.0.0.1:5", "ipv6:%5B::12%5D:5",
                                         "ipv6:[fe80::1]:5", "ipv6:%5B::ffff:10.0.0.7%5D:5"};
    (void)state;
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        assert_true(principal_peer_is_local(local[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(principal_peer_is_local(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test(validity),
        cmocka_unit_test(local_addresses),
        cmocka_unit_test(addresses),
        cmocka_unit_test(peers_of_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
