/* SPDX-License-Identifier: Apache-2.0 */

/* Responses of writing calls: made whole, or not at all when the call's arena is full. */

#include "world.h"

#include "amends/v1/resolution_service.pb-c.h"
#include "shared/service.h"

#define QUOTA_MOST (1u << 20)

static ProtobufCMessage *response_within(const struct world *w, struct arena *arena)
{
    const struct write_rows rows = {.c = &w->c};
    const struct command cmd = {.result_id = {{1}}};
    return write_response(&cmd, &rows, &amends__v1__record_contact_response__descriptor, arena);
}

/* The size of a case is the customers' and agents' doing, so any arena may end anywhere in it. */
static void a_full_arena_refuses_wherever_it_ends(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    ProtobufCMessage *whole = NULL;
    size_t refused = 0;
    for (size_t quota = 0; !whole && quota < QUOTA_MOST; quota += 16) {
        struct arena arena;
        arena_init(&arena, quota);
        whole = response_within(w, &arena);
        refused += !whole;
        arena_free(&arena);
    }
    assert_non_null(whole);
    assert_true(refused > 10);
    world_free(w);
}

static void it_has_the_case_and_the_id_of_what_was_made(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    const Amends__V1__RecordContactResponse *r = (const void *)response_within(w, &w->arena);
    assert_non_null(r);
    assert_string_equal(r->case_->customer_id, "c-1");
    assert_string_equal(r->contact_id, "01000000-0000-0000-0000-000000000000");
    world_free(w);
}

/* A command whose segment is tried again is decided again, and answers again. */
static void it_may_be_made_as_often_as_the_command_is_decided(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct fault fault;
    const struct write_rows rows = {.c = &w->c};
    const struct command cmd = {.result_id = {{1}}};
    struct write_answer a = {.cmd = &cmd,
                             .descriptor = &amends__v1__record_contact_response__descriptor};
    arena_init(&a.arena, QUOTA_MOST);
    fault_init(&fault, &w->arena);
    for (size_t used = 0; used < 2 * QUOTA_MOST; used += a.arena.used_bytes) {
        write_answer_make(&a, &rows, &fault);
        assert_non_null(a.response);
    }
    assert_false(fault_is_set(&fault));
    arena_free(&a.arena);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_arena_refuses_wherever_it_ends),
        cmocka_unit_test(it_may_be_made_as_often_as_the_command_is_decided),
        cmocka_unit_test(it_has_the_case_and_the_id_of_what_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
