/* SPDX-License-Identifier: Apache-2.0 */

/* The reference of a case: what is typed wrong is noticed, whatever it is. */

#include <string.h>

#include "contract/reference.h"
#include "world.h"

static const char alphabet[] = "0123456789CDFHJKMPRTWXY";
#define CASES 300

static struct uuid id_of(unsigned n)
{
    struct uuid id = {{0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80}};
    id.b[14] = (uint8_t)(n >> 8);
    id.b[15] = (uint8_t)n;
    return id;
}

static void make(unsigned n, char out[REFERENCE_CHARS + 1])
{
    const struct uuid id = id_of(n);
    reference_make(&id, 0, out);
}

static void test_a_made_one_is_read(void **state)
{
    char made[REFERENCE_CHARS + 1], read[REFERENCE_CHARS + 1];
    (void)state;
    for (unsigned n = 0; n < CASES; n++) {
        make(n, made);
        assert_int_equal(strlen(made), REFERENCE_CHARS);
        assert_int_equal(strspn(made, alphabet), REFERENCE_CHARS);
        assert_int_equal(reference_read(made, read), REFERENCE_OK);
        assert_string_equal(made, read);
    }
}

static void test_every_wrong_character_is_found(void **state)
{
    char made[REFERENCE_CHARS + 1], typed[REFERENCE_CHARS + 1], read[REFERENCE_CHARS + 1];
    (void)state;
    for (unsigned n = 0; n < CASES; n++) {
        make(n, made);
        for (size_t at = 0; at < REFERENCE_CHARS; at++) {
            for (const char *c = alphabet; *c; c++) {
                memcpy(typed, made, sizeof typed);
                typed[at] = *c;
                assert_int_equal(reference_read(typed, read),
                                 *c == made[at] ? REFERENCE_OK : REFERENCE_CHECK);
            }
        }
    }
}

static void test_every_swap_is_found(void **state)
{
    char made[REFERENCE_CHARS + 1], typed[REFERENCE_CHARS + 1], read[REFERENCE_CHARS + 1];
    (void)state;
    for (unsigned n = 0; n < CASES; n++) {
        make(n, made);
        for (size_t a = 0; a < REFERENCE_CHARS; a++) {
            for (size_t b = a + 1; b < REFERENCE_CHARS; b++) {
                memcpy(typed, made, sizeof typed);
                typed[a] = made[b];
                typed[b] = made[a];
                assert_int_equal(reference_read(typed, read),
                                 made[a] == made[b] ? REFERENCE_OK : REFERENCE_CHECK);
            }
        }
    }
}

/* How the character is typed that is read as this one. */
static char look_alike(char c)
{
    static const char pairs[] = "0O1l2z5S6g8B";
    for (size_t i = 0; i + 1 < sizeof pairs; i += 2)
        if (pairs[i] == c)
            return pairs[i + 1];
    return c;
}

static void test_look_alikes_case_and_gaps_make_no_difference(void **state)
{
    char made[REFERENCE_CHARS + 1], read[REFERENCE_CHARS + 1], typed[32];
    (void)state;
    for (unsigned n = 0; n < CASES; n++) {
        size_t len = 0;
        make(n, made);
        for (size_t i = 0; i < REFERENCE_CHARS; i++) {
            const char c = look_alike(made[i]);
            typed[len++] = c >= 'A' && c <= 'Z' && c != 'S' && c != 'B' ? (char)(c + 32) : c;
            if (i % 3 == 2)
                typed[len++] = i % 2 ? ' ' : '-';
        }
        typed[len] = '\0';
        assert_int_equal(reference_read(typed, read), REFERENCE_OK);
        assert_string_equal(made, read);
    }
}

static void test_what_is_no_reference(void **state)
{
    char read[REFERENCE_CHARS + 1] = "kept";
    (void)state;
    assert_int_equal(reference_read("", read), REFERENCE_LENGTH);
    assert_int_equal(reference_read("1234567", read), REFERENCE_LENGTH);
    assert_int_equal(reference_read("123456789", read), REFERENCE_LENGTH);
    assert_int_equal(reference_read("1234567N", read), REFERENCE_CHARACTER);
    assert_int_equal(reference_read("1234567\xc3", read), REFERENCE_CHARACTER);
    assert_string_equal(read, "kept");
}

static void test_attempts_and_ids_differ(void **state)
{
    char seen[64][REFERENCE_CHARS + 1];
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        const struct uuid id = id_of(i / 8);
        reference_make(&id, i % 8, seen[i]);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
}

/* It is stored and told to customers, so no release may make another one of the same id. */
static void test_a_release_makes_the_same(void **state)
{
    char made[REFERENCE_CHARS + 1];
    (void)state;
    make(1, made);
    assert_string_equal(made, "YHCDXFW3");
}

static void test_a_field_takes_either(void **state)
{
    char made[REFERENCE_CHARS + 1], reference[REFERENCE_CHARS + 1], text[UUID_TEXT_LEN + 1];
    struct uuid id = {{0}};
    const struct uuid want = id_of(7);
    struct arena arena;
    struct fault fault;
    (void)state;
    arena_init(&arena, 1u << 16);
    fault_init(&fault, &arena);
    make(7, made);
    assert_true(reference_or_id_check(&fault, "case_id", uuid_format(&want, text), &id, reference));
    assert_true(uuid_eq(&id, &want) && reference[0] == '\0');
    assert_true(reference_or_id_check(&fault, "case_id", made, &id, reference));
    assert_string_equal(reference, made);
    assert_false(fault_is_set(&fault));
    assert_false(reference_or_id_check(&fault, "case_id", "", &id, reference));
    assert_string_equal(fault.violations[0].text, "is required");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_made_one_is_read),
        cmocka_unit_test(test_every_wrong_character_is_found),
        cmocka_unit_test(test_every_swap_is_found),
        cmocka_unit_test(test_look_alikes_case_and_gaps_make_no_difference),
        cmocka_unit_test(test_what_is_no_reference),
        cmocka_unit_test(test_attempts_and_ids_differ),
        cmocka_unit_test(test_a_release_makes_the_same),
        cmocka_unit_test(test_a_field_takes_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
