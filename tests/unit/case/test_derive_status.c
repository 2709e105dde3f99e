/* SPDX-License-Identifier: Apache-2.0 */

/* The derived status in every branch, the close gate behind it, and the queue item that goes with
 * it. */

#include "contract/word.h"
#include "contract/words.h"
#include "world.h"

static void add_contact(struct world *w, int direction, int outcome, int channel, int64_t at)
{
    struct contact_row *r = ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena);
    r->direction = (int16_t)direction;
    r->outcome = (int16_t)outcome;
    r->channel = (int16_t)channel;
    r->at = at;
}

static void add_act(struct world *w, int kind)
{
    struct act_row *act = ROWS_ADD(&w->c.acts, struct act_row, &w->arena);
    act->kind = (int16_t)kind;
    act->at = w->now_us;
}

static struct remedy_row *add_remedy(struct world *w, int state)
{
    struct remedy_row *r = ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena);
    r->state = (int16_t)state;
    r->kind = REMEDY_KIND_REFUND;
    r->fulfilled_at = state == REMEDY_STATE_FULFILLED ? w->now_us : 0;
    return r;
}

/* An agent's case on which everything but the remedy is done. */
static struct world *worked(void)
{
    struct world *w = world_with_case();
    w->c.row.owner_kind = OWNER_KIND_AGENT;
    w->c.row.owner_id = "ann";
    w->c.row.root_cause_at = 1;
    add_contact(w, CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE, w->now_us);
    add_act(w, ACT_KIND_APOLOGY);
    return w;
}

static void assert_status(struct world *w, int status)
{
    assert_string_equal(contract_word(CASE_STATUS_WORDS, case_derive_status(&w->c, w->policy)),
                        contract_word(CASE_STATUS_WORDS, status));
    world_free(w);
}

static void steward_owns_open(void **state)
{
    (void)state;
    struct world *w = worked();
    w->c.row.owner_kind = OWNER_KIND_STEWARD;
    add_remedy(w, REMEDY_STATE_PENDING_APPROVAL);
    assert_status(w, CASE_STATUS_OPEN);
}

static void open_approval_comes_first(void **state)
{
    (void)state;
    struct world *w = worked();
    w->c.row.root_cause_at = 0;
    add_remedy(w, REMEDY_STATE_PENDING_APPROVAL);
    add_remedy(w, REMEDY_STATE_ACCEPTED);
    assert_status(w, CASE_STATUS_AWAITING_APPROVAL);
}

static void nothing_done_is_in_progress(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.owner_kind = OWNER_KIND_AGENT;
    assert_status(w, CASE_STATUS_IN_PROGRESS);
}

static void no_remedy_is_for_the_owner(void **state)
{
    (void)state;
    assert_status(worked(), CASE_STATUS_IN_PROGRESS);
}

static void offered_waits_for_the_customer(void **state)
{
    (void)state;
    struct world *w = worked();
    add_remedy(w, REMEDY_STATE_OFFERED);
    assert_status(w, CASE_STATUS_AWAITING_CUSTOMER);
}

static void accepted_waits_for_fulfilment(void **state)
{
    (void)state;
    static const int owed[] = {REMEDY_STATE_ACCEPTED, REMEDY_STATE_FULFILLING};
    for (size_t i = 0; i < 2; i++) {
        struct world *w = worked();
        add_remedy(w, REMEDY_STATE_OFFERED);
        add_remedy(w, owed[i]);
        assert_status(w, CASE_STATUS_AWAITING_FULFILMENT);
    }
}

static void what_only_the_owner_can_do_comes_before_waiting(void **state)
{
    (void)state;
    for (int what = 0; what < 4; what++) {
        struct world *w = worked();
        add_remedy(w, REMEDY_STATE_ACCEPTED);
        if (what == 0)
            w->c.row.root_cause_at = 0;
        else if (what == 1)
            w->c.acts.n = 0;
        else if (what == 2)
            w->c.contacts.n = 0;
        else
            add_remedy(w, REMEDY_STATE_APPROVED);
        assert_status(w, CASE_STATUS_IN_PROGRESS);
    }
}

