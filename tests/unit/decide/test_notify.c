/* SPDX-License-Identifier: Apache-2.0 */

/* Who is told of what: one test for each story in which somebody must not be left untold. */

#include <string.h>

#include "case/notify.h"
#include "rig.h"

#define IN CONTACT_DIRECTION_INBOUND
#define OUT CONTACT_DIRECTION_OUTBOUND

static const struct notification_row *told(const struct world *w, size_t i)
{
    return ROW_AT(&w->notifications, const struct notification_row, i);
}

/* The only notification since `from` to this recipient. */
static const struct notification_row *told_to(const struct world *w, size_t from, const char *who)
{
    const struct notification_row *found = NULL;
    for (size_t i = from; i < w->notifications.n; i++) {
        if (strcmp(told(w, i)->recipient, who) != 0)
            continue;
        assert_null(found);
        found = told(w, i);
    }
    if (!found)
        fail_msg("%s was not told", who);
    return found;
}

static void assert_untold(const struct world *w, size_t from, const char *who)
{
    for (size_t i = from; i < w->notifications.n; i++)
        assert_string_not_equal(told(w, i)->recipient, who);
}

static void assert_says(const struct notification_row *n, int kind, int cause, int ask)
{
    assert_int_equal(n->kind, kind);
    assert_int_equal(n->cause, cause);
    assert_int_equal(n->ask, ask);
    assert_true(n->seq > 0);
    assert_true(n->level > 0);
    assert_int_equal(n->state, NOTIFICATION_PENDING);
    assert_string_equal(n->acknowledged_by, "");
}

/* The event that a notification names. */
static int event_kind_of(const struct world *w, const struct notification_row *n)
{
    ROWS_EACH (e, const struct event_row, &w->events)
        if (e->seq == n->seq)
            return e->kind;
    return 0;
}

static void an_owner_learns_that_the_executive_desk_took_over(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->c.row.level = 3;
    const size_t from = w->notifications.n;
    rig_escalate(w, "lea", 4);
    assert_written(w);
    const struct notification_row *n = told_to(w, from, "ann");
    assert_says(n, NOTIFICATION_KIND_TAKEN_AWAY, NOTIFICATION_CAUSE_TAKEN_OVER,
                NOTIFICATION_ASK_NOTHING);
    assert_int_equal(event_kind_of(w, n), EVENT_KIND_OWNER_CHANGED);
    assert_true(n->urgent); /* at the top everything is */
    n = told_to(w, from, "steward-executive");
    assert_says(n, NOTIFICATION_KIND_ESCALATION, NOTIFICATION_CAUSE_HAND,
                NOTIFICATION_ASK_ACKNOWLEDGE);
    assert_int_equal(event_kind_of(w, n), EVENT_KIND_ESCALATED);
    world_free(w);
}

static void an_owner_learns_that_somebody_escalated_the_case(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    size_t from = w->notifications.n;
    rig_escalate(w, "bob", 2);
    assert_written(w);
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_ESCALATION, NOTIFICATION_CAUSE_HAND,
                NOTIFICATION_ASK_NOTHING);
    assert_true(told_to(w, from, "steward-lead")->urgent);
    from = w->notifications.n;
    rig_escalate(w, "ann", 3);
    assert_untold(w, from, "ann"); /* she did it herself, and keeps it */
    world_free(w);
}

