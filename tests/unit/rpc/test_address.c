/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "rpc/address.h"

/* The addresses of a target as "host port;host port;", a malformed one as "? 0;". */
static void assert_addresses(const char *target, const char *expected)
{
    char all[512] = "";
    struct address a;
    while (address_next(&target, &a))
        (void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s %d;",
                       *a.host ? a.host : "?", a.port);
    assert_string_equal(all, expected);
}

static void targets(void **state)
{
    (void)state;
    assert_addresses("", "");
    assert_addresses("localhost:7401", "localhost 7401;");
    assert_addresses("dns:///amends-intake:7401", "amends-intake 7401;");
    assert_addresses("dns:amends-intake:7401", "amends-intake 7401;");
    assert_addresses("ipv4:127.0.0.1:1,10.0.0.7:2", "127.0.0.1 1;10.0.0.7 2;");
    assert_addresses("ipv6:[::1]:1", "::1 1;");
    assert_addresses("[::1]:7401", "::1 7401;");
    assert_addresses("nonsense", "? 0;");
    assert_addresses("unix:/run/amends", "/run/amends 0;");
}

static void local(void **state)
{
    static const char *const here[] = {"127.0.0.1:1",      "127.9.9.9:1",
                                       "[::1]:1",          "localhost:1",
                                       "unix:/run/amends", "ipv4:127.0.0.1:1,127.0.0.1:2"};
    static const char *const there[] = {"",
                                        ":7411",
                                        "0.0.0.0:1",
                                        "[::]:1",
                                        "10.0.0.7:1",
                                        "name:1",
                                        "nonsense",
                                        "localhost",
                                        "ipv4:127.0.0.1:1,10.0.0.7:2",
                                        "dns:///amends-assignment:7402",
                                        "localhost.example:1"};
    (void)state;
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
        assert_true(address_is_local(here[i]));
    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
        assert_false(address_is_local(there[i]));
}

/* gRPC would check the certificate against the whole list. */
static void name_of_a_list(void **state)
{
    struct address a;
    (void)state;
    assert_string_equal(address_list_name("ipv4:127.0.0.1:1,10.0.0.7:2", &a), "127.0.0.1");
    assert_string_equal(address_list_name("ipv6:[::1]:1", &a), "::1");
    assert_null(address_list_name("127.0.0.1:1", &a));
    assert_null(address_list_name("dns:///name:1", &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(local),
        cmocka_unit_test(name_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
