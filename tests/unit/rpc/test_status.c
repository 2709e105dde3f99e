/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>

#include "base/utf8.h"
#include "contract/reasons.h"
#include "rpc/status.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void round_trip(const struct fault *f, struct status_bytes *bytes, struct fault *back)
{
    status_pack(f, bytes);
    assert_true(bytes->len <= STATUS_BYTES_MAX);
    assert_true(strlen(bytes->message) <= STATUS_MESSAGE_MAX);
    fault_init(back, &arena);
    assert_int_equal(status_unpack(slice_of(bytes->data, bytes->len), back), 0);
}

static void invalid_argument(void **state)
{
    struct status_bytes bytes;
    struct fault f, back;
    (void)state;
    fault_init(&f, &arena);
    fault_violation(&f, "customer.name", "must not be empty");
    fault_violation(&f, "lines[2]", "unknown product %s", "X");
    fault_meta(&f, "limit", "%d", 7);
    round_trip(&f, &bytes, &back);
    assert_int_equal(back.code, FAULT_INVALID_ARGUMENT);
    assert_int_equal(back.reason, ERROR_REASON_INVALID_ARGUMENT);
    assert_string_equal(back.message, f.message);
    assert_string_equal(bytes.message, f.message);
    assert_int_equal(back.n_violations, 2);
    assert_string_equal(back.violations[1].key, "lines[2]");
    assert_string_equal(back.violations[1].text, "unknown product X");
    assert_int_equal(back.n_metadata, 1);
    assert_string_equal(back.metadata[0].key, "limit");
    assert_string_equal(back.metadata[0].text, "7");
    assert_int_equal(back.retry_ms, 0);
}

static void failed_precondition_with_retry(void **state)
{
    struct status_bytes bytes;
    struct fault f, back;
    (void)state;
    fault_init(&f, &arena);
    fault_set(&f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE, "two things are missing");
    fault_missing(&f, "ROOT_CAUSE", "no root cause");
    fault_missing(&f, "SURVEY", "not asked");
    f.retry_ms = 61250;
    round_trip(&f, &bytes, &back);
    assert_int_equal(back.code, FAULT_FAILED_PRECONDITION);
    assert_int_equal(back.reason, ERROR_REASON_CLOSE_GATE);
    assert_int_equal(back.n_violations, 2);
    assert_string_equal(back.violations[0].key, "ROOT_CAUSE");
    assert_string_equal(back.violations[1].text, "not asked");
    assert_int_equal(back.retry_ms, 61250);
}

static void violations_are_dropped_from_the_end(void **state)
{
    struct status_bytes bytes;
    struct fault f, back;
    char tail[64];
    (void)state;
    fault_init(&f, &arena);
    for (int i = 0; i < FAULT_ITEMS_MAX; i++)
        fault_violation(&f, arena_printf(&arena, "field%d", i), "%0300d", i);
    round_trip(&f, &bytes, &back);
    assert_in_range(back.n_violations, 5, FAULT_ITEMS_MAX - 1);
    assert_string_equal(back.violations[0].key, "field0");
    (void)snprintf(tail, sizeof(tail), "(%zu more not listed here)",
                   FAULT_ITEMS_MAX - back.n_violations);
    assert_non_null(strstr(bytes.message, tail));
    assert_string_equal(back.message, bytes.message);
}

static void anything_fits(void **state)
{
    struct status_bytes bytes;
    struct fault f, back;
    char *long_text = arena_alloc(&arena, 20001);
    (void)state;
    assert_non_null(long_text);
    for (int i = 0; i < 20000; i += 2) {
        long_text[i] = (char)0xc3;
        long_text[i + 1] = (char)0xa9;
    }
    fault_init(&f, &arena);
    fault_set(&f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE, "x%s", long_text);
    for (int i = 0; i < 40; i++)
        fault_missing(&f, long_text, "%s", long_text);
    for (int i = 0; i < 10; i++)
        fault_meta(&f, long_text, "x%s", long_text);
    f.retry_ms = UINT32_MAX;
    round_trip(&f, &bytes, &back);
    assert_true(utf8_valid(bytes.message, strlen(bytes.message)));
    assert_int_equal(back.code, FAULT_FAILED_PRECONDITION);
}

static void nothing_but_a_code(void **state)
{
    struct status_bytes bytes;
    struct fault f, back;
    (void)state;
    fault_init(&f, &arena);
    fault_set(&f, FAULT_NOT_FOUND, 0, "none");
    round_trip(&f, &bytes, &back);
    assert_int_equal(back.code, FAULT_NOT_FOUND);
    assert_int_equal(back.reason, 0);
}

/* What another program packed, with a reason that this one does not have. */
static void reason_of_a_newer_server(void **state)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    Google__Protobuf__Any *details[] = {&any};
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    char reason[] = "MOON_IS_DOWN", type[] = "type.googleapis.com/google.rpc.ErrorInfo";
    uint8_t body[64], bytes[256];
    struct fault back;
    (void)state;
    info.reason = reason;
    any.type_url = type;
    any.value = (ProtobufCBinaryData){google__rpc__error_info__pack(&info, body), body};
    status.code = FAULT_FAILED_PRECONDITION;
    status.details = details;
    status.n_details = 1;
    fault_init(&back, &arena);
    assert_int_equal(
        status_unpack(slice_of(bytes, google__rpc__status__pack(&status, bytes)), &back), 0);
    assert_int_equal(back.reason, 0);
    assert_string_equal(back.metadata[0].key, "reason");
    assert_string_equal(back.metadata[0].text, "MOON_IS_DOWN");
}

static void garbage_is_refused(void **state)
{
    struct status_bytes bytes;
    struct fault f, back;
    (void)state;
    fault_init(&back, &arena);
    assert_int_equal(status_unpack(slice_of("\xff", 1), &back), AM_EINVAL);
    fault_init(&f, &arena);
    fault_set(&f, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no such case");
    status_pack(&f, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        fault_init(&back, &arena);
        (void)!status_unpack(slice_of(bytes.data, len), &back);
    }
}

static void foreign_codes(void **state)
{
    (void)state;
    assert_int_equal(status_code(0), FAULT_OK);
    assert_int_equal(status_code(2), FAULT_INTERNAL);
    assert_int_equal(status_code(15), FAULT_INTERNAL);
    assert_int_equal(status_code(16), FAULT_UNAUTHENTICATED);
    assert_int_equal(status_code(17), FAULT_INTERNAL);
    assert_int_equal(status_code(-1), FAULT_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(invalid_argument, setup, teardown),
        cmocka_unit_test_setup_teardown(failed_precondition_with_retry, setup, teardown),
        cmocka_unit_test_setup_teardown(violations_are_dropped_from_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(anything_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_but_a_code, setup, teardown),
        cmocka_unit_test_setup_teardown(reason_of_a_newer_server, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_codes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