static void a_warning_and_a_breach_say_what_they_ask(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    const size_t from = w->notifications.n;
    world_fire_until(w, w->now_us + 55 * HOUR_US); /* 75 % of three days */
    const struct notification_row *n = told_to(w, from, "ann");
    assert_says(n, NOTIFICATION_KIND_THRESHOLD, NOTIFICATION_CAUSE_WARNING,
                NOTIFICATION_ASK_MEET_DEADLINE);
    assert_false(n->urgent);
    assert_int_equal(n->threshold, 75);
    assert_int_equal(event_kind_of(w, n), EVENT_KIND_CLOCK_THRESHOLD);
    assert_untold(w, from, "steward");
    world_free(w);

    w = rig_owned();
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    world_fire_until(w, w->now_us + 71 * HOUR_US);
    const size_t late = w->notifications.n;
    world_fire_until(w, w->now_us + 90 * 60 * 1000000LL);
    n = told(w, late);
    assert_string_equal(n->recipient, "steward-lead");
    assert_says(n, NOTIFICATION_KIND_ESCALATION, NOTIFICATION_CAUSE_BREACH,
                NOTIFICATION_ASK_ACKNOWLEDGE);
    assert_true(n->urgent);
    assert_int_equal(event_kind_of(w, n), EVENT_KIND_CLOCK_BREACHED);
    n = told(w, late + 1);
    assert_string_equal(n->recipient, "ann");
    assert_says(n, NOTIFICATION_KIND_ESCALATION, NOTIFICATION_CAUSE_BREACH,
                NOTIFICATION_ASK_ACT_NOW);
    world_free(w);
}

static void an_owner_is_told_that_the_customer_wrote(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    size_t from = w->notifications.n;
    rig_contact(w, "bob", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_EMAIL);
    const struct notification_row *n = told_to(w, from, "ann");
    assert_says(n, NOTIFICATION_KIND_CUSTOMER_WROTE, NOTIFICATION_CAUSE_CONTACT,
                NOTIFICATION_ASK_ANSWER);
    assert_int_equal(event_kind_of(w, n), EVENT_KIND_CONTACT_RECORDED);
    assert_false(n->urgent);
    from = w->notifications.n;
    rig_contact(w, "ann", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_PHONE);
    assert_written(w);
    assert_int_equal(w->notifications.n, from); /* she took the call herself */
    rig_open(w, rig_open_request(w));
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_CUSTOMER_WROTE, NOTIFICATION_CAUSE_CLAIM,
                NOTIFICATION_ASK_ANSWER);
    world_free(w);
}

static void a_desk_is_told_that_the_customer_wrote(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)world_agent(w, "bob", 1);
    rig_contact(w, "bob", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_EMAIL);
    assert_says(told_to(w, 0, "steward"), NOTIFICATION_KIND_CUSTOMER_WROTE,
                NOTIFICATION_CAUSE_CONTACT, NOTIFICATION_ASK_ANSWER);
    world_free(w);
}

static void whoever_the_customer_wrote_to_is_told(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    const size_t from = w->notifications.n;
    Amends__V1__RecordContactRequest r = AMENDS__V1__RECORD_CONTACT_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, arena_must(&w->arena, UUID_TEXT_LEN + 1));
    r.direction = IN;
    r.channel = CHANNEL_LETTER;
    r.addressed_level = 4;
    world_run(w, &record_contact_kind, "bob", &r.base);
    assert_written(w);
    assert_says(told_to(w, from, "steward-executive"), NOTIFICATION_KIND_CUSTOMER_WROTE,
                NOTIFICATION_CAUSE_CONTACT, NOTIFICATION_ASK_OVERSEE);
    assert_int_equal(told_to(w, from, "ann")->ask, NOTIFICATION_ASK_ANSWER);
    world_free(w);
}

static void a_former_owner_learns_that_the_case_came_back_without_them(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->now_us += HOUR_US;
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    ROWS_EACH (a, struct agent_row, &w->agents)
        if (strcmp(a->agent_id, "ann") == 0)
            a->presence = PRESENCE_OFFLINE;
    w->now_us += DAY_US;
    const size_t from = w->notifications.n;
    rig_contact(w, "bob", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_LETTER);
    assert_written(w);
    assert_string_equal(w->c.row.owner_id, "steward");
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_TAKEN_AWAY,
                NOTIFICATION_CAUSE_OWNER_GONE, NOTIFICATION_ASK_NOTHING);
    assert_says(told_to(w, from, "steward"), NOTIFICATION_KIND_REOPENED,
                NOTIFICATION_CAUSE_RETURNED, NOTIFICATION_ASK_ASSIGN);
    world_free(w);
}

