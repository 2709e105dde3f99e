/* SPDX-License-Identifier: Apache-2.0 */

/* Which addresses a request may go to that others told us to make. */

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "outbound/reach.h"

static enum reach_verdict look(const char *allowed, const char *text)
{
    char why[REACH_WHY_BYTES];
    struct reach reach;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    assert_int_equal(reach_parse(allowed, &reach, why), AM_OK);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return reach_look(&reach, (const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return reach_look(&reach, (const struct sockaddr *)&v6);
}

static void public_addresses_are_reached(void **state)
{
    static const char *const texts[] = {
        "1.1.1.1",       "9.255.255.255",   "11.0.0.0",     "100.63.255.255", "100.128.0.0",
        "126.255.0.1",   "169.253.0.1",     "172.15.255.1", "172.32.0.1",     "192.167.0.1",
        "223.255.255.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(look("", texts[i]), REACH_PUBLIC);
}

static void what_only_we_reach_is_refused(void **state)
{
    static const char *const texts[] = {
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.9.9.9",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "2002:7f00::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "::10.0.0.1",
        "100::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(look("", texts[i]), REACH_REFUSED);
}

static void an_operator_allows_networks(void **state)
{
    (void)state;
    assert_int_equal(look("10.0.0.0/8", "10.255.1.1"), REACH_ALLOWED);
    assert_int_equal(look("10.0.0.0/8", "::ffff:10.1.1.1"), REACH_ALLOWED);
    assert_int_equal(look("10.0.0.0/8", "11.1.1.1"), REACH_PUBLIC);
    assert_int_equal(look("10.0.0.0/8", "127.0.0.1"), REACH_REFUSED);
    assert_int_equal(look("10.1.2.3", "10.1.2.3"), REACH_ALLOWED);
    assert_int_equal(look("10.1.2.3", "10.1.2.4"), REACH_REFUSED);
    assert_int_equal(look("192.168.0.0/23,fd00::/8,::1", "192.168.1.7"), REACH_ALLOWED);
    assert_int_equal(look("192.168.0.0/23,fd00::/8,::1", "192.168.2.7"), REACH_REFUSED);
    assert_int_equal(look("192.168.0.0/23,fd00::/8,::1", "fd12::7"), REACH_ALLOWED);
    assert_int_equal(look("192.168.0.0/23,fd00::/8,::1", "::1"), REACH_ALLOWED);
}

static void other_families_are_refused(void **state)
{
    const struct sockaddr_un un = {.sun_family = AF_UNIX};
    const struct reach reach = {0};
    (void)state;
    assert_int_equal(reach_look(&reach, (const struct sockaddr *)&un), REACH_REFUSED);
}

static void what_is_no_network_is_told(void **state)
{
    static const char *const texts[] = {"10.0.0.0/33",  "10.0.0/8",   "example.org", "10.0.0.0/",
                                        "10.0.0.0/8,x", "fd00::/129", "10.0.0.0/-1"};
    struct reach reach;
    char why[REACH_WHY_BYTES], many[512] = "";
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(reach_parse(texts[i], &reach, why), AM_EINVAL);
        assert_non_null(strstr(why, "is no network"));
    }
    for (int i = 0; i <= REACH_NETS_MAX; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "10.0.0.0/8,");
    assert_int_equal(reach_parse(many, &reach, why), AM_EINVAL);
    assert_non_null(strstr(why, "more than 16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_are_reached),
        cmocka_unit_test(what_only_we_reach_is_refused),
        cmocka_unit_test(an_operator_allows_networks),
        cmocka_unit_test(other_families_are_refused),
        cmocka_unit_test(what_is_no_network_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