static void ended_remedies_leave_it_to_the_owner(void **state)
{
    (void)state;
    static const int ended[] = {
        REMEDY_STATE_REJECTED,  REMEDY_STATE_DECLINED, REMEDY_STATE_COUNTERED, REMEDY_STATE_EXPIRED,
        REMEDY_STATE_FULFILLED, REMEDY_STATE_FAILED,   REMEDY_STATE_REVERSED};
    for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
        struct world *w = worked();
        add_remedy(w, ended[i]);
        assert_status(w, CASE_STATUS_IN_PROGRESS);
    }
}

static void an_open_offer_beside_a_fulfilled_remedy_waits(void **state)
{
    (void)state;
    struct world *w = worked();
    add_remedy(w, REMEDY_STATE_FULFILLED);
    add_remedy(w, REMEDY_STATE_OFFERED);
    assert_status(w, CASE_STATUS_AWAITING_CUSTOMER);
}

/* -- the gate ---------------------------------------------------------------------------------- */

static void gate_lists_everything_at_first(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    assert_int_equal(case_gate_missing(&w->c, w->policy),
                     GATE_CONTACT | GATE_ROOT_CAUSE | GATE_ACT | GATE_REMEDY_OR_DENIAL);
    world_free(w);
}

static void gate_passes_with_remedy_or_denial(void **state)
{
    (void)state;
    struct world *w = worked();
    assert_int_equal(case_gate_missing(&w->c, w->policy), GATE_REMEDY_OR_DENIAL);
    w->c.row.denial_disclosed_at = w->now_us;
    assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    w->c.row.denial_disclosed_at = 0;
    struct remedy_row *r = add_remedy(w, REMEDY_STATE_FULFILLED);
    assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    r->state = REMEDY_STATE_FULFILLING;
    assert_int_equal(case_gate_missing(&w->c, w->policy),
                     GATE_REMEDY_OR_DENIAL | GATE_UNFULFILLED_REMEDY);
    world_free(w);
}

static void thanks_alone_is_no_apology(void **state)
{
    (void)state;
    struct world *w = worked();
    w->c.acts.n = 0;
    add_act(w, ACT_KIND_THANKS);
    assert_true(case_gate_missing(&w->c, w->policy) & GATE_ACT);
    add_act(w, ACT_KIND_EXPLANATION);
    assert_false(case_gate_missing(&w->c, w->policy) & GATE_ACT);
    w->c.acts.n = 0;
    w->policy->acts_any_of = 0;
    assert_false(case_gate_missing(&w->c, w->policy) & GATE_ACT);
    world_free(w);
}

static bool contact_missing(struct world *w)
{
    return case_gate_missing(&w->c, w->policy) & GATE_CONTACT;
}

static void only_outbound_reached_counts_as_reached(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    add_contact(w, CONTACT_DIRECTION_INBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE, w->now_us);
    add_contact(w, CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_VOICEMAIL, CHANNEL_PHONE, w->now_us);
    assert_true(contact_missing(w));
    add_contact(w, CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE, w->now_us);
    assert_false(contact_missing(w));
    world_free(w);
}

static void unreachable_needs_attempts_channels_and_time(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    const int out = CONTACT_DIRECTION_OUTBOUND;
    add_contact(w, out, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE, w->now_us);
    add_contact(w, out, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE, w->now_us + 5 * DAY_US);
    add_contact(w, CONTACT_DIRECTION_INBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_EMAIL, w->now_us);
    assert_true(contact_missing(w)); /* two attempts, one channel */
    ROW_AT(&w->c.contacts, struct contact_row, 0)->channel = CHANNEL_EMAIL;
    assert_true(contact_missing(w)); /* two attempts */
    ROW_AT(&w->c.contacts, struct contact_row, 0)->channel = CHANNEL_PHONE;
    add_contact(w, out, CONTACT_OUTCOME_VOICEMAIL, CHANNEL_PHONE, w->now_us + DAY_US);
    assert_true(contact_missing(w)); /* one channel */
    add_contact(w, out, CONTACT_OUTCOME_BOUNCED, CHANNEL_EMAIL, w->now_us + DAY_US);
    assert_false(contact_missing(w));
    ROW_AT(&w->c.contacts, struct contact_row, 1)->at--;
    assert_true(contact_missing(w)); /* a microsecond short of five days */
    world_free(w);
}

