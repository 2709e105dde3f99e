/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"

static const char *const methods[] = {"OpenCase", "say \"hi\"\\", NULL};
static METRIC_DEFINE(opened, METRIC_COUNTER, "amends_test_opened_total", "Cases opened.");
static METRIC_DEFINE_LABEL(calls, METRIC_COUNTER, "amends_test_calls_total",
                           "Calls \"by\"\nmethod.", "method", methods);
static METRIC_DEFINE(depth, METRIC_GAUGE, "amends_test_depth", "Queue depth.");
static METRIC_DEFINE_LABEL(latency, METRIC_HISTOGRAM, "amends_test_latency_seconds", "Latency.",
                           "method", methods);
static const char *const codes[] = {"OK", "ABORTED", NULL};
static METRIC_DEFINE_LABEL2(pairs, METRIC_COUNTER, "amends_test_pairs_total", "Pairs.", "method",
                            methods, "code", codes);
static METRIC_DEFINE(unknown, METRIC_COUNTER, "amends_test_unknown_total", "Never registered.");

static char *rendered(void)
{
    size_t len = 0;
    char *text = metrics_render(&len);
    assert_non_null(text);
    assert_int_equal(strlen(text), len);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is missing in:\n%s", part, text);
}

static void test_counter_and_gauge(void **state)
{
    (void)state;
    metric_add(&opened, 0, 3);
    metric_add(&calls, 1, 2);
    metric_set(&depth, 0, 9);
    metric_add(&depth, 0, -12);
    assert_int_equal(metric_get(&depth, 0), -3);
    char *text = rendered();
    assert_has(
        text,
        "# HELP amends_test_opened_total Cases opened.\n# TYPE amends_test_opened_total counter\n"
        "amends_test_opened_total 3\n");
    assert_has(text, "# HELP amends_test_calls_total Calls \"by\"\\nmethod.\n");
    assert_has(text, "\namends_test_calls_total{method=\"OpenCase\"} 0\n");
    assert_has(text, "\namends_test_calls_total{method=\"say \\\"hi\\\"\\\\\"} 2\n");
    assert_has(text, "# TYPE amends_test_depth gauge\namends_test_depth -3\n");
    free(text);
}

static void test_two_labels(void **state)
{
    (void)state;
    metric_add(&pairs, metric_pair(&pairs, 0, 1), 5);
    char *text = rendered();
    assert_has(text, "\namends_test_pairs_total{method=\"OpenCase\",code=\"ABORTED\"} 5\n");
    assert_null(strstr(text, "{method=\"OpenCase\",code=\"OK\"}"));
    free(text);
}

static void test_histogram(void **state)
{
    (void)state;
    metric_observe_us(&latency, 0, -5);
    metric_observe_us(&latency, 0, 16);
    metric_observe_us(&latency, 0, 17);
    metric_observe_us(&latency, 0, INT64_C(3600) * 1000000);
    assert_int_equal(metric_get(&latency, 0), 4);
    char *text = rendered();
    assert_has(text, "# TYPE amends_test_latency_seconds histogram\n"
                     "amends_test_latency_seconds_bucket{method=\"OpenCase\",le=\"0.000016\"} 2\n"
                     "amends_test_latency_seconds_bucket{method=\"OpenCase\",le=\"0.000032\"} 3\n");
    assert_has(text, "{method=\"OpenCase\",le=\"134.217728\"} 3\n"
                     "amends_test_latency_seconds_bucket{method=\"OpenCase\",le=\"+Inf\"} 4\n"
                     "amends_test_latency_seconds_sum{method=\"OpenCase\"} 3600.000033\n"
                     "amends_test_latency_seconds_count{method=\"OpenCase\"} 4\n");
    free(text);
}

static void test_unregistered_metric_is_neither_counted_nor_shown(void **state)
{
    (void)state;
    metric_add(&unknown, 0, 1);
    assert_int_equal(metric_get(&unknown, 0), 0);
    char *text = rendered();
    assert_null(strstr(text, "amends_test_unknown_total"));
    free(text);
}

static void test_registering_twice_shows_once(void **state)
{
    (void)state;
    metric_register(&opened);
    char *text = rendered();
    const char *at = strstr(text, "# TYPE amends_test_opened_total");
    assert_non_null(at);
    assert_null(strstr(at + 1, "# TYPE amends_test_opened_total"));
    free(text);
}

static void *count_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        metric_add(&calls, 0, 1);
        metric_observe_us(&latency, 1, i);
    }
    return NULL;
}

static void test_updates_from_threads_while_rendered(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
    for (int i = 0; i < 20; i++)
        free(rendered());
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(metric_get(&calls, 0), 60000);
    assert_int_equal(metric_get(&latency, 1), 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter_and_gauge),
        cmocka_unit_test(test_two_labels),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_unregistered_metric_is_neither_counted_nor_shown),
        cmocka_unit_test(test_registering_twice_shows_once),
        cmocka_unit_test(test_updates_from_threads_while_rendered),
    };
    metric_register(&opened);
    metric_register(&calls);
    metric_register(&pairs);
    metric_register(&depth);
    metric_register(&latency);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
