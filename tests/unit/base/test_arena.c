/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *p = arena_must(&a, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    arena_free(&a);
}

static void test_memory_is_zeroed_again_after_reset(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    for (int turn = 0; turn < 3; turn++) {
        unsigned char *p = arena_must(&a, 1000);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, 1000);
        arena_reset(&a);
        assert_int_equal(a.used_bytes, 0);
    }
    arena_free(&a);
}

static void test_quota_refuses_and_keeps_what_there_is(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1024);
    assert_non_null(arena_alloc(&a, 1000));
    assert_null(arena_alloc(&a, 1000));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_strndup(&a, "", SIZE_MAX));
    assert_non_null(arena_alloc(&a, 16));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 1024));
    assert_null(arena_alloc(&a, 1));
    arena_free(&a);
}

static void test_reset_does_not_hold_on_to_a_large_first_chunk(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    assert_non_null(arena_alloc(&a, 500000));
    arena_reset(&a);
    assert_null(a.chunks);
    arena_free(&a);
}

static void test_rewinding_gives_back_what_came_after_the_mark(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100000);
    struct arena_mark empty = arena_mark(&a);
    for (int turn = 0; turn < 3; turn++) {
        char *kept = arena_strdup(&a, "promise");
        struct arena_mark mark = arena_mark(&a);
        for (int again = 0; again < 5; again++) {
            assert_null(arena_alloc(&a, 100000));
            memset(arena_must(&a, 100), 0xff, 100);
            memset(arena_must(&a, 90000), 0xff, 90000); /* a chunk of its own */
            arena_rewind(&a, &mark);
        }
        assert_string_equal(kept, "promise");
        assert_int_equal(*(char *)arena_must(&a, 100), 0);
        arena_rewind(&a, &empty);
        assert_int_equal(a.used_bytes, 0);
        assert_null(a.chunks);
    }
    arena_free(&a);
}

static void test_copies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    char *s = arena_strdup(&a, "promise");
    char *n = arena_strndup(&a, "promise", 4);
    char *f = arena_printf(&a, "%s-%d", "case", 7);
    unsigned char *d = arena_dup(&a, "\0\1\2", 3);
    assert_string_equal(s, "promise");
    assert_string_equal(n, "prom");
    assert_string_equal(f, "case-7");
    assert_memory_equal(d, "\0\1\2", 3);
    assert_non_null(arena_dup(&a, NULL, 0));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_memory_is_zeroed_again_after_reset),
        cmocka_unit_test(test_quota_refuses_and_keeps_what_there_is),
        cmocka_unit_test(test_reset_does_not_hold_on_to_a_large_first_chunk),
        cmocka_unit_test(test_rewinding_gives_back_what_came_after_the_mark),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
