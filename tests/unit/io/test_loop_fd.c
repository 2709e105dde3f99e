/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop_fixture.h"

static int ends[2];
static struct loop_fd *watch;
static int calls;
static int seen;

static int setup(void **state)
{
    calls = 0;
    seen = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return loop_setup(state);
}

static int teardown(void **state)
{
    int failed = loop_teardown(state);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return failed;
}

/* The event is level-triggered: it comes again until the byte is read. */
static void on_third_time_read(void *ctx, int events)
{
    (void)ctx;
    char byte;
    seen |= events;
    if (++calls == 3)
        assert_int_equal(read(ends[0], &byte, 1), 1);
    if (calls == 3)
        loop_fd_want(watch, LOOP_READ | LOOP_WRITE);
    if (events & LOOP_WRITE) {
        loop_fd_free(watch);
        loop_stop(loop);
    }
}

static void test_level_triggered_and_changed(void **state)
{
    (void)state;
    watch = loop_fd_new(loop, ends[0], on_third_time_read, NULL);
    assert_non_null(watch);
    loop_fd_want(watch, LOOP_READ);
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_run(loop);
    assert_int_equal(calls, 4);
    assert_int_equal(seen, LOOP_READ | LOOP_WRITE);
}

static void on_never(void *ctx, int events)
{
    (void)ctx;
    (void)events;
    calls++;
}

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void run_for_ms(int ms)
{
    struct loop_timer *end = loop_timer_new(loop, stop, NULL);
    loop_timer_start(end, ms * US_PER_MS);
    loop_run(loop);
    loop_timer_free(end);
}

static void test_nothing_wanted_nothing_told(void **state)
{
    (void)state;
    watch = loop_fd_new(loop, ends[0], on_never, NULL);
    loop_fd_want(watch, LOOP_READ);
    loop_fd_want(watch, 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    run_for_ms(20);
    assert_int_equal(calls, 0);
    loop_fd_free(watch);
}

static void on_owner_closes(void *ctx, int events)
{
    (void)ctx;
    (void)events;
    calls++;
    (void)close(ends[0]);
    ends[0] = dup(STDIN_FILENO); /* its number is used again at once */
    loop_fd_free(watch);
}

/* The library that owns the descriptor closes it and a new one gets its number, all inside the
 * callback. */
static void test_owner_may_close_its_descriptor(void **state)
{
    (void)state;
    watch = loop_fd_new(loop, ends[0], on_owner_closes, NULL);
    loop_fd_want(watch, LOOP_READ | LOOP_WRITE);
    run_for_ms(20);
    assert_int_equal(calls, 1);
}

static void on_error(void *ctx, int events)
{
    (void)ctx;
    seen |= events;
    calls++;
    int err = 0;
    socklen_t size = sizeof(err);
    (void)getsockopt(*(int *)ctx, SOL_SOCKET, SO_ERROR, &err, &size);
    if (calls == 2)
        loop_fd_free(watch);
}

/* A refused connection: the owner must be told, and told again as long as it watches. */
static void test_error_is_told_as_ready(void **state)
{
    (void)state;
    struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)), -1);
    watch = loop_fd_new(loop, fd, on_error, &fd);
    loop_fd_want(watch, LOOP_WRITE);
    run_for_ms(50);
    assert_true(seen & LOOP_WRITE);
    assert_int_equal(calls, 2);
    (void)close(fd);
}

static void test_bad_descriptor_is_refused(void **state)
{
    (void)state;
    assert_null(loop_fd_new(loop, -1, on_never, NULL));
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_null(loop_fd_new(loop, file, on_never, NULL));
    (void)close(file);
}

#define FD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FD_TEST(test_level_triggered_and_changed),    FD_TEST(test_nothing_wanted_nothing_told),
        FD_TEST(test_owner_may_close_its_descriptor), FD_TEST(test_error_is_told_as_ready),
        FD_TEST(test_bad_descriptor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
