/* SPDX-License-Identifier: Apache-2.0 */

/* Without a server nobody waits: when none is configured, when none listens, and when one never
 * answers. */

#include "bench.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void none_configured(void **state)
{
    (void)state;
    struct bench b;
    struct answer a;
    bench_start(&b, "", 0, 0);
    bench_command(&b, "PING", &a);
    assert_true(a.missing);
    bench_eval(&b, BENCH_ECHO, "k v", &a);
    assert_true(a.missing);
    bench_publish(&b, "wake");
    assert_false(atomic_load(&b.up));
    bench_stop(&b);
}

static void bad_url_is_refused(void **state)
{
    (void)state;
    struct time_source *time = time_source_new();
    struct loop *loop = loop_new(time);
    struct redis *r = NULL;
    const struct redis_config config = {.url = "rediss://127.0.0.1"};
    assert_int_equal(redis_new(loop, &config, &r), AM_EINVAL);
    loop_free(loop);
    time_source_free(time);
}

/* A socket of the loopback that listens with room for its backlog, or does not listen. */
static int make_socket(bool listening, char *url, size_t size)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    if (listening)
        assert_int_equal(listen(fd, 16), 0);
    (void)snprintf(url, size, "redis://127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

static void check_away(bool listening)
{
    struct bench b;
    struct answer a;
    char url[64];
    int fd = make_socket(listening, url, sizeof(url));
    bench_start(&b, url, 100, 0);
    for (int i = 0; i < 20; i++) {
        bench_command(&b, "PING", &a);
        assert_true(a.missing);
        (void)usleep(20000);
    }
    assert_false(atomic_load(&b.up));
    bench_stop(&b);
    (void)close(fd);
}

static void nobody_listens(void **state)
{
    (void)state;
    check_away(false);
}

static void never_answers(void **state)
{
    (void)state;
    check_away(true);
}

static void unknown_host(void **state)
{
    (void)state;
    struct bench b;
    struct answer a;
    bench_start(&b, "redis://no-such-host.invalid", 100, 0);
    bench_command(&b, "PING", &a);
    assert_true(a.missing);
    bench_stop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_configured), cmocka_unit_test(bad_url_is_refused),
        cmocka_unit_test(nobody_listens),  cmocka_unit_test(never_answers),
        cmocka_unit_test(unknown_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
