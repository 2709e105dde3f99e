/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "capture.h"

/* Parses the one line that was written; the caller gives it back with json_decref. */
static json_t *parse_line(char *text)
{
    json_error_t error;
    size_t len = strlen(text);
    assert_true(len > 0 && text[len - 1] == '\n');
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    json_t *line = json_loads(text, 0, &error);
    if (!line)
        fail_msg("%s: %s", error.text, text);
    free(text);
    return line;
}

static const char *text_at(json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static void test_fixed_fields_and_pairs(void **state)
{
    (void)state;
    capture_begin();
    log_warn("pg", "connected", LOG_STR("host", "db1"), LOG_INT("port", -5432),
             LOG_STR("none", NULL));
    json_t *line = parse_line(capture_end());
    assert_string_equal(text_at(line, "level"), "warn");
    assert_string_equal(text_at(line, "service"), "test");
    assert_string_equal(text_at(line, "area"), "pg");
    assert_string_equal(text_at(line, "event"), "connected");
    assert_string_equal(text_at(line, "host"), "db1");
    assert_int_equal(strlen(text_at(line, "time")), strlen("2026-01-01T00:00:00.000000Z"));
    assert_int_equal(json_integer_value(json_object_get(line, "port")), -5432);
    assert_true(json_is_null(json_object_get(line, "none")));
    json_decref(line);
}

static void test_text_is_escaped(void **state)
{
    (void)state;
    const char *text = "a\"b\\c\nd\te\x01\x7f \xc3\xa9 \xf0\x9f\x98\x80";
    capture_begin();
    log_info("x", "escaped", LOG_STR("text", text));
    json_t *line = parse_line(capture_end());
    assert_string_equal(text_at(line, "text"), text);
    json_decref(line);
}

static void test_bytes_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    capture_begin();
    log_info("x", "invalid",
             LOG_STR("text", "a\xff"
                             "b\xc3"));
    json_t *line = parse_line(capture_end());
    assert_string_equal(text_at(line, "text"), "a\xef\xbf\xbd"
                                               "b\xef\xbf\xbd");
    json_decref(line);
}

/* A text of any length is written as one JSON object within the bound. */
static void test_long_line_is_cut_but_whole(void **state)
{
    (void)state;
    static char text[6000];
    for (size_t len = 3600; len < 4400; len++) {
        char event[16];
        memset(text, '"', len);
        memset(text, 'x', len - (len % 5));
        text[len] = '\0';
        (void)snprintf(event, sizeof(event), "e%zu", len);
        capture_begin();
        log_info("x", event, LOG_STR("text", text), LOG_INT("number", 123456),
                 LOG_STR("more", "text"));
        char *written = capture_end();
        assert_true(strlen(written) <= 4096);
        json_t *line = parse_line(written);
        const char *more = text_at(line, "more");
        bool whole = json_integer_value(json_object_get(line, "number")) == 123456 && more &&
                     strcmp(more, "text") == 0;
        assert_true(whole != json_is_true(json_object_get(line, "cut")));
        json_decref(line);
    }
}

static void test_lower_levels_are_not_written(void **state)
{
    (void)state;
    capture_begin();
    log_debug("x", "debug");
    char *text = capture_end();
    assert_string_equal(text, "");
    free(text);
}

static void test_level_words(void **state)
{
    (void)state;
    assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
    assert_int_equal(log_level_parse("error"), LOG_ERROR);
    assert_int_equal(log_level_parse("loud"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_fields_and_pairs),
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(test_long_line_is_cut_but_whole),
        cmocka_unit_test(test_lower_levels_are_not_written),
        cmocka_unit_test(test_level_words),
    };
    log_setup(LOG_INFO, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
