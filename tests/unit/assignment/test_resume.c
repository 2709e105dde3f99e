/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "assignment/streams/resume.h"

static struct arena arena;

static bool refused(const char *token)
{
    struct fault fault;
    fault_init(&fault, &arena);
    resume_check(&fault, token);
    return fault_is_set(&fault);
}

static void what_was_written_is_read(void **state)
{
    struct resume_offer in[RESUME_OFFERS_MAX], out[RESUME_OFFERS_MAX];
    (void)state;
    for (size_t i = 0; i < RESUME_OFFERS_MAX; i++)
        in[i] = (struct resume_offer){uuid_new(0), uuid_new(0)};
    for (size_t n = 0; n <= RESUME_OFFERS_MAX; n++) {
        const char *token = resume_write(&arena, in, n);
        assert_false(refused(token));
        assert_int_equal(resume_read(token, out), n);
        assert_memory_equal(in, out, n * sizeof(in[0]));
    }
}

static void other_texts_are_refused(void **state)
{
    struct resume_offer one = {{{0}}, {{0}}};
    char text[(RESUME_OFFERS_MAX + 1) * 2 * sizeof(one) + 1];
    (void)state;
    assert_true(refused("x"));
    assert_true(refused("00"));
    memset(text, '0', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_true(refused(text)); /* one offer too many */
    text[2 * sizeof(one)] = '\0';
    assert_false(refused(text));
    text[0] = 'A';
    assert_true(refused(text));
    text[0] = (char)0xff;
    assert_true(refused(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(other_texts_are_refused),
    };
    arena_init(&arena, 1u << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
