/* SPDX-License-Identifier: Apache-2.0 */

/* OfferCase and RequestAssignment: who may be given a case, and that nobody is given too many. */

#include "contract/reasons.h"
#include "world.h"

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"

struct to {
    const char *agent_id;
    struct offer_case_args args;
};

static void to_agent(struct command *cmd, void *ctx)
{
    const struct to *to = ctx;
    cmd->agent_id = to->agent_id;
    cmd->args = &to->args;
}

/* Runs OfferCase. Returns what became of the offer, as the engine reads it. */
static enum offer_outcome offer_with(struct world *w, struct to *to)
{
    enum offer_outcome outcome = OFFER_UNDECIDED;
    to->args.outcome = &outcome;
    world_run_with(w, &offer_case_kind, SYSTEM_ACTOR, NULL, to_agent, to);
    return offer_outcome_of(&w->cmd);
}

static enum offer_outcome offer(struct world *w, const char *agent_id, bool sole)
{
    struct to to = {.agent_id = agent_id,
                    .args = {.generation = w->c.row.assignment_generation, .sole = sole}};
    return offer_with(w, &to);
}

static void request(struct world *w, const char *agent_id, char *request_id, bool offer_only)
{
    Amends__V1__RequestAssignmentRequest r = AMENDS__V1__REQUEST_ASSIGNMENT_REQUEST__INIT;
    struct to to = {.agent_id = agent_id,
                    .args = {.generation = w->c.row.assignment_generation,
                             .accepted = !offer_only,
                             .pulled = true}};
    r.request_id = request_id;
    r.offer_only = offer_only;
    world_run_with(w, &request_assignment_kind, agent_id, &r.base, to_agent, &to);
}

static const struct offer_row *last_offer(const struct world *w)
{
    assert_true(w->c.offers.n > 0);
    return ROW_AT(&w->c.offers, const struct offer_row, w->c.offers.n - 1);
}

static void an_offer_has_a_clock_and_leaves_the_queue(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct agent_row *ann = world_agent(w, "ann", 1);
    const struct queue_row *q = ROW_AT(&w->c.queue, const struct queue_row, 0);
    const int64_t score_ms = q->score_ms;
    w->now_us += HOUR_US;
    offer(w, "ann", false);
    assert_written(w);
    const struct offer_row *o = last_offer(w);
    assert_int_equal(o->state, OFFER_STATE_PENDING);
    assert_int_equal(o->expires_at, w->now_us + w->policy->offer_timeout_ms * 1000);
    assert_int_equal(clock_of_subject(&w->c, &o->offer_id)->due_at, o->expires_at);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OFFER_MADE);
    assert_int_equal(w->c.row.owner_kind, OWNER_KIND_STEWARD);
    q = ROW_AT(&w->c.queue, const struct queue_row, 0);
    assert_int_equal(q->level, 0);
    assert_int_equal(q->score_ms, score_ms);
    assert_int_equal(ann->idle_since, w->now_us);
    assert_chain_intact(w);
    world_free(w);
}

static void one_offer_at_a_time(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    world_agent(w, "bob", 1);
    offer(w, "ann", false);
    assert_written(w);
    offer(w, "bob", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

static void stale_generation_is_refused(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct to to = {.agent_id = "ann", .args.generation = 7};
    world_agent(w, "ann", 1);
    world_run_with(w, &offer_case_kind, SYSTEM_ACTOR, NULL, to_agent, &to);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_own(w, "ann");
    offer(w, "ann", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

static void room_is_counted_cases_and_pending_offers(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct agent_row *ann = world_agent(w, "ann", 1);
    ann->capacity = 3;
    ann->counted_cases = 2;
    ann->pending_weight = 1;
    offer(w, "ann", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_NO_CAPACITY);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "load"), "3");
    ann->pending_weight = 0;
    offer(w, "ann", false);
    assert_written(w);
    world_free(w);
}

static void capacity_zero_gets_nothing(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1)->capacity = 0;
    offer(w, "ann", true);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_NO_CAPACITY);
    world_free(w);
}