/* -- settling ---------------------------------------------------------------------------------- */

static void queue_item_goes_with_the_steward(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    const struct queue_row *q = ROW_AT(&w->c.queue, struct queue_row, 0);
    assert_int_equal(w->c.queue.n, 1);
    assert_int_equal(q->level, 1);
    assert_int_equal(q->generation, 1);
    assert_int_equal(q->since, w->now_us);
    assert_int_equal(q->score_ms, w->now_us / 1000 - w->c.row.boost_ms);
    assert_true(w->c.row.boost_ms > 0);
    world_own(w, "ann");
    assert_int_equal(w->c.queue.n, 0);
    assert_int_equal(w->c.row.status, CASE_STATUS_IN_PROGRESS);
    world_free(w);
}

static void an_offered_case_is_in_no_levels_queue(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    int64_t since = w->now_us;
    w->now_us += HOUR_US;
    (void)world_offer(w, "ann");
    case_refresh(world_decision(w, "crm"));
    struct queue_row *q = ROW_AT(&w->c.queue, struct queue_row, 0);
    assert_int_equal(q->level, 0);
    assert_int_equal(q->since, since);
    ROW_AT(&w->c.offers, struct offer_row, 0)->state = OFFER_STATE_DECLINED;
    case_refresh(world_decision(w, "crm"));
    assert_int_equal(q->level, 1);
    assert_int_equal(q->score_ms, since / 1000 - w->c.row.boost_ms);
    world_free(w);
}

static void settling_twice_changes_nothing(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct decision *d = world_decision(w, "crm");
    case_refresh(d);
    assert_int_equal(w->c.row.row.change, ROW_SAME);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->row.change, ROW_SAME);
    world_free(w);
}

static void back_to_the_steward_is_back_in_the_queue(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_own(w, "ann");
    w->now_us += HOUR_US;
    struct decision *d = world_decision(w, "crm");
    case_set_owner(d, OWNER_KIND_STEWARD, "steward", NULL, OWNER_ACCEPTED);
    world_commit(w);
    assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
    assert_int_equal(w->c.queue.n, 1);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->since, w->now_us);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->generation, 3);
    /* There and back in one decision: the row is there again. */
    d = world_decision(w, "crm");
    case_set_owner(d, OWNER_KIND_AGENT, "ann", NULL, OWNER_ACCEPTED);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->row.change, ROW_GONE);
    case_set_owner(d, OWNER_KIND_STEWARD, "steward", NULL, OWNER_ACCEPTED);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->row.change, ROW_CHANGED);
    world_free(w);
}

static void resolved_and_final_cases_keep_their_status(void **state)
{
    (void)state;
    for (int status = CASE_STATUS_RESOLVED; status <= CASE_STATUS_MERGED; status++) {
        struct world *w = world_with_case();
        struct decision *d = world_decision(w, "crm");
        w->c.row.status = (int16_t)status;
        case_refresh(d);
        assert_int_equal(w->c.row.status, status);
        assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->row.change, ROW_GONE);
        world_free(w);
    }
}

static struct promise_row *add_promise(struct world *w, int state)
{
    struct promise_row *p = ROWS_ADD(&w->c.promises, struct promise_row, &w->arena);
    p->state = (int16_t)state;
    p->kind = PROMISE_KIND_CALL_BACK;
    p->made_by = p->settled_by = p->description = "";
    return p;
}

static void an_open_promise_keeps_the_gate_shut(void **state)
{
    (void)state;
    struct world *w = worked();
    add_remedy(w, REMEDY_STATE_FULFILLED);
    struct promise_row *p = add_promise(w, PROMISE_STATE_OPEN);
    assert_int_equal(case_gate_missing(&w->c, w->policy), GATE_OPEN_PROMISE);
    static const int settled[] = {PROMISE_STATE_KEPT, PROMISE_STATE_BROKEN,
                                  PROMISE_STATE_RENEGOTIATED};
    for (size_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++) {
        p->state = (int16_t)settled[i];
        assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    }
    world_free(w);
}

