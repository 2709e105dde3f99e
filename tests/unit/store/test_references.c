/* SPDX-License-Identifier: Apache-2.0 */

/* References of cases: one each, unique in the tenant, whatever is opened at once and by whom. */

#include <stdlib.h>

#include "assignment/decide/decide.h"
#include "calls.h"
#include "contract/reference.h"

static struct rig *rig;

#define IDS 400000u

/* An id and its reference as one word, so that sorting brings equal references together. */
struct drawn {
    char reference[REFERENCE_CHARS + 1];
    struct uuid id;
};

static int by_reference(const void *a, const void *b)
{
    return strcmp(((const struct drawn *)a)->reference, ((const struct drawn *)b)->reference);
}

/* Two ids whose first references are the same: among so many ids there are some such pairs. */
static void find_pair(struct uuid pair[2])
{
    struct drawn *all = calloc(IDS, sizeof *all);
    size_t i = 1;
    assert_non_null(all);
    for (uint32_t n = 0; n < IDS; n++) {
        all[n].id = (struct uuid){{1, 2, 3, 4, 5, 6, 0x70}};
        all[n].id.b[8] = 0x80;
        memcpy(&all[n].id.b[12], &n, sizeof n);
        reference_make(&all[n].id, 0, all[n].reference);
    }
    qsort(all, IDS, sizeof *all, by_reference);
    while (i < IDS && by_reference(&all[i - 1], &all[i]) != 0)
        i++;
    assert_true(i < IDS);
    pair[0] = all[i - 1].id;
    pair[1] = all[i].id;
    free(all);
}

static void prepare(struct call *c, const char *order, const struct uuid *id)
{
    call_open(rig, c, (struct opening){NULL, "rosa", "information", order});
    if (id)
        c->sub.cmd.case_id = *id;
}

static const char *stored(const struct uuid *id)
{
    char text[UUID_TEXT_LEN + 1];
    return rig_value(rig, "select reference from recovery_case where case_id = '%s'",
                     uuid_format(id, text));
}

static void test_a_new_case_is_found_by_it(void **state)
{
    struct call c;
    struct reading x;
    char first[REFERENCE_CHARS + 1];
    (void)state;
    prepare(&c, "R-1", NULL);
    call_run(rig, &c);
    reference_make(&c.sub.cmd.result_case_id, 0, first);
    assert_string_equal(stored(&c.sub.cmd.result_case_id), first);
    reading_init(rig, &x);
    store_find_case(rig->store, &x.read, first);
    rig_run(rig, &x.done);
    assert_int_equal(x.read.case_ids.n, 1);
    assert_true(uuid_eq(x.read.case_ids.items, &c.sub.cmd.result_case_id));
    reading_free(&x);
    call_free(&c);
    assert_sound(rig);
}

/* Both are opened in one segment, or in two that meet at the key: neither may get the other's. */
static void test_two_at_once_with_the_same(void **state)
{
    struct uuid pair[2];
    struct call calls[2];
    char made[2][REFERENCE_CHARS + 1];
    (void)state;
    find_pair(pair);
    prepare(&calls[0], "R-2", &pair[0]);
    prepare(&calls[1], "R-3", &pair[1]);
    calls_run(rig, calls, 2);
    for (int i = 0; i < 2; i++)
        assert_false(fault_is_set(&calls[i].sub.cmd.fault));
    const bool first_won = calls[0].sub.cmd.references_taken == 0;
    reference_make(&pair[0], first_won ? 0 : 1, made[0]);
    reference_make(&pair[1], first_won ? 1 : 0, made[1]);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(stored(&pair[i]), made[i]);
        call_free(&calls[i]);
    }
    assert_sound(rig);
}

static void give(const struct uuid *id)
{
    struct call c;
    call_init(rig, &c, &give_reference_kind, NULL);
    c.sub.cmd.case_id = *id;
    c.sub.cmd.principal = SYSTEM_ACTOR;
    call_run(rig, &c);
    assert_false(fault_is_set(&c.sub.cmd.fault));
    call_free(&c);
}

/* As a replica of the last release writes it; another case took the first one meanwhile. */
static void test_a_case_of_before_gets_one(void **state)
{
    struct call c, other;
    char text[UUID_TEXT_LEN + 1], second[REFERENCE_CHARS + 1], first[REFERENCE_CHARS + 1];
    (void)state;
    prepare(&c, "R-4", NULL);
    prepare(&other, "R-5", NULL);
    call_run(rig, &c);
    call_run(rig, &other);
    const struct uuid id = c.sub.cmd.result_case_id;
    uuid_format(&id, text);
    reference_make(&id, 0, first);
    reference_make(&id, 1, second);
    rig_exec(rig, "update recovery_case set reference = '' where case_id = '%s'", text);
    rig_exec(rig,
             "update case_reference set case_id = (select case_id from recovery_case"
             " where order_reference = 'R-5') where case_id = '%s'",
             text);
    const int64_t version =
        rig_int(rig, "select last_seq from recovery_case where case_id = '%s'", text);
    give(&id);
    assert_string_equal(stored(&id), second);
    give(&id);
    assert_string_equal(stored(&id), second);
    assert_int_equal(rig_int(rig, "select last_seq from recovery_case where case_id = '%s'", text),
                     version);
    rig_exec(rig, "delete from case_reference where reference = '%s'", first);
    call_free(&c);
    call_free(&other);
    assert_sound(rig);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("references", NULL, 0);
    rig_connect(rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_case_is_found_by_it),
        cmocka_unit_test(test_two_at_once_with_the_same),
        cmocka_unit_test(test_a_case_of_before_gets_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
