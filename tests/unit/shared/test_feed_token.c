/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens of places in the feed: what is written is read again, and nothing else is taken. */

#include "shared/feed_token.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "contract/reasons.h"
#include "store/secrets.h"

static uint8_t secret[SECRET_BYTES] = "one";
static struct service service = {.secret = secret};
static struct arena arena;
static struct fault fault;

static struct feed_token token(void)
{
    struct feed_token t = {.tenant_epoch = 3,
                           .given_us = time_now_us(loop_time(service.loop)),
                           .at = {.epoch = 2, .xid = INT64_C(1) << 40, .seq = 4711}};
    memset(t.at.case_id.b, 0xa5, sizeof(t.at.case_id.b));
    return t;
}

static void is_read_as_it_was_written(void **state)
{
    const struct feed_token t = token();
    struct feed_token read;
    char text[FEED_TOKEN_TEXT + 1];
    (void)state;
    feed_token_write(&service, 7, &t, text);
    assert_int_equal(strlen(text), FEED_TOKEN_TEXT);
    assert_int_equal(feed_token_read(&service, 7, text, &read), AM_OK);
    assert_int_equal(read.tenant_epoch, 3);
    assert_true(read.given_us == t.given_us);
    assert_int_equal(feed_position_cmp(&read.at, &t.at), 0);
    assert_int_equal(feed_from_read(&service, 7, text, &read, &fault), FEED_FROM_TOKEN);
    assert_false(fault_is_set(&fault));
}

static void no_character_can_be_changed(void **state)
{
    const struct feed_token t = token();
    struct feed_token read;
    char text[FEED_TOKEN_TEXT + 1];
    (void)state;
    feed_token_write(&service, 7, &t, text);
    for (size_t i = 0; i < FEED_TOKEN_TEXT - 2; i++) {
        const char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(feed_token_read(&service, 7, text, &read), AM_EINVAL);
        text[i] = was;
    }
    text[FEED_TOKEN_TEXT - 1] = '\0';
    assert_int_equal(feed_token_read(&service, 7, text, &read), AM_EINVAL);
}

static void it_is_of_one_tenant_and_one_secret(void **state)
{
    const struct feed_token t = token();
    struct feed_token read;
    char text[FEED_TOKEN_TEXT + 1];
    (void)state;
    feed_token_write(&service, 7, &t, text);
    assert_int_equal(feed_token_read(&service, 8, text, &read), AM_EINVAL);
    secret[0]++;
    assert_int_equal(feed_token_read(&service, 7, text, &read), AM_EINVAL);
    secret[0]--;
    assert_int_equal(feed_token_read(&service, 7, text, &read), AM_OK);
}

static void words_and_what_is_neither(void **state)
{
    struct feed_token read;
    (void)state;
    assert_int_equal(feed_from_read(&service, 7, "EARLIEST", &read, &fault), FEED_FROM_EARLIEST);
    assert_int_equal(read.at.xid, 0);
    assert_int_equal(feed_from_read(&service, 7, "LATEST", &read, &fault), FEED_FROM_LATEST);
    assert_false(fault_is_set(&fault));
    (void)feed_from_read(&service, 7, "", &read, &fault);
    (void)feed_from_read(&service, 7, "latest", &read, &fault);
    assert_int_equal(fault.n_violations, 2);
    assert_string_equal(fault.violations[0].key, "position");
}

static void it_ends(void **state)
{
    struct feed_token t = token(), earliest;
    (void)state;
    assert_true(feed_token_stands(&service, 7, &t, 3, &fault));
    t.given_us -= FEED_TOKEN_LIFE_US + US_PER_S;
    assert_false(feed_token_stands(&service, 7, &t, 3, &fault));
    assert_int_equal(fault.code, FAULT_OUT_OF_RANGE);
    assert_int_equal(fault.reason, ERROR_REASON_FEED_RESET);
    assert_string_equal(fault.metadata[0].key, "earliest_token");
    assert_int_equal(feed_token_read(&service, 7, fault.metadata[0].text, &earliest), AM_OK);
    assert_int_equal(earliest.at.epoch + earliest.at.xid, 0);
    t = token();
    fault_init(&fault, &arena);
    assert_false(feed_token_stands(&service, 7, &t, 4, &fault)); /* the database was restored */
    assert_int_equal(fault.reason, ERROR_REASON_FEED_RESET);
}

static void without_the_secret(void **state)
{
    struct service young = service;
    (void)state;
    young.secret = NULL;
    assert_false(feed_token_ready(&young, &fault));
    assert_int_equal(fault.code, FAULT_UNAVAILABLE);
    assert_true(feed_token_ready(&service, &fault));
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
    fault_init(&fault, &arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_read_as_it_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(no_character_can_be_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_of_one_tenant_and_one_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(words_and_what_is_neither, setup, teardown),
        cmocka_unit_test_setup_teardown(it_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(without_the_secret, setup, teardown),
    };
    struct time_source *time = time_source_new();
    service.loop = loop_new(time);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_free(service.loop);
    time_source_free(time);
    return failed;
}
