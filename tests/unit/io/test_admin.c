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

static uint32_t asked_from = INADDR_LOOPBACK;

static int connect_to(const struct admin *page)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(admin_port(page)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(asked_from)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static int connect_to_page(void)
{
    return connect_to(admin);
}

/* Sends one request; `answer` has head and body. Returns the status, 0 when there is no answer. */
static int ask_at(const struct admin *page, const char *method, const char *path)
{
    char request[256];
    int fd = connect_to(page);
    int len = snprintf(request, sizeof(request),
                       "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path);
    assert_int_equal(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
    size_t got = 0;
    ssize_t n;
    while ((n = read(fd, answer + got, sizeof(answer) - 1 - got)) > 0)
        got += (size_t)n;
    answer[got] = '\0';
    (void)close(fd);
    if (got == 0)
        return 0;
    assert_true(got > 12 && memcmp(answer, "HTTP/1.1 ", 9) == 0);
    return (int)strtol(answer + 9, NULL, 10);
}

static int ask(const char *method, const char *path)
{
    return ask_at(admin, method, path);
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
    shown.secret_awaited = true;
    assert_int_equal(ask("GET", "/readyz"), 503);
    assert_string_equal(body(), "not ready: secret\n");
    shown.secret_awaited = false;
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

#define OF_A_PEER 8
#define OTHER_PEER (INADDR_LOOPBACK + 1)

/* Fills what one peer may have with requests that never end. */
static void half_send(int fds[OF_A_PEER])
{
    for (size_t i = 0; i < OF_A_PEER; i++) {
        fds[i] = connect_to_page();
        assert_int_equal(write(fds[i], "GET /livez HTTP/1.1\r\nX: ", 24), 24);
    }
    (void)usleep(100000); /* they are accepted */
}

static void close_all(const int fds[OF_A_PEER])
{
    for (size_t i = 0; i < OF_A_PEER; i++)
        (void)close(fds[i]);
}

/* One peer's connections hold up that peer only, and /livez of a listener of its own nobody. */
static void test_half_sent_requests_do_not_block_others(void **state)
{
    int fds[OF_A_PEER];
    struct admin *livez = NULL;
    (void)state;
    assert_int_equal(admin_start_livez("127.0.0.1:0", &shown, &livez), AM_OK);
    half_send(fds);
    assert_int_equal(ask("GET", "/metrics"), 0);
    assert_int_equal(ask_at(livez, "GET", "/livez"), 200);
    assert_int_equal(ask_at(livez, "GET", "/metrics"), 404);
    asked_from = OTHER_PEER;
    assert_int_equal(ask("GET", "/metrics"), 200);
    asked_from = INADDR_LOOPBACK;
    close_all(fds);
    admin_stop(livez);
}

/* A byte now and then does not keep a connection. */
static void test_a_request_has_five_seconds(void **state)
{
    int fds[OF_A_PEER];
    (void)state;
    half_send(fds);
    const int64_t began_us = time_mono_us();
    int status = 0;
    while (status == 0 && time_mono_us() - began_us < 20 * US_PER_S) {
        for (size_t i = 0; i < OF_A_PEER; i++)
            (void)!send(fds[i], "x", 1, MSG_NOSIGNAL);
        (void)usleep(200000);
        status = ask("GET", "/metrics");
    }
    assert_int_equal(status, 200);
    assert_true(time_mono_us() - began_us >= 4 * US_PER_S);
    close_all(fds);
}

#define ADMIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADMIN_TEST(test_metrics),
        ADMIN_TEST(test_ready_only_with_everything),
        ADMIN_TEST(test_live_by_the_beat),
        ADMIN_TEST(test_live_for_ten_seconds_after_a_beat),
        ADMIN_TEST(test_settled),
        ADMIN_TEST(test_other_requests),
        ADMIN_TEST(test_addresses),
        ADMIN_TEST(test_half_sent_requests_do_not_block_others),
        ADMIN_TEST(test_a_request_has_five_seconds),
    };
    metric_register(&beats);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
