/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "capture.h"

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void *log_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 500; i++)
        log_info("flood", "from_threads", LOG_INT("i", i));
    return NULL;
}

static void test_flood_is_limited_and_counted(void **state)
{
    (void)state;
    capture_begin();
    for (int i = 0; i < 50; i++)
        log_info("flood", "one");
    log_info("flood", "other");
    (void)usleep(1100000);
    log_info("flood", "one");
    char *text = capture_end();
    assert_int_equal(count_lines(text), 10 + 1 + 1);
    assert_non_null(strstr(text, "\"event\":\"one\",\"left_out\":40}"));
    assert_null(strstr(text, "\"event\":\"other\",\"left_out\""));
    free(text);
}

static void test_threads_share_the_limit(void **state)
{
    (void)state;
    pthread_t threads[4];
    capture_begin();
    for (size_t i = 0; i < 4; i++)
        (void)pthread_create(&threads[i], NULL, log_many, NULL);
    for (size_t i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    char *text = capture_end();
    assert_in_range(count_lines(text), 10, 30);
    free(text);
}

/* More (area, event) pairs than the table has places: still none is lost, and none passes the limit
 * by much. */
static void test_many_events(void **state)
{
    (void)state;
    capture_begin();
    for (int i = 0; i < 1000; i++) {
        char event[16];
        (void)snprintf(event, sizeof(event), "e%d", i);
        log_info("many", event);
    }
    char *text = capture_end();
    assert_in_range(count_lines(text), 900, 1000);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood_is_limited_and_counted),
        cmocka_unit_test(test_threads_share_the_limit),
        cmocka_unit_test(test_many_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
