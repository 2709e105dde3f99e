/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "base/metrics.h"
#include "io/admin.h"

static struct admin_state shown;
static struct admin *admin;
static char answer[65536];
static METRIC_DEFINE(beats, METRIC_COUNTER, "amends_test_beats_total", "Beats.");

static int setup(void **state)
{
    (void)state;
    memset(&shown, 0, sizeof(shown));
    return admin_start("127.0.0.1:0", &shown, &admin);
}

static int teardown(void **state)
{
    (void)state;
    admin_stop(admin);
    return 0;
}

static int connect_to_page(void)
{
    struct sockaddr_in page = {.sin_family = AF_INET,
                               .sin_port = htons(admin_port(admin)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&page, sizeof(page)), 0);
    return fd;
}

/* Sends one request; `answer` has head and body. Returns the status. */
static int ask(const char *method, const char *path)
{
    char request[256];
    int fd = connect_to_page();
    int len = snprintf(request, sizeof(request),
                       "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path);
    assert_int_equal(write(fd, request, (size_t)len), len);
    size_t got = 0;
    ssize_t n;
    while ((n = read(fd, answer + got, sizeof(answer) - 1 - got)) > 0)
        got += (size_t)n;
    answer[got] = '\0';
    (void)close(fd);
    assert_true(got > 12 && memcmp(answer, "HTTP/1.1 ", 9) == 0);
    return (int)strtol(answer + 9, NULL, 10);
}

static const char *body(void)
{
    const char *at = strstr(answer, "\r\n\r\n");
    assert_non_null(at);
    return at + 4;
}

static void test_metrics(void **state)
{
    (void)state;
    metric_add(&beats, 0, 41);
    assert_int_equal(ask("GET", "/metrics"), 200);
    assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(body(), "\namends_test_beats_total 41\n"));
}

static void test_ready_only_with_everything(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/readyz"), 503);
    assert_string_equal(body(), "not ready: schema postgres clock\n");
    shown.schema_ok = true;
    shown.time_ok = true;
    assert_int_equal(ask("GET", "/readyz"), 503);
    assert_string_equal(body(), "not ready: postgres\n");
    assert_false(admin_ready(&shown));
    shown.postgres_ok = true;
    assert_int_equal(ask("GET", "/readyz"), 200);
    assert_true(admin_ready(&shown));
    shown.draining = true;
    assert_int_equal(ask("GET", "/readyz"), 503);
    assert_string_equal(body(), "not ready: draining\n");
}

static void test_live_by_the_beat(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/livez"), 200);
    shown.draining = true;
    shown.loop_beat_us = time_mono_us();
    assert_int_equal(ask("GET", "/livez"), 200);
}

static void test_live_for_ten_seconds_after_a_beat(void **state)
{
    (void)state;
    assert_true(admin_live(0, 5 * US_PER_S, 15 * US_PER_S));
    assert_false(admin_live(0, 5 * US_PER_S, 15 * US_PER_S + 1));
    assert_true(admin_live(5 * US_PER_S, 0, 15 * US_PER_S));
    assert_false(admin_live(5 * US_PER_S, 0, 15 * US_PER_S + 1));
}

static void test_settled(void **state)
{
    (void)state;
#ifdef AMENDS_TEST_CLOCK
    shown.settled_generation = 5;
    assert_int_equal(ask("GET", "/settled?generation=5"), 200);
    assert_string_equal(body(), "5\n");
    assert_int_equal(ask("GET", "/settled?generation=4"), 200);
    assert_int_equal(ask("GET", "/settled?generation=6"), 503);
#else
    assert_int_equal(ask("GET", "/settled?generation=0"), 404);
#endif
}

static void test_other_requests(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/"), 404);
    assert_int_equal(ask("GET", "/metrics/x"), 404);
    assert_int_equal(ask("POST", "/metrics"), 405);
    assert_int_equal(ask("HEAD", "/livez"), 200);
    assert_string_equal(body(), "");
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "no such host:1", "127.0.0.1:70000x"};
    struct admin *other = NULL;
    char taken[32];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(admin_start(bad[i], &shown, &other), AM_EINVAL);
    (void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", (unsigned)admin_port(admin));
    assert_int_equal(admin_start(taken, &shown, &other), AM_EIO);
    assert_int_equal(admin_start(":0", &shown, &other), AM_OK);
    admin_stop(other);
}

/* A client that connects and sends nothing must not hold up the page. */
static void test_silent_connections_do_not_block_others(void **state)
{
    (void)state;
    int silent[20];
    for (size_t i = 0; i < 20; i++)
        silent[i] = connect_to_page();
    assert_int_equal(ask("GET", "/livez"), 200);
    for (size_t i = 0; i < 20; i++)
        (void)close(silent[i]);
}

#define ADMIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADMIN_TEST(test_metrics),          ADMIN_TEST(test_ready_only_with_everything),
        ADMIN_TEST(test_live_by_the_beat), ADMIN_TEST(test_live_for_ten_seconds_after_a_beat),
        ADMIN_TEST(test_settled),          ADMIN_TEST(test_other_requests),
        ADMIN_TEST(test_addresses),        ADMIN_TEST(test_silent_connections_do_not_block_others),
    };
    metric_register(&beats);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