static void an_owner_learns_that_a_promise_is_said_to_be_broken(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    size_t from = w->notifications.n;
    rig_promise(w, "bob", w->now_us + 5 * HOUR_US);
    const struct uuid id = w->cmd.result_id;
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_PROMISE, NOTIFICATION_CAUSE_PROMISE_MADE,
                NOTIFICATION_ASK_KEEP_PROMISE);
    from = w->notifications.n;
    rig_settle(w, "bob", &id, PROMISE_OUTCOME_BROKEN, 0);
    assert_written(w);
    const struct notification_row *n = told_to(w, from, "ann");
    assert_says(n, NOTIFICATION_KIND_ESCALATION, NOTIFICATION_CAUSE_PROMISE_BROKEN,
                NOTIFICATION_ASK_ACT_NOW);
    assert_true(n->urgent);
    assert_true(told_to(w, from, "steward-lead")->urgent);
    world_free(w);
}

static void a_broken_promise_is_urgent(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_promise(w, "ann", w->now_us + 5 * HOUR_US);
    const size_t from = w->notifications.n;
    assert_untold(w, 0, "ann"); /* she promised it herself */
    world_fire_until(w, w->now_us + 5 * HOUR_US + 1000000);
    const struct notification_row *n = told_to(w, from, "steward-lead");
    assert_int_equal(n->cause, NOTIFICATION_CAUSE_PROMISE_BROKEN);
    assert_true(n->urgent);
    assert_int_equal(told_to(w, from, "ann")->ask, NOTIFICATION_ASK_ACT_NOW);
    world_free(w);
}

static void an_owner_learns_what_became_of_a_remedy(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 20);
    const struct uuid id = w->cmd.result_id;
    size_t from = w->notifications.n;
    rig_answer(w, "bob", &id, CUSTOMER_ANSWER_ACCEPTED);
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_REMEDY,
                NOTIFICATION_CAUSE_REMEDY_ANSWERED, NOTIFICATION_ASK_FULFIL);
    from = w->notifications.n;
    rig_fulfil(w, "erp", &id, FULFILMENT_OUTCOME_FULFILLED, "r-1");
    assert_written(w);
    assert_untold(w, from, "ann"); /* all is well */
    rig_fulfil(w, "erp", &id, FULFILMENT_OUTCOME_REVERSED, "");
    assert_written(w);
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_REMEDY,
                NOTIFICATION_CAUSE_REMEDY_REVERSED, NOTIFICATION_ASK_PROPOSE);
    world_free(w);
}

static void an_owner_learns_that_a_remedy_failed(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 20);
    const struct uuid id = w->cmd.result_id;
    rig_answer(w, "ann", &id, CUSTOMER_ANSWER_ACCEPTED);
    rig_fulfil(w, "erp", &id, FULFILMENT_OUTCOME_STARTED, "");
    const size_t from = w->notifications.n;
    rig_fulfil(w, "erp", &id, FULFILMENT_OUTCOME_FAILED, "");
    assert_written(w);
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_REMEDY, NOTIFICATION_CAUSE_REMEDY_FAILED,
                NOTIFICATION_ASK_PROPOSE);
    world_free(w);
}

static void an_owner_learns_that_somebody_else_ended_the_case(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_recover(w, "ann");
    const size_t from = w->notifications.n;
    rig_resolve(w, "lea");
    assert_written(w);
    assert_says(told_to(w, from, "ann"), NOTIFICATION_KIND_ENDED, NOTIFICATION_CAUSE_ENDED,
                NOTIFICATION_ASK_NOTHING);
    world_free(w);
}

/* The id follows from what is told, so that the table's key refuses a repeat. */
static void the_same_is_told_once(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct decision *d = world_decision(w, SYSTEM_ACTOR);
    struct tidings t = {.kind = NOTIFICATION_KIND_WORD, .cause = NOTIFICATION_CAUSE_LATE_WORD};
    const size_t from = w->notifications.n;
    notify_tell(d, &t, "ann");
    notify_tell(d, &t, "ann");
    assert_int_equal(w->c.notifications.n, 1);
    notify_tell(d, &t, "bob");
    t.kind = NOTIFICATION_KIND_GIVEN;
    notify_tell(d, &t, "ann");
    assert_int_equal(w->c.notifications.n, 3);
    world_commit(w);
    d = world_decision(w, "another");
    w->now_us += HOUR_US;
    notify_tell(d, &t, "ann");
    world_commit(w);
    assert_true(uuid_eq(&told(w, from + 2)->notification_id, &told(w, from + 3)->notification_id));
    assert_false(uuid_eq(&told(w, from)->notification_id, &told(w, from + 1)->notification_id));
    world_free(w);
}

