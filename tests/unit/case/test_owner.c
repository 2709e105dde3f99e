/* SPDX-License-Identifier: Apache-2.0 */

/* The one owner rule: generation, offers, clocks, transfers, one event; and who may act. */

#include <string.h>

#include "contract/reasons.h"
#include "world.h"

static struct clock_row *offer_clock(struct world *w, size_t i)
{
    return clock_of_subject(&w->c, &ROW_AT(&w->c.offers, struct offer_row, i)->offer_id);
}

static void accepting_rescinds_every_other_offer(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    for (int i = 0; i < 3; i++)
        (void)world_offer(w, i == 1 ? "ann" : "bob");
    size_t events = w->events.n;
    w->now_us += 1000;
    struct decision *d = world_decision(w, "ann");
    struct offer_row *mine = ROW_AT(&w->c.offers, struct offer_row, 1);
    case_set_owner(d, OWNER_KIND_AGENT, "ann", mine, OWNER_ACCEPTED);
    world_commit(w);

    assert_int_equal(w->c.row.owner_kind, OWNER_KIND_AGENT);
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_int_equal(w->c.row.owner_since, w->now_us);
    assert_int_equal(w->c.row.assignment_generation, 2);
    static const int expected[] = {OFFER_STATE_RESCINDED, OFFER_STATE_ACCEPTED,
                                   OFFER_STATE_RESCINDED};
    for (size_t i = 0; i < 3; i++) {
        const struct offer_row *o = ROW_AT(&w->c.offers, struct offer_row, i);
        assert_int_equal(o->state, expected[i]);
        assert_int_equal(o->decided_at, w->now_us);
        assert_int_equal(offer_clock(w, i)->state, CLOCK_STATE_CANCELLED);
        assert_int_equal(offer_clock(w, i)->stopped_at, w->now_us);
    }
    assert_int_equal(w->events.n, events + 1);
    const struct event_row *e = world_event(w, 0);
    const Amends__V1__EventDetail *detail = world_detail(w, e);
    assert_int_equal(e->kind, EVENT_KIND_OWNER_CHANGED);
    assert_string_equal(e->actor, "ann");
    assert_string_equal(detail->owner->id, "ann");
    assert_int_equal(detail->owner->assignment_generation, 2);
    assert_int_equal(detail->offer->state, OFFER_STATE_ACCEPTED);
    assert_string_equal(detail->cause, "accepted");
    assert_int_equal(detail->n_clocks, 3);
    assert_int_equal(detail->status, CASE_STATUS_IN_PROGRESS);
    assert_chain_intact(w);
    world_free(w);
}

static void an_offer_marked_before_is_accepted_all_the_same(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct offer_row *o = world_offer(w, "ann");
    struct decision *d = world_decision(w, "ann");
    o->state = OFFER_STATE_ACCEPTED;
    case_set_owner(d, OWNER_KIND_AGENT, "ann", o, OWNER_ACCEPTED);
    assert_int_equal(o->state, OFFER_STATE_ACCEPTED);
    assert_int_equal(offer_clock(w, 0)->state, CLOCK_STATE_CANCELLED);
    world_free(w);
}

static void answered_offers_are_left_alone(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct offer_row *o = world_offer(w, "bob");
    o->state = OFFER_STATE_DECLINED;
    o->decided_at = 5;
    world_own(w, "ann");
    assert_int_equal(ROW_AT(&w->c.offers, struct offer_row, 0)->state, OFFER_STATE_DECLINED);
    assert_int_equal(ROW_AT(&w->c.offers, struct offer_row, 0)->decided_at, 5);
    world_free(w);
}

static void transfers_are_counted_between_agents_only(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_own(w, "ann");
    assert_int_equal(w->c.row.transfers, 0);
    world_own(w, "bob");
    assert_int_equal(w->c.row.transfers, 1);
    world_own(w, "bob");
    assert_int_equal(w->c.row.transfers, 1);
    struct decision *d = world_decision(w, "bob");
    case_set_owner(d, OWNER_KIND_STEWARD, "steward", NULL, OWNER_REASSIGNED);
    world_commit(w);
    assert_string_equal(world_event(w, 0)->actor, SYSTEM_ACTOR);
    world_own(w, "ann");
    assert_int_equal(w->c.row.transfers, 1);
    assert_int_equal(w->c.row.assignment_generation, 6);
    assert_chain_intact(w);
    world_free(w);
}

/* -- who may act ------------------------------------------------------------------------------- */

static bool may(struct world *w, const char *principal)
{
    struct decision *d = world_decision(w, principal);
    bool ok = case_require_owner(d);
    if (!ok) {
        assert_int_equal(d->cmd->fault.code, FAULT_PERMISSION_DENIED);
        assert_int_equal(d->cmd->fault.reason, ERROR_REASON_NOT_THE_OWNER);
    }
    return ok;
}

static void the_owner_or_a_level_above(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)world_agent(w, "ann", 1);
    (void)world_agent(w, "bob", 1);
    (void)world_agent(w, "lea", 2);
    assert_false(may(w, "ann")); /* with the steward: nobody of the level */
    assert_true(may(w, "lea"));
    world_own(w, "ann");
    assert_true(may(w, "ann"));
    assert_false(may(w, "bob"));
    assert_true(may(w, "lea"));
    assert_false(may(w, "crm"));
    w->c.row.level = 2;
    assert_true(may(w, "ann"));
    assert_false(may(w, "lea"));
    world_free(w);
}

static void a_steward_named_like_an_agent_is_still_a_steward(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)world_agent(w, "steward", 1);
    assert_false(may(w, "steward"));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepting_rescinds_every_other_offer),
        cmocka_unit_test(an_offer_marked_before_is_accepted_all_the_same),
        cmocka_unit_test(answered_offers_are_left_alone),
        cmocka_unit_test(transfers_are_counted_between_agents_only),
        cmocka_unit_test(the_owner_or_a_level_above),
        cmocka_unit_test(a_steward_named_like_an_agent_is_still_a_steward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
