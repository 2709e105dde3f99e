/* SPDX-License-Identifier: Apache-2.0 */

/* Whether the customer waits for an answer: what begins a wait, and all that ends it. */

#include "case/clocks/wait.h"
#include "clock_rig.h"

static const int64_t T = WORLD_START_US;

static struct contact_row *say(struct world *w, int direction, int outcome, int channel, int64_t at)
{
    struct contact_row *c = ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena);
    c->direction = (int16_t)direction;
    c->outcome = (int16_t)outcome;
    c->channel = (int16_t)channel;
    c->asks = CONTACT_ASK_ANSWER;
    c->at = T + at;
    return c;
}

static struct contact_row *in(struct world *w, int channel, int64_t at)
{
    return say(w, CONTACT_DIRECTION_INBOUND, CONTACT_OUTCOME_REACHED, channel, at);
}

static void out(struct world *w, int outcome, int channel, int64_t at)
{
    (void)say(w, CONTACT_DIRECTION_OUTBOUND, outcome, channel, at);
}

static void claim(struct world *w, int trigger, int64_t at)
{
    struct signal_row *s = ROWS_ADD(&w->c.signals, struct signal_row, &w->arena);
    s->number = (int32_t)w->c.signals.n;
    s->trigger = (int16_t)trigger;
    s->channel = CHANNEL_EMAIL;
    s->received_at = T + at;
}

#define assert_wait(w, is_waiting, at)                                                             \
    do {                                                                                           \
        struct customer_wait k_ = case_wait(&(w)->c, (w)->policy, 0);                              \
        assert_int_equal(k_.waits, (is_waiting));                                                  \
        assert_int_equal(k_.since_us, (at) == 0 ? 0 : T + (at));                                   \
    } while (0)

static void a_case_without_words_waits_for_nothing(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    assert_wait(w, false, 0);
    out(w, CONTACT_OUTCOME_VOICEMAIL, CHANNEL_PHONE, 5);
    assert_wait(w, false, 0);
    world_free(w);
}

static void further_words_do_not_begin_it_again(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)in(w, CHANNEL_EMAIL, 10);
    (void)in(w, CHANNEL_PHONE, 30);
    assert_wait(w, true, 10);
    (void)in(w, CHANNEL_PHONE, 5); /* told late */
    assert_wait(w, true, 5);
    world_free(w);
}

static void a_contact_that_asks_for_nothing_begins_none(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct contact_row *thanks = in(w, CHANNEL_EMAIL, 10);
    thanks->asks = CONTACT_ASK_NOTHING;
    assert_wait(w, false, 0);
    thanks->asks = CONTACT_ASK_UNSPECIFIED; /* of no known row: the safe reading */
    assert_wait(w, true, 10);
    world_free(w);
}

static void only_people_reach(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)in(w, CHANNEL_EMAIL, 10);
    out(w, CONTACT_OUTCOME_REACHED, CHANNEL_SYSTEM, 20);
    out(w, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE, 21);
    assert_wait(w, true, 10);
    out(w, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE, 30);
    assert_wait(w, false, 30);
    world_free(w);
}

static void a_written_answer_is_one_where_the_customer_wrote(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)in(w, CHANNEL_LETTER, 10);
    (void)in(w, CHANNEL_EMAIL, 11);
    out(w, CONTACT_OUTCOME_SENT, CHANNEL_SOCIAL, 20);
    out(w, CONTACT_OUTCOME_BOUNCED, CHANNEL_EMAIL, 21);
    assert_wait(w, true, 10);
    w->policy->written_answer = false;
    out(w, CONTACT_OUTCOME_SENT, CHANNEL_LETTER, 30);
    assert_wait(w, true, 10);
    w->policy->written_answer = true;
    assert_wait(w, false, 30);
    (void)in(w, CHANNEL_EMAIL, 40);
    out(w, CONTACT_OUTCOME_SENT, CHANNEL_LETTER, 50); /* the letter was of the wait before */
    assert_wait(w, true, 40);
    world_free(w);
}

static void a_disclosed_denial_answers(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)in(w, CHANNEL_LETTER, 10);
    w->c.row.denial_disclosed_at = T + 9;
    assert_wait(w, true, 10);
    w->c.row.denial_disclosed_at = T + 10;
    assert_wait(w, false, 10);
    (void)in(w, CHANNEL_LETTER, 20);
    assert_wait(w, true, 20);
    world_free(w);
}

static void the_unreachable_rule_counts_from_the_last_word(void **state)
{
    const int64_t day = DAY_US;
    (void)state;
    struct world *w = world_with_case();
    out(w, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE, 1);
    out(w, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_EMAIL, 2);
    (void)in(w, CHANNEL_PHONE, day);
    out(w, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE, 6 * day);
    assert_wait(w, true, day);
    out(w, CONTACT_OUTCOME_VOICEMAIL, CHANNEL_PHONE, 7 * day);
    out(w, CONTACT_OUTCOME_REACHED, CHANNEL_SYSTEM, 8 * day);
    out(w, CONTACT_OUTCOME_SENT, CHANNEL_EMAIL, 10 * day);
    assert_wait(w, true, day);
    out(w, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE, 11 * day);
    assert_wait(w, false, 11 * day);
    (void)in(w, CHANNEL_PHONE, 12 * day);
    assert_wait(w, true, 12 * day);
    world_free(w);
}

static void a_repeat_claim_asks_once_the_company_has_answered(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.signals.n = 0;
    claim(w, TRIGGER_COMPLAINT, 0);
    claim(w, TRIGGER_COMPLAINT, 10);
    assert_wait(w, false, 0); /* the first response is owed, and has a clock */
    out(w, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE, 20);
    claim(w, TRIGGER_DETECTED_FAILURE, 30); /* the company's own */
    assert_wait(w, false, 0);
    claim(w, TRIGGER_SURVEY, 40);
    assert_wait(w, true, 40);
    out(w, CONTACT_OUTCOME_SENT, CHANNEL_EMAIL, 50);
    assert_wait(w, false, 50);
    world_free(w);
}

/* Told in any order, the same comes of it. */
static void the_order_of_telling_does_not_matter(void **state)
{
    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        struct world *w = world_with_case();
        for (int i = 0; i < 6; i++) {
            int step = (i * 5 + turn) % 6;
            if (step % 2 == 0)
                (void)in(w, CHANNEL_EMAIL, 10 + step);
            else
                out(w, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE, 10 + step);
        }
        assert_wait(w, false, 15);
        assert_int_equal(case_wait(&w->c, w->policy, T + 12).answer_us, T + 13);
        assert_int_equal(case_wait(&w->c, w->policy, T + 16).answer_us, 0);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_without_words_waits_for_nothing),
        cmocka_unit_test(further_words_do_not_begin_it_again),
        cmocka_unit_test(a_contact_that_asks_for_nothing_begins_none),
        cmocka_unit_test(only_people_reach),
        cmocka_unit_test(a_written_answer_is_one_where_the_customer_wrote),
        cmocka_unit_test(a_disclosed_denial_answers),
        cmocka_unit_test(the_unreachable_rule_counts_from_the_last_word),
        cmocka_unit_test(a_repeat_claim_asks_once_the_company_has_answered),
        cmocka_unit_test(the_order_of_telling_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
