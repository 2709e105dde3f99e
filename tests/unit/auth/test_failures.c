/* SPDX-License-Identifier: Apache-2.0 */

/* Peers that send bad credentials have less and less room; others have all of theirs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "auth/failures.h"
#include "base/time.h"

#define NOW (1000 * US_PER_S)
#define PEER "ipv4:192.0.2.7:51234"

static struct failures *f;

static int setup(void **state)
{
    (void)state;
    f = failures_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    failures_free(f);
    return 0;
}

static void fail_often(const char *peer, int times, int64_t now_us)
{
    for (int i = 0; i < times; i++)
        (void)failures_add(f, peer, now_us);
}

static void test_a_burst_leaves_no_room_and_time_gives_it_back(void **state)
{
    (void)state;
    assert_true(failures_room(f, PEER, NOW));
    for (int i = 1; i < FAILURES_BURST; i++)
        assert_int_equal(failures_add(f, PEER, NOW), 0);
    assert_true(failures_room(f, PEER, NOW));
    assert_in_range(failures_add(f, PEER, NOW), 1, 1000 / FAILURES_A_SECOND + 1);
    assert_false(failures_room(f, PEER, NOW));
    assert_true(failures_room(f, PEER, NOW + US_PER_S / FAILURES_A_SECOND));
}

/* However many there were, it is over soon after the last one. */
static void test_the_debt_is_bounded(void **state)
{
    (void)state;
    fail_often(PEER, 100000, NOW);
    assert_false(failures_room(f, PEER, NOW));
    assert_true(failures_room(f, PEER, NOW + US_PER_S / FAILURES_A_SECOND));
    assert_true(failures_room(f, PEER, NOW + FAILURES_BURST * US_PER_S / FAILURES_A_SECOND));
}

static void test_a_peer_is_an_address_without_its_port(void **state)
{
    (void)state;
    fail_often("ipv4:192.0.2.7:1", FAILURES_BURST, NOW);
    assert_false(failures_room(f, "ipv4:192.0.2.7:65535", NOW));
    assert_true(failures_room(f, "ipv4:192.0.2.8:1", NOW));
}

static void test_a_peer_of_ipv6_is_a_network(void **state)
{
    (void)state;
    fail_often("ipv6:%5B2001:db8:1:2::1%5D:443", FAILURES_BURST, NOW);
    assert_false(failures_room(f, "ipv6:[2001:db8:1:2:ffff::9]:80", NOW));
    assert_true(failures_room(f, "ipv6:%5B2001:db8:1:3::1%5D:443", NOW));
    fail_often("ipv6:%5B::ffff:192.0.2.7%5D:1", FAILURES_BURST, NOW);
    assert_true(failures_room(f, "ipv6:%5B::ffff:192.0.2.8%5D:1", NOW));
}

static void test_odd_names_are_peers_too(void **state)
{
    static const char *const odd[] = {"", "unix:/tmp/a", "ipv6:", "ipv6:x", "ipv4:", "fd:7", ":"};
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        fail_often(odd[i], 2 * FAILURES_BURST, NOW);
    assert_false(failures_room(f, "unix:/tmp/b", NOW));
}

/* A million peers that failed once do not drive out the one that fails all the time. */
static void test_the_table_is_bounded_and_keeps_the_worst(void **state)
{
    char peer[64];
    (void)state;
    fail_often(PEER, FAILURES_BURST, NOW);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(peer, sizeof peer, "ipv4:10.%d.%d.%d:1", i >> 16, i >> 8 & 255, i & 255);
        (void)failures_add(f, peer, NOW);
    }
    assert_false(failures_room(f, PEER, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_burst_leaves_no_room_and_time_gives_it_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_debt_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_peer_is_an_address_without_its_port, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_peer_of_ipv6_is_a_network, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_names_are_peers_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_table_is_bounded_and_keeps_the_worst, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
