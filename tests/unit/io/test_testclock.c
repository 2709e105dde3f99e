/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/testclock.h"
#include "loop_fixture.h"

static char path[64];
static struct testclock *watched;
static int moves;
static int stop_after;

static void write_clock(int64_t offset_us, uint64_t generation)
{
    struct {
        int64_t offset_us;
        uint64_t generation;
    } text = {offset_us, generation};
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &text, sizeof(text), 0), sizeof(text));
    (void)close(fd);
}

static int setup(void **state)
{
    int fd;
    (void)snprintf(path, sizeof(path), "/tmp/amends-testclock-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    moves = 0;
    stop_after = 0;
    return loop_setup(state);
}

static int teardown(void **state)
{
    (void)unlink(path);
    return loop_teardown(state);
}

static void on_moved(void *ctx)
{
    (void)ctx;
    if (++moves == stop_after)
        loop_stop(loop);
}

static void on_write(void *ctx)
{
    write_clock(*(int64_t *)ctx, 3);
}

static void test_first_reading(void **state)
{
    (void)state;
    write_clock(-5 * US_PER_S, 9);
    assert_int_equal(testclock_start(loop, path, on_moved, NULL, &watched), AM_OK);
    assert_int_equal(moves, 1);
    assert_int_equal(time_test_generation(fixture_time), 9);
    testclock_stop(watched);
}

static void test_missing_file_is_made(void **state)
{
    (void)state;
    (void)unlink(path);
    assert_int_equal(testclock_start(loop, path, on_moved, NULL, &watched), AM_OK);
    assert_int_equal(access(path, R_OK), 0);
    assert_int_equal(time_test_generation(fixture_time), 0);
    testclock_stop(watched);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof(path), "/no/such/folder");
    assert_int_equal(testclock_start(loop, path, on_moved, NULL, &watched), AM_EIO);
}

/* How long after the start a pwrite at 1 ms was seen. */
static int64_t seen_after_us(void)
{
    static int64_t offset_us = 7200 * US_PER_S;
    write_clock(0, 0);
    moves = 0;
    stop_after = 2;
    assert_int_equal(testclock_start(loop, path, on_moved, NULL, &watched), AM_OK);
    struct loop_timer *timer = loop_timer_new(loop, on_write, &offset_us);
    loop_timer_start(timer, US_PER_MS);
    int64_t before_us = time_mono_us();
    loop_run(loop);
    int64_t after_us = time_mono_us() - before_us;
    assert_int_equal(time_test_generation(fixture_time), 3);
    assert_in_range(time_now_us(fixture_time) - time_shared_us(fixture_time), offset_us - US_PER_S,
                    offset_us);
    loop_timer_free(timer);
    testclock_stop(watched);
    return after_us;
}

/* The move is seen at once, and not only by the reading every 100 ms. The test tries several times,
 * because a busy machine may stop the process for longer. */
static void test_pwrite_is_seen_at_once(void **state)
{
    for (int i = 0; i < 10 && seen_after_us() > 90 * US_PER_MS; i++) {
        assert_true(i < 9);
        (void)loop_teardown(state);
        (void)loop_setup(state);
    }
}

static void on_replace(void *ctx)
{
    (void)ctx;
    /* The watch is gone with the old name; the open file is still read. */
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    (void)unlink(path);
    const int64_t text[2] = {1, 4};
    assert_int_equal(pwrite(fd, text, sizeof(text), 0), sizeof(text));
    (void)close(fd);
}

static void test_reading_goes_on_without_the_watch(void **state)
{
    (void)state;
    assert_int_equal(testclock_start(loop, path, on_moved, NULL, &watched), AM_OK);
    struct loop_timer *timer = loop_timer_new(loop, on_replace, NULL);
    loop_timer_start(timer, 1000);
    stop_after = 2;
    loop_run(loop);
    assert_int_equal(time_test_generation(fixture_time), 4);
    loop_timer_free(timer);
    testclock_stop(watched);
}

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void test_same_content_is_no_move(void **state)
{
    (void)state;
    static int64_t offset_us = 5;
    write_clock(offset_us, 3);
    assert_int_equal(testclock_start(loop, path, on_moved, NULL, &watched), AM_OK);
    struct loop_timer *timer = loop_timer_new(loop, on_write, &offset_us);
    struct loop_timer *end = loop_timer_new(loop, stop, NULL);
    loop_timer_start(timer, 1000);
    loop_timer_start(end, 150000);
    loop_run(loop);
    assert_int_equal(moves, 1);
    loop_timer_free(timer);
    loop_timer_free(end);
    testclock_stop(watched);
    testclock_stop(NULL);
}

#define TESTCLOCK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTCLOCK_TEST(test_first_reading),
        TESTCLOCK_TEST(test_missing_file_is_made),
        TESTCLOCK_TEST(test_pwrite_is_seen_at_once),
        TESTCLOCK_TEST(test_reading_goes_on_without_the_watch),
        TESTCLOCK_TEST(test_same_content_is_no_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