static void requirements_are_decided_again(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "unskilled", 1)->skills = "delivery:5";
    world_agent(w, "away", 1)->presence = PRESENCE_AWAY;
    offer(w, "unskilled", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    offer(w, "away", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    offer(w, "nobody", false);
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_AGENT_NOT_FOUND);
    world_agent(w, "low", 1);
    w->c.row.level = 2;
    offer(w, "low", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

static void cool_down_ends(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    struct offer_row *o = world_offer(w, "ann");
    o->state = OFFER_STATE_DECLINED;
    o->decided_at = w->now_us;
    offer(w, "ann", false);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    w->now_us += w->policy->decline_cooldown_ms * 1000;
    offer(w, "ann", false);
    assert_written(w);
    world_free(w);
}

static void a_sole_agent_is_asked_again(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    struct offer_row *o = world_offer(w, "ann");
    o->state = OFFER_STATE_EXPIRED;
    o->decided_at = w->now_us;
    offer(w, "ann", true);
    assert_written(w);
    world_free(w);
}

/* An agent who asks for the case gets it, however many offers had no answer. */
static void a_case_of_many_offers_can_still_be_taken(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    while (w->c.offers.n < CASE_OFFERS_MAX) {
        struct offer_row *o = ROWS_ADD(&w->c.offers, struct offer_row, &w->arena);
        o->tenant_id = w->c.row.tenant_id;
        o->case_id = w->c.row.case_id;
        o->offer_id.b[0] = (uint8_t)(w->c.offers.n >> 8);
        o->offer_id.b[1] = (uint8_t)w->c.offers.n;
        o->agent_id = "bob";
        o->decline_reason = "";
        o->state = OFFER_STATE_EXPIRED;
        o->row.change = ROW_SAME;
    }
    assert_int_equal(offer(w, "ann", false), OFFER_CASE_FULL);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    request(w, "ann", world_uuid(w), false);
    assert_written(w);
    assert_string_equal(w->c.row.owner_id, "ann");
    world_free(w);
}

/* The reason is the agent, so the case keeps its place in the queue. */
static void a_refusal_for_the_agents_sake_says_so(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "unskilled", 1)->skills = "delivery:5";
    world_agent(w, "away", 1)->presence = PRESENCE_AWAY;
    world_agent(w, "full", 1)->capacity = 0;
    assert_int_equal(offer(w, "unskilled", false), OFFER_AGENT_UNFIT);
    assert_int_equal(offer(w, "away", false), OFFER_AGENT_AWAY);
    assert_int_equal(offer(w, "nobody", false), OFFER_AGENT_UNFIT);
    assert_int_equal(offer(w, "full", false), OFFER_AGENT_FULL);
    world_agent(w, "cooling", 1);
    struct offer_row *o = world_offer(w, "cooling");
    o->state = OFFER_STATE_DECLINED;
    o->decided_at = w->now_us;
    assert_int_equal(offer(w, "cooling", false), OFFER_AGENT_AWAY);
    world_agent(w, "ann", 1);
    assert_int_equal(offer(w, "ann", false), OFFER_WRITTEN);
    world_free(w);
}

/* The reason is the case, so its place in the queue is void. */
static void a_refusal_for_the_cases_sake_says_so(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct to stale = {.agent_id = "ann", .args.generation = 7};
    world_agent(w, "ann", 1);
    world_agent(w, "bob", 1);
    assert_int_equal(offer_with(w, &stale), OFFER_CASE_MOVED);
    assert_int_equal(offer(w, "ann", false), OFFER_WRITTEN);
    assert_int_equal(offer(w, "bob", false), OFFER_CASE_MOVED);
    world_own(w, "ann");
    assert_int_equal(offer(w, "bob", false), OFFER_CASE_MOVED);
    world_free(w);
}

/* Redis named a queue that the case has left since. The agent fits that queue, but not the case. */
static void a_case_in_another_queue_has_moved(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    const struct queue_row *q = ROW_AT(&w->c.queue, const struct queue_row, 0);
    struct to to = {.agent_id = "unskilled",
                    .args = {.generation = w->c.row.assignment_generation,
                             .level = q->level,
                             .signature = q->signature}};
    world_agent(w, "unskilled", 1)->skills = "delivery:5";
    assert_int_equal(offer_with(w, &to), OFFER_AGENT_UNFIT);
    to.args.signature = "s=delivery:2";
    assert_int_equal(offer_with(w, &to), OFFER_CASE_MOVED);
    to.args.signature = q->signature;
    to.args.level = q->level + 1;
    assert_int_equal(offer_with(w, &to), OFFER_CASE_MOVED);
    world_free(w);
}

/* When the command fails after it was decided, the earlier decision does not count. */
static void a_fault_of_the_machinery_is_no_decision(void **state)
{
    (void)state;
    enum offer_outcome outcome = OFFER_CASE_MOVED;
    const struct offer_case_args args = {.outcome = &outcome};
    struct command cmd = {.args = &args, .fault = {.code = FAULT_UNAVAILABLE}};
    assert_int_equal(offer_outcome_of(&cmd), OFFER_UNDECIDED);
    outcome = OFFER_UNDECIDED;
    cmd.fault.code = FAULT_NOT_FOUND; /* the case: found out before it is decided */
    assert_int_equal(offer_outcome_of(&cmd), OFFER_CASE_MOVED);
}

static void a_request_assigns_at_once(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    char *id = world_uuid(w);
    world_agent(w, "ann", 1)->presence = PRESENCE_OFFLINE;
    request(w, "ann", id, false);
    assert_written(w);
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_int_equal(w->c.row.status, CASE_STATUS_IN_PROGRESS);
    assert_int_equal(w->c.queue.n, 0);
    assert_int_equal(last_offer(w)->state, OFFER_STATE_ACCEPTED);
    assert_true(last_offer(w)->pulled);
    assert_true(uuid_eq(&last_offer(w)->offer_id, &w->cmd.result_id));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OWNER_CHANGED);
    request(w, "ann", id, false);
    assert_true(w->cmd.replayed);
    request(w, "ann", id, true);
    assert_refused(w, FAULT_ALREADY_EXISTS, ERROR_REASON_REQUEST_ID_REUSED);
    assert_chain_intact(w);
    world_free(w);
}

