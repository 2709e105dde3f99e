/* SPDX-License-Identifier: Apache-2.0 */

/* What the lists keep of a case follows from its rows: through its life, and from the rows alone.
 */

#include "world.h"

#include "case/work.h"

static struct work_row work_of(const struct world *w)
{
    struct work_row work = {.tenant_id = -1};
    assert_true(case_work_of(&w->c, w->policy, &work));
    return work;
}

static void a_case_that_waits(void **state)
{
    struct world *w = world_with_case();
    struct work_row work = work_of(w);
    const struct queue_row *q = ROW_AT(&w->c.queue, struct queue_row, 0);
    (void)state;
    assert_int_equal(work.tenant_id, w->c.row.tenant_id);
    assert_int_equal(work.opened_at, w->c.row.opened_at);
    assert_true(uuid_eq(&work.case_id, &w->c.row.case_id));
    assert_int_equal(work.status, CASE_STATUS_OPEN);
    assert_int_equal(work.owner_kind, OWNER_KIND_STEWARD);
    assert_string_equal(work.owner_id, w->c.row.owner_id);
    assert_int_equal(work.level, 1);
    assert_int_equal(work.queue_level, 1);
    assert_int_equal(work.waits_since, q->since);
    assert_int_equal(work.generation, w->c.row.assignment_generation);
    assert_int_equal(work.score_ms, q->score_ms);
    assert_string_equal(work.signature, q->signature);
    world_free(w);
}

/* The place in the queue lies nowhere else: read again it is as it was. */
static void the_queue_is_read_again(void **state)
{
    struct world *w = world_with_case();
    const struct work_row work = work_of(w);
    const struct queue_row was = *ROW_AT(&w->c.queue, struct queue_row, 0);
    (void)state;
    w->c.queue = (struct rows){0};
    case_work_queue(&work, &w->c, &w->arena);
    assert_int_equal(w->c.queue.n, 1);
    const struct queue_row *is = ROW_AT(&w->c.queue, struct queue_row, 0);
    assert_int_equal(is->row.change, ROW_SAME);
    assert_true(is->tenant_id == was.tenant_id && uuid_eq(&is->case_id, &was.case_id));
    assert_true(is->level == was.level && is->score_ms == was.score_ms &&
                is->generation == was.generation && is->since == was.since);
    assert_string_equal(is->signature, was.signature);
    world_free(w);
}

static void nobody_waits_for_an_agent_who_owns(void **state)
{
    struct world *w = world_with_case();
    struct work_row work;
    (void)state;
    ROW_AT(&w->c.queue, struct queue_row, 0)->row.change = ROW_GONE;
    work = work_of(w);
    assert_int_equal(work.queue_level, 0);
    assert_int_equal(work.waits_since, 0);
    assert_string_equal(work.signature, "");
    w->c.queue = (struct rows){0};
    case_work_queue(&work, &w->c, &w->arena);
    assert_int_equal(w->c.queue.n, 0);
    world_free(w);
}

/* The earliest deadline that runs; an offer's is not what the case owes. */
static void the_next_due(void **state)
{
    struct world *w = world_with_case();
    struct work_row work;
    int64_t first = INT64_MAX;
    (void)state;
    ROWS_EACH (k, struct clock_row, &w->c.clocks) {
        if (k->due_at < first)
            first = k->due_at;
    }
    work = work_of(w);
    assert_int_equal(work.next_due_at, first);
    assert_int_equal(work.next_due_kind, CLOCK_KIND_FIRST_RESPONSE);
    assert_int_equal(work.owed_at, first);
    assert_int_equal(work.owed_for, first);
    assert_true(work.promise_at == 0 && work.answer_at == 0);
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        k->state = k->kind == CLOCK_KIND_FIRST_RESPONSE ? CLOCK_STATE_PAUSED : k->state;
    work = work_of(w);
    assert_true(work.next_due_at > first);
    assert_int_equal(work.next_due_kind, CLOCK_KIND_RESOLUTION);
    ROWS_EACH (k, struct clock_row, &w->c.clocks) {
        k->state = CLOCK_STATE_RUNNING;
        k->kind = CLOCK_KIND_OFFER;
    }
    work = work_of(w);
    assert_int_equal(work.next_due_at, 0);
    assert_int_equal(work.next_due_kind, 0);
    world_free(w);
}

/* Each status is in exactly one of case_work and case_ended; a repeat joins while the case waits.
 */
static void where_each_status_is(void **state)
{
    struct world *w = world_with_case();
    struct work_row work;
    struct claim_row claim;
    struct ended_row ended;
    (void)state;
    for (int status = CASE_STATUS_OPEN; status <= CASE_STATUS_MERGED; status++) {
        w->c.row.status = (int16_t)status;
        assert_int_equal(case_work_of(&w->c, w->policy, &work), status <= CASE_STATUS_RESOLVED);
        assert_int_equal(case_ended_of(&w->c, &ended), status > CASE_STATUS_RESOLVED);
        assert_int_equal(case_claim_of(&w->c, &claim), status < CASE_STATUS_RESOLVED);
    }
    assert_string_equal(ended.owner_id, w->c.row.owner_id);
    assert_int_equal(ended.opened_at, w->c.row.opened_at);
    assert_string_equal(claim.customer_id, "c-1");
    assert_string_equal(claim.order_reference, "o-1");
    assert_string_equal(claim.failure_code, "billing.overcharge");
    w->c.exists = false;
    assert_false(case_work_of(&w->c, w->policy, &work) || case_ended_of(&w->c, &ended) ||
                 case_claim_of(&w->c, &claim));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_that_waits),
        cmocka_unit_test(the_queue_is_read_again),
        cmocka_unit_test(nobody_waits_for_an_agent_who_owns),
        cmocka_unit_test(the_next_due),
        cmocka_unit_test(where_each_status_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
