/* SPDX-License-Identifier: Apache-2.0 */

/* A case's whole life, its status after every step; and the same life
 * twice gives the same bytes. */

#include <string.h>

#include "contract/reasons.h"
#include "contract/word.h"
#include "contract/words.h"
#include "rig.h"

static void assert_status(const struct world *w, int status)
{
    assert_written(w);
    assert_string_equal(contract_word(CASE_STATUS_WORDS, w->c.row.status),
                        contract_word(CASE_STATUS_WORDS, status));
    const Amends__V1__Case *c = w->case_after;
    assert_int_equal(c->status, status);
    assert_int_equal(c->version, w->c.row.last_seq);
}

/* From signal to proof. Leaves the closed case. */
static struct world *live(void)
{
    struct world *w = world_new();
    (void)world_agent(w, "ann", 1);
    rig_open(w, rig_open_request(w));
    assert_status(w, CASE_STATUS_OPEN);
    w->now_us += HOUR_US;
    rig_open(w, rig_open_request(w)); /* called again */
    assert_status(w, CASE_STATUS_OPEN);
    (void)world_offer(w, "ann");
    struct decision *d = world_decision(w, "ann");
    case_set_owner(d, OWNER_KIND_AGENT, "ann", ROW_AT(&w->c.offers, struct offer_row, 0),
                   OWNER_ACCEPTED);
    world_commit(w);
    w->now_us += HOUR_US;
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    assert_status(w, CASE_STATUS_IN_PROGRESS);
    rig_act(w, "ann", ACT_KIND_APOLOGY);
    rig_root_cause(w, "ann", "process.handover");
    assert_status(w, CASE_STATUS_IN_PROGRESS);
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 40);
    assert_status(w, CASE_STATUS_AWAITING_CUSTOMER);
    struct uuid refund = w->cmd.result_id;
    rig_answer(w, "ann", &refund, CUSTOMER_ANSWER_COUNTERED);
    assert_status(w, CASE_STATUS_IN_PROGRESS);
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 60);
    refund = w->cmd.result_id;
    rig_answer(w, "ann", &refund, CUSTOMER_ANSWER_ACCEPTED);
    assert_status(w, CASE_STATUS_AWAITING_FULFILMENT);
    rig_fulfil(w, "crm", &refund, FULFILMENT_OUTCOME_STARTED, "");
    assert_status(w, CASE_STATUS_AWAITING_FULFILMENT);
    rig_fulfil(w, "crm", &refund, FULFILMENT_OUTCOME_FULFILLED, "refund-9");
    assert_status(w, CASE_STATUS_IN_PROGRESS);
    w->now_us += DAY_US;
    rig_resolve(w, "ann");
    assert_status(w, CASE_STATUS_RESOLVED);
    rig_close(w, "ann");
    assert_status(w, CASE_STATUS_CLOSED);
    return w;
}

static void from_signal_to_proof(void **state)
{
    (void)state;
    struct world *w = live();
    assert_chain_intact(w);
    assert_int_equal(w->c.row.last_seq, w->events.n);
    assert_int_equal(w->c.queue.n, 0);
    assert_int_equal(w->c.row.level, 1);
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        assert_true(k->state == CLOCK_STATE_MET || k->state == CLOCK_STATE_CANCELLED);
    rig_act(w, "ann", ACT_KIND_THANKS);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

static void the_same_life_gives_the_same_bytes(void **state)
{
    (void)state;
    struct world *one = live();
    struct world *two = live();
    assert_memory_equal(one->c.row.last_hash.data, two->c.row.last_hash.data, 32);
    world_free(one);
    world_free(two);
}

static void a_failed_fulfilment_is_the_owners_again(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_act(w, "ann", ACT_KIND_APOLOGY);
    rig_root_cause(w, "ann", "process.handover");
    rig_propose(w, "ann", REMEDY_KIND_REPLACEMENT, "", 0);
    struct uuid id = w->cmd.result_id;
    rig_answer(w, "ann", &id, CUSTOMER_ANSWER_ACCEPTED);
    assert_status(w, CASE_STATUS_AWAITING_FULFILMENT);
    rig_fulfil(w, "crm", &id, FULFILMENT_OUTCOME_FAILED, "lost in transit");
    assert_status(w, CASE_STATUS_IN_PROGRESS);
    rig_propose(w, "ann", REMEDY_KIND_REPLACEMENT, "", 0); /* a failed one may be replaced */
    assert_status(w, CASE_STATUS_AWAITING_CUSTOMER);
    assert_chain_intact(w);
    world_free(w);
}

/* Every event kind's public part, written by real commands, holds none of the words people said. */
static void no_event_tells_what_was_said(void **state)
{
    (void)state;
    static const char *const said[] = {"charged twice", "we spoke",      "we are sorry",
                                       "nobody looked", "what was paid", "fine by me"};
    struct world *w = live();
    ROWS_EACH (e, const struct event_row, &w->events)
        for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
            if (memmem(e->public_body.data, e->public_body.len, said[i], strlen(said[i])))
                fail_msg("event %lld of kind %d tells '%s'", (long long)e->seq, e->kind, said[i]);
    assert_int_equal(w->privates.n, 9);
    world_free(w);
}

static void replays_answer_and_write_nothing(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    Amends__V1__ProposeRemedyRequest r = AMENDS__V1__PROPOSE_REMEDY_REQUEST__INIT;
    char id[UUID_TEXT_LEN + 1];
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, id);
    r.kind = REMEDY_KIND_REFUND;
    r.amount = rig_money(w, "USD", 100);
    world_run(w, &propose_remedy_kind, "ann", &r.base);
    assert_written(w);
    struct uuid made = w->cmd.result_id;
    size_t events = w->events.n;
    world_run(w, &propose_remedy_kind, "ann", &r.base); /* else beyond authority by now */
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_true(w->cmd.replayed);
    assert_true(uuid_eq(&w->cmd.result_id, &made));
    assert_int_equal(w->events.n, events);
    assert_int_equal(w->c.remedies.n, 1);
    assert_int_equal(w->case_after->n_remedies, 1);
    world_run(w, &propose_remedy_kind, "bob", &r.base); /* request ids are the principal's own */
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_ALREADY_COMPENSATED);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_signal_to_proof),
        cmocka_unit_test(the_same_life_gives_the_same_bytes),
        cmocka_unit_test(a_failed_fulfilment_is_the_owners_again),
        cmocka_unit_test(no_event_tells_what_was_said),
        cmocka_unit_test(replays_answer_and_write_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
