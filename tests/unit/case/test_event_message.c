/* SPDX-License-Identifier: Apache-2.0 */

/* Rows as messages: they are complete, do not depend on the snapshot, and are never made half when
 * memory ends. */

#include <string.h>

#include "case/message/impl.h"
#include "case/message/message.h"
#include "contract/money.h"
#include "contract/timestamp.h"
#include "world.h"

/* A case that has one of everything. */
static struct world *full_case(void)
{
    struct world *w = world_with_case();
    struct case_row *r = &w->c.row;
    r->customer_name = "Carol";
    r->customer_contact = "+1 555 0100";
    r->language = "en";
    r->occurred_at = WORLD_START_US - 5;
    r->product = "phone";
    r->stake_currency = "USD";
    r->stake_micros = 99500000;
    r->desired_outcomes = 1 << DESIRED_OUTCOME_REFUND | 1 << DESIRED_OUTCOME_PREVENTION;
    r->contacts = 1;
    r->minutes_lost = 30;
    r->root_cause_code = "process.handover";
    r->root_cause_at = w->now_us;
    r->denial_reason = "because";
    r->denial_disclosed_at = w->now_us;
    ROWS_ADD(&w->c.signals, struct signal_row, &w->arena)->number = 1;
    ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena)->at = w->now_us;
    ROWS_ADD(&w->c.acts, struct act_row, &w->arena)->at = w->now_us;
    ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena)->currency = "EUR";
    (void)world_offer(w, "ann");
    return w;
}

static void a_case_with_all_its_parts(void **state)
{
    (void)state;
    struct world *w = full_case();
    const Amends__V1__Case *c = message_case(&w->c, true, &w->arena);
    assert_int_equal(c->version, w->c.row.last_seq);
    assert_string_equal(c->customer_name, "Carol");
    assert_string_equal(c->failure->code, "billing.overcharge");
    assert_int_equal(c->failure->money_at_stake->units, 99);
    assert_int_equal(c->failure->money_at_stake->nanos, 500000000);
    assert_int_equal(c->failure->occurred_time->nanos, 999995000);
    assert_int_equal(c->n_desired_outcomes, 2);
    assert_int_equal(c->desired_outcomes[1], DESIRED_OUTCOME_PREVENTION);
    assert_int_equal(c->effort->minutes_lost, 30);
    assert_string_equal(c->owner->id, "steward");
    assert_string_equal(c->root_cause->code, "process.handover");
    assert_string_equal(c->denial->reason, "because");
    assert_null(c->resolve_time);
    assert_int_equal(c->n_signals, 1);
    assert_int_equal(c->n_clocks, 3);
    assert_int_equal(c->n_contacts, 1);
    assert_int_equal(c->n_acts, 1);
    assert_int_equal(c->n_remedies, 1);
    assert_int_equal(c->n_offers, 1);
    assert_int_equal(c->boost_ms, w->c.row.boost_ms);
    assert_int_equal(c->clocks[0]->due_time->seconds, w->now_us / 1000000 + 8 * 3600);
    world_free(w);
}

/* Rows come in the order of their ids, which says nothing about clocks that started at one
 * instant. */
static void clocks_are_shown_by_start_and_kind(void **state)
{
    (void)state;
    struct world *w = full_case();
    struct clock_row *rows = w->c.clocks.items;
    const struct clock_row last = rows[2];
    rows[2] = rows[0];
    rows[0] = last;
    const Amends__V1__Case *c = message_case(&w->c, true, &w->arena);
    assert_int_equal(c->clocks[0]->kind, CLOCK_KIND_FIRST_RESPONSE);
    assert_int_equal(c->clocks[1]->kind, CLOCK_KIND_RESOLUTION);
    assert_int_equal(c->clocks[2]->kind, CLOCK_KIND_OFFER);
    world_free(w);
}

static void lists_show_the_row_alone(void **state)
{
    (void)state;
    struct world *w = full_case();
    assert_int_equal(message_case(&w->c, false, &w->arena)->n_clocks, 0);
    assert_int_equal(message_case_row(&w->c.row, &w->arena)->n_clocks, 0);
    ROW_AT(&w->c.acts, struct act_row, 0)->row.change = ROW_GONE;
    assert_int_equal(message_case(&w->c, true, &w->arena)->n_acts, 0);
    world_free(w);
}