static const struct delivery_row *sent(const struct world *w, size_t i)
{
    assert_true(i < w->deliveries.n);
    return ROW_AT(&w->deliveries, const struct delivery_row, i);
}

#define NOTIFIED                                                                                   \
    "amends: 2\nnotify:\n  webhook: pager\n  digest: 08:00\n  channels:\n"                         \
    "    - {urgent: yes, to: agent, by: [email, webhook]}\n"                                       \
    "    - {urgent: no, to: agent, by: email}\n"

static struct world *notified(void)
{
    struct world *w = rig_owned();
    rig_policy(w, NOTIFIED);
    return w;
}

static void each_channel_has_a_delivery(void **state)
{
    (void)state;
    struct world *w = notified();
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_promise(w, "ann", w->now_us + 5 * HOUR_US);
    assert_int_equal(w->deliveries.n, 0);
    world_fire_until(w, w->now_us + 5 * HOUR_US + 1000000);
    const struct notification_row *n = told_to(w, 0, "ann");
    assert_int_equal(w->deliveries.n, 2); /* the desk reads for itself */
    assert_int_equal(sent(w, 0)->kind, DELIVERY_KIND_NOTIFICATION_MAIL);
    assert_string_equal(sent(w, 0)->receiver, "ann");
    assert_int_equal(sent(w, 1)->kind, DELIVERY_KIND_NOTIFICATION_WEBHOOK);
    assert_string_equal(sent(w, 1)->receiver, "pager");
    for (size_t i = 0; i < 2; i++) {
        assert_true(uuid_eq(&sent(w, i)->notification_id, &n->notification_id));
        assert_int_equal(sent(w, i)->seq, n->seq);
        assert_int_equal(sent(w, i)->next_at, n->created_at); /* it is urgent */
        assert_int_equal(sent(w, i)->state, DELIVERY_STATE_WAITING);
    }
    assert_false(uuid_eq(&sent(w, 0)->delivery_id, &sent(w, 1)->delivery_id));
    world_free(w);
}

static void what_is_not_urgent_is_gathered(void **state)
{
    (void)state;
    struct world *w = notified();
    rig_contact(w, "bob", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_EMAIL);
    assert_int_equal(w->deliveries.n, 1);
    assert_int_equal(sent(w, 0)->kind, DELIVERY_KIND_DIGEST_MAIL);
    assert_int_equal(sent(w, 0)->next_at, WORLD_START_US + 8 * HOUR_US);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_learns_that_the_executive_desk_took_over),
        cmocka_unit_test(an_owner_learns_that_somebody_escalated_the_case),
        cmocka_unit_test(a_warning_and_a_breach_say_what_they_ask),
        cmocka_unit_test(an_owner_is_told_that_the_customer_wrote),
        cmocka_unit_test(a_desk_is_told_that_the_customer_wrote),
        cmocka_unit_test(whoever_the_customer_wrote_to_is_told),
        cmocka_unit_test(a_former_owner_learns_that_the_case_came_back_without_them),
        cmocka_unit_test(an_owner_learns_that_a_promise_is_said_to_be_broken),
        cmocka_unit_test(a_broken_promise_is_urgent),
        cmocka_unit_test(an_owner_learns_what_became_of_a_remedy),
        cmocka_unit_test(an_owner_learns_that_a_remedy_failed),
        cmocka_unit_test(an_owner_learns_that_somebody_else_ended_the_case),
        cmocka_unit_test(the_same_is_told_once),
        cmocka_unit_test(each_channel_has_a_delivery),
        cmocka_unit_test(what_is_not_urgent_is_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