static void a_request_may_ask_for_an_offer_only(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    request(w, "ann", world_uuid(w), true);
    assert_written(w);
    assert_int_equal(last_offer(w)->state, OFFER_STATE_PENDING);
    assert_int_equal(w->c.row.owner_kind, OWNER_KIND_STEWARD);
    world_free(w);
}

static void only_agents_request(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    request(w, "crm", world_uuid(w), false);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_has_a_clock_and_leaves_the_queue),
        cmocka_unit_test(one_offer_at_a_time),
        cmocka_unit_test(stale_generation_is_refused),
        cmocka_unit_test(room_is_counted_cases_and_pending_offers),
        cmocka_unit_test(capacity_zero_gets_nothing),
        cmocka_unit_test(requirements_are_decided_again),
        cmocka_unit_test(cool_down_ends),
        cmocka_unit_test(a_sole_agent_is_asked_again),
        cmocka_unit_test(a_case_of_many_offers_can_still_be_taken),
        cmocka_unit_test(a_refusal_for_the_agents_sake_says_so),
        cmocka_unit_test(a_refusal_for_the_cases_sake_says_so),
        cmocka_unit_test(a_case_in_another_queue_has_moved),
        cmocka_unit_test(a_fault_of_the_machinery_is_no_decision),
        cmocka_unit_test(a_request_assigns_at_once),
        cmocka_unit_test(a_request_may_ask_for_an_offer_only),
        cmocka_unit_test(only_agents_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
