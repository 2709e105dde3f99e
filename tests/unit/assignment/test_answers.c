/* SPDX-License-Identifier: Apache-2.0 */

/* AcceptOffer and DeclineOffer: one winner, whoever else tries. */

#include "contract/reasons.h"
#include "world.h"

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"

static void own_row(struct command *cmd, void *ctx)
{
    (void)ctx;
    cmd->agent_id = cmd->principal;
}

static char *case_text(struct world *w)
{
    return uuid_format(&w->c.row.case_id, arena_must(&w->arena, UUID_TEXT_LEN + 1));
}

static void accept_id(struct world *w, const char *agent_id, char *request_id, char *offer_id)
{
    Amends__V1__AcceptOfferRequest r = AMENDS__V1__ACCEPT_OFFER_REQUEST__INIT;
    r.request_id = request_id;
    r.case_id = case_text(w);
    r.offer_id = offer_id;
    world_run_with(w, &accept_offer_kind, agent_id, &r.base, own_row, NULL);
}

static char *offer_text(struct world *w, const struct offer_row *o)
{
    return uuid_format(&o->offer_id, arena_must(&w->arena, UUID_TEXT_LEN + 1));
}

static void accept(struct world *w, const char *agent_id, const struct offer_row *o)
{
    accept_id(w, agent_id, world_uuid(w), offer_text(w, o));
}

static void decline(struct world *w, const char *agent_id, const struct offer_row *o)
{
    Amends__V1__DeclineOfferRequest r = AMENDS__V1__DECLINE_OFFER_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_text(w);
    r.offer_id = offer_text(w, o);
    r.reason = arena_strdup(&w->arena, "no parking"); /* borrowed by the row, like a call's */
    world_run_with(w, &decline_offer_kind, agent_id, &r.base, own_row, NULL);
}

static const struct offer_row *offer_at(const struct world *w, size_t i)
{
    return ROW_AT(&w->c.offers, const struct offer_row, i);
}

static void accepting_makes_the_owner(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    world_offer(w, "ann");
    accept(w, "ann", offer_at(w, 0));
    assert_written(w);
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_int_equal(w->c.row.assignment_generation, 2);
    assert_int_equal(offer_at(w, 0)->state, OFFER_STATE_ACCEPTED);
    assert_int_equal(clock_of_subject(&w->c, &offer_at(w, 0)->offer_id)->state,
                     CLOCK_STATE_CANCELLED);
    assert_int_equal(w->c.queue.n, 0);
    assert_chain_intact(w);
    world_free(w);
}

static void a_second_accept_is_late(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    world_offer(w, "ann");
    accept(w, "ann", offer_at(w, 0));
    accept(w, "ann", offer_at(w, 0));
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_OFFER_STATE);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "state"), "ACCEPTED");
    world_free(w);
}

static void a_repeated_accept_is_a_replay(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    char *id = world_uuid(w);
    world_agent(w, "ann", 1);
    world_offer(w, "ann");
    accept_id(w, "ann", id, offer_text(w, offer_at(w, 0)));
    assert_written(w);
    accept_id(w, "ann", id, offer_text(w, offer_at(w, 0)));
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_true(w->cmd.replayed);
    assert_int_equal(w->c.row.assignment_generation, 2);
    world_free(w);
}

static void accepting_at_the_deadline_is_too_late(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    world_offer(w, "ann");
    w->now_us = offer_at(w, 0)->expires_at;
    accept(w, "ann", offer_at(w, 0));
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_OFFER_STATE);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "state"), "EXPIRED");
    w->now_us--;
    accept(w, "ann", offer_at(w, 0));
    assert_written(w);
    world_free(w);
}

static void the_winner_rescinds_the_other_offers(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    world_agent(w, "bob", 1);
    world_offer(w, "ann");
    world_offer(w, "bob");
    accept(w, "bob", offer_at(w, 1));
    assert_written(w);
    assert_int_equal(offer_at(w, 0)->state, OFFER_STATE_RESCINDED);
    accept(w, "ann", offer_at(w, 0));
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_OFFER_STATE);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "state"), "RESCINDED");
    assert_string_equal(w->c.row.owner_id, "bob");
    world_free(w);
}

static void offers_of_others(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    world_agent(w, "bob", 1);
    world_offer(w, "ann");
    accept(w, "bob", offer_at(w, 0));
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_YOUR_OFFER);
    accept(w, "crm", offer_at(w, 0));
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    accept_id(w, "ann", world_uuid(w), world_uuid(w));
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_OFFER_NOT_FOUND);
    world_free(w);
}

static void declining_puts_it_back(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    const int64_t score_ms = ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms;
    struct agent_row *ann = world_agent(w, "ann", 1);
    world_offer(w, "ann");
    w->now_us += 1000000;
    decline(w, "ann", offer_at(w, 0));
    assert_written(w);
    assert_int_equal(offer_at(w, 0)->state, OFFER_STATE_DECLINED);
    assert_string_equal(offer_at(w, 0)->decline_reason, "no parking");
    assert_int_equal(clock_of_subject(&w->c, &offer_at(w, 0)->offer_id)->state,
                     CLOCK_STATE_CANCELLED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OFFER_DECLINED);
    struct slice body = world_event(w, 0)->public_body;
    struct slice personal = ROW_AT(&w->privates, struct event_private_row, w->privates.n - 1)->body;
    assert_null(memmem(body.data, body.len, "parking", 7)); /* it may tell of the customer */
    assert_non_null(memmem(personal.data, personal.len, "no parking", 10));
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->level, 1);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms, score_ms);
    assert_int_equal(ann->idle_since, w->now_us);
    accept(w, "ann", offer_at(w, 0));
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_OFFER_STATE);
    assert_chain_intact(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepting_makes_the_owner),
        cmocka_unit_test(a_second_accept_is_late),
        cmocka_unit_test(a_repeated_accept_is_a_replay),
        cmocka_unit_test(accepting_at_the_deadline_is_too_late),
        cmocka_unit_test(the_winner_rescinds_the_other_offers),
        cmocka_unit_test(offers_of_others),
        cmocka_unit_test(declining_puts_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