static void a_round_asks_for_records_of_its_own(void **state)
{
    (void)state;
    struct world *w = worked();
    add_remedy(w, REMEDY_STATE_FULFILLED);
    w->c.row.denial_disclosed_at = w->now_us;
    assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    w->c.row.round = 2;
    w->c.row.round_since = w->now_us + 1;
    assert_int_equal(case_gate_missing(&w->c, w->policy),
                     GATE_CONTACT | GATE_ACT | GATE_REMEDY_OR_DENIAL);
    ROWS_EACH (act, struct act_row, &w->c.acts)
        act->at = w->now_us + 1; /* said again; the root cause carries over */
    add_contact(w, CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE,
                w->now_us + 1);
    assert_int_equal(case_gate_missing(&w->c, w->policy), GATE_REMEDY_OR_DENIAL);
    add_remedy(w, REMEDY_STATE_FULFILLED)->fulfilled_at = w->now_us + 1;
    assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    world_free(w);
}

static void a_promise_is_the_owners_to_keep_unless_it_comes_by_itself(void **state)
{
    (void)state;
    static const struct {
        int kind, remedy, status;
    } cases[] = {
        {PROMISE_KIND_CALL_BACK, REMEDY_STATE_OFFERED, CASE_STATUS_IN_PROGRESS},
        {PROMISE_KIND_CALL_BACK, REMEDY_STATE_ACCEPTED, CASE_STATUS_IN_PROGRESS},
        {PROMISE_KIND_VISIT, REMEDY_STATE_FULFILLING, CASE_STATUS_IN_PROGRESS},
        {PROMISE_KIND_DELIVERY, REMEDY_STATE_ACCEPTED, CASE_STATUS_AWAITING_FULFILMENT},
        {PROMISE_KIND_PAYMENT, REMEDY_STATE_FULFILLED, CASE_STATUS_AWAITING_FULFILMENT},
        {PROMISE_KIND_PAYMENT, REMEDY_STATE_PROPOSED, CASE_STATUS_IN_PROGRESS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = worked();
        add_remedy(w, cases[i].remedy);
        add_promise(w, PROMISE_STATE_OPEN)->kind = (int16_t)cases[i].kind;
        assert_status(w, cases[i].status);
    }
    struct world *w = worked();
    add_remedy(w, REMEDY_STATE_OFFERED);
    add_promise(w, PROMISE_STATE_KEPT);
    assert_status(w, CASE_STATUS_AWAITING_CUSTOMER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steward_owns_open),
        cmocka_unit_test(open_approval_comes_first),
        cmocka_unit_test(nothing_done_is_in_progress),
        cmocka_unit_test(no_remedy_is_for_the_owner),
        cmocka_unit_test(offered_waits_for_the_customer),
        cmocka_unit_test(accepted_waits_for_fulfilment),
        cmocka_unit_test(what_only_the_owner_can_do_comes_before_waiting),
        cmocka_unit_test(ended_remedies_leave_it_to_the_owner),
        cmocka_unit_test(an_open_offer_beside_a_fulfilled_remedy_waits),
        cmocka_unit_test(gate_lists_everything_at_first),
        cmocka_unit_test(gate_passes_with_remedy_or_denial),
        cmocka_unit_test(thanks_alone_is_no_apology),
        cmocka_unit_test(only_outbound_reached_counts_as_reached),
        cmocka_unit_test(unreachable_needs_attempts_channels_and_time),
        cmocka_unit_test(queue_item_goes_with_the_steward),
        cmocka_unit_test(an_offered_case_is_in_no_levels_queue),
        cmocka_unit_test(settling_twice_changes_nothing),
        cmocka_unit_test(back_to_the_steward_is_back_in_the_queue),
        cmocka_unit_test(resolved_and_final_cases_keep_their_status),
        cmocka_unit_test(a_promise_is_the_owners_to_keep_unless_it_comes_by_itself),
        cmocka_unit_test(an_open_promise_keeps_the_gate_shut),
        cmocka_unit_test(a_round_asks_for_records_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