static void it_packs_and_outlives_the_snapshot(void **state)
{
    (void)state;
    struct world *w = full_case();
    struct arena own;
    arena_init(&own, 1 << 20);
    Amends__V1__Case *c = message_case(&w->c, true, &own);
    uint8_t *before = arena_must(&own, 1 << 16);
    uint8_t *after = arena_must(&own, 1 << 16);
    size_t n = amends__v1__case__pack(c, before);
    world_free(w);
    assert_int_equal(amends__v1__case__pack(c, after), n);
    assert_memory_equal(before, after, n);
    arena_free(&own);
}

static void memory_that_ends_gives_null_at_every_point(void **state)
{
    (void)state;
    struct world *w = full_case();
    struct arena small;
    bool made = false;
    for (size_t quota = 0; !made; quota += 8) {
        arena_init(&small, quota);
        const Amends__V1__Case *c = message_case(&w->c, true, &small);
        made = c != NULL;
        if (c)
            assert_int_equal(c->n_offers, 1);
        arena_free(&small);
    }
    struct agent_row *a = world_agent(w, "ann", 1);
    a->authorities = "6:USD:1";
    made = false;
    for (size_t quota = 0; !made; quota += 8) {
        arena_init(&small, quota);
        made = message_agent(a, &small) != NULL;
        arena_free(&small);
    }
    made = false;
    for (size_t quota = 0; !made; quota += 8) {
        arena_init(&small, quota);
        const Amends__V1__CaseEvent *e = message_event(world_event(w, 0), NULL, &small);
        made = e && e->detail;
        arena_free(&small);
    }
    world_free(w);
}

static void events_show_personal_parts_or_that_they_were_erased(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct decision *d = world_decision(w, "ann");
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    char text[] = "sorry";
    personal.text = text;
    case_event(d, EVENT_KIND_ACT_RECORDED, "ann", &detail, &personal);
    world_commit(w);
    const struct event_row *row = world_event(w, 0);
    const struct event_private_row *p = ROW_AT(&w->privates, struct event_private_row, 0);
    const Amends__V1__CaseEvent *e = message_event(row, p, &w->arena);
    assert_int_equal(e->sequence, 2);
    assert_int_equal(e->kind, EVENT_KIND_ACT_RECORDED);
    assert_string_equal(e->personal->text, "sorry");
    assert_false(e->erased);
    assert_int_equal(e->detail->status, CASE_STATUS_OPEN);
    assert_int_equal(e->detail->severity, 3);
    assert_int_equal(e->detail->level, 1);
    assert_int_equal(e->hash.len, 32);
    assert_int_equal(e->previous_hash.len, 32);
    e = message_event(row, NULL, &w->arena);
    assert_true(e->erased);
    assert_null(e->personal);
    e = message_event(world_event(w, 1), NULL, &w->arena); /* never had one */
    assert_false(e->erased);
    struct event_row altered = *row;
    altered.public_body = slice_of("\xff\xff\xff", 3);
    e = message_event(&altered, p, &w->arena);
    assert_null(e->detail);
    world_free(w);
}

static void money_and_time(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct make make = {.arena = &w->arena};
    Google__Type__Money *m = NULL;
    make_money(&make, &m, "", 5);
    assert_null(m);
    assert_null(message_time(0, &w->arena));
    make_money(&make, &m, "USD", 1234567);
    assert_int_equal(m->units, 1);
    assert_int_equal(m->nanos, 234567000);
    assert_int_equal(money_micros(m), 1234567);
    assert_int_equal(money_micros(NULL), 0);
    Google__Protobuf__Timestamp *t = message_time(1500001, &w->arena);
    assert_int_equal(t->seconds, 1);
    assert_int_equal(t->nanos, 500001000);
    assert_int_equal(timestamp_us(t), 1500001);
    assert_int_equal(timestamp_us(NULL), 0);
    assert_string_equal(money_text(100000000, &w->arena), "100");
    assert_string_equal(money_text(99500000, &w->arena), "99.5");
    assert_string_equal(money_text(1, &w->arena), "0.000001");
    assert_string_equal(money_text(0, &w->arena), "0");
    assert_string_equal(money_text(MONEY_UNLIMITED, &w->arena), "unlimited");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_with_all_its_parts),
        cmocka_unit_test(clocks_are_shown_by_start_and_kind),
        cmocka_unit_test(lists_show_the_row_alone),
        cmocka_unit_test(it_packs_and_outlives_the_snapshot),
        cmocka_unit_test(memory_that_ends_gives_null_at_every_point),
        cmocka_unit_test(events_show_personal_parts_or_that_they_were_erased),
        cmocka_unit_test(money_and_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
