/* SPDX-License-Identifier: Apache-2.0 */

/* Lives made of random commands, most of them refused: whatever people do in whatever order, what
 * must always hold holds after every step. */

#include <string.h>

#include "rig.h"

#define LIVES 150
#define STEPS 80

static uint64_t random_state;

/* xorshift: the same lives in every run. */
static int any(int n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int)(random_state % (uint64_t)n);
}

static const char *anybody(void)
{
    static const char *const people[] = {"ann", "bob", "lea", "max", "crm"};
    return people[any(5)];
}

static struct uuid any_remedy(const struct world *w)
{
    struct uuid nobody = {{1}};
    if (w->c.remedies.n == 0)
        return nobody;
    return ROW_AT(&w->c.remedies, struct remedy_row, any((int)w->c.remedies.n))->remedy_id;
}

/* -- what people and timers do
 * --------------------------------------------------------------------- */

static void claim_again(struct world *w)
{
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->severity = any(6);
    if (any(2) == 0)
        r->failure->money_at_stake = rig_money(w, "USD", any(2000));
    if (status_is_waiting(w->c.row.status))
        rig_open(w, r);
}

static void change_owner(struct world *w)
{
    if (!status_is_waiting(w->c.row.status))
        return;
    if (any(3) == 0)
        (void)world_offer(w, "bob");
    else
        world_own(w, any(2) == 0 ? "ann" : "lea");
}

static void fire_due_clocks(struct world *w)
{
    world_fire_until(w, w->now_us);
}

static void step(struct world *w)
{
    struct uuid remedy = any_remedy(w);
    w->now_us += any(4) == 0 ? (int64_t)any(20) * HOUR_US : any(1000000);
    switch (any(13)) {
    case 0:
        claim_again(w);
        break;
    case 1:
        change_owner(w);
        break;
    case 2:
        fire_due_clocks(w);
        break;
    case 3:
        rig_contact(w, anybody(), 1 + any(2), 1 + any(5), 1 + any(10));
        break;
    case 4:
        rig_act(w, anybody(), 1 + any(3));
        break;
    case 5:
        rig_root_cause(w, anybody(), "process.handover");
        break;
    case 6:
    case 7:
        rig_propose(w, anybody(), 1 + any(11), any(3) == 0 ? "EUR" : "USD", 1 + any(300));
        break;
    case 8:
        rig_answer(w, anybody(), &remedy, 1 + any(3));
        break;
    case 9:
        rig_fulfil(w, anybody(), &remedy, 1 + any(4), any(2) == 0 ? "r-1" : "r-2");
        break;
    case 10:
        rig_deny(w, anybody(), "no");
        break;
    case 11:
        rig_resolve(w, anybody());
        break;
    default:
        if (any(3) == 0)
            rig_close(w, anybody());
    }
}

/* -- what always holds
 * ----------------------------------------------------------------------------- */

static void assert_one_owner(const struct world *w)
{
    const struct case_row *r = &w->c.row;
    assert_true(r->owner_kind == OWNER_KIND_STEWARD || r->owner_kind == OWNER_KIND_AGENT);
    assert_true(strlen(r->owner_id) > 0);
    if (r->owner_kind == OWNER_KIND_STEWARD && status_is_waiting(r->status))
        assert_string_equal(r->owner_id, w->policy->levels[r->level].steward);
    ROWS_EACH (o, const struct offer_row, &w->c.offers)
        if (o->state == OFFER_STATE_PENDING)
            assert_int_equal(o->generation, r->assignment_generation);
}

static void assert_status_and_queue(const struct world *w)
{
    const struct case_row *r = &w->c.row;
    bool waiting = status_is_waiting(r->status);
    if (waiting)
        assert_int_equal(r->status, case_derive_status(&w->c, w->policy));
    assert_int_equal(w->c.queue.n, waiting && r->owner_kind == OWNER_KIND_STEWARD);
    assert_true(r->boost_ms >= 0 && r->boost_ms <= w->policy->boost_max_ms);
    assert_true(r->level >= 1 && r->level <= w->policy->n_levels);
    assert_int_equal(r->resolved_at != 0, r->status == CASE_STATUS_RESOLVED || r->closed_at != 0);
    assert_int_equal(r->closed_at != 0, r->status == CASE_STATUS_CLOSED);
}

/* What is about the resolution ends with it; a breach is where the timestamps put it. */
static void assert_clocks(const struct world *w)
{
    ROWS_EACH (k, const struct clock_row, &w->c.clocks) {
        bool outlives = k->kind == CLOCK_KIND_FOLLOW_UP ||
                        k->kind == CLOCK_KIND_NEXT_CONTACT || k->kind == CLOCK_KIND_OFFER;
        if (status_is_final(w->c.row.status) ||
            (w->c.row.status == CASE_STATUS_RESOLVED && !outlives))
            assert_true(k->stopped_at != 0);
        assert_true(clock_is_open(k) || k->next_at == 0);
        if (k->state == CLOCK_STATE_MET)
            assert_true(k->stopped_at <= k->due_at);
        assert_int_equal(k->breached_at, k->state == CLOCK_STATE_BREACHED ? k->due_at : 0);
    }
}

/* The highest limit of anybody who plays is max's: 5,000. */
static void assert_limits(const struct world *w)
{
    int64_t sums[POLICY_REMEDY_KINDS][2] = {{0}};
    ROWS_EACH (r, const struct remedy_row, &w->c.remedies)
        if (remedy_is_live(r->state))
            sums[r->kind][r->currency[0] == 'E'] += r->micros;
    for (int kind = REMEDY_KIND_EXPEDITE; kind < POLICY_REMEDY_KINDS; kind++)
        assert_true(sums[kind][0] <= 5000 * POLICY_MICROS && sums[kind][1] <= 5000 * POLICY_MICROS);
}

static void assert_everything(struct world *w, int status_before)
{
    assert_one_owner(w);
    assert_status_and_queue(w);
    assert_clocks(w);
    assert_limits(w);
    assert_int_equal(w->c.row.last_seq, w->events.n);
    int status = w->c.row.status;
    if (status != status_before)
        assert_true(transition_allowed(status_before, status));
    if (status == CASE_STATUS_RESOLVED && status_before != status)
        assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    assert_int_equal(world_detail(w, world_event(w, 0))->status, status);
}

static int live(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15ull + 1;
    struct world *w = world_new();
    (void)world_agent(w, "ann", 1);
    (void)world_agent(w, "bob", 1);
    (void)world_agent(w, "lea", 2);
    (void)world_agent(w, "max", 3);
    rig_open(w, rig_open_request(w));
    for (int i = 0; i < STEPS; i++) {
        int before = w->c.row.status;
        step(w);
        assert_everything(w, before);
    }
    assert_chain_intact(w);
    int status = w->c.row.status;
    world_free(w);
    return status;
}

static void what_must_hold_holds_in_every_life(void **state)
{
    (void)state;
    int ended[CASE_STATUS_MERGED + 1] = {0};
    for (uint64_t seed = 1; seed <= LIVES; seed++)
        ended[live(seed)]++;
    /* The lives go somewhere: else this test would say little. */
    assert_true(ended[CASE_STATUS_CLOSED] > 0);
    assert_true(ended[CASE_STATUS_OPEN] + ended[CASE_STATUS_IN_PROGRESS] > 0);
    print_message("closed %d, resolved %d, open %d, in progress %d of %d\n",
                  ended[CASE_STATUS_CLOSED], ended[CASE_STATUS_RESOLVED], ended[CASE_STATUS_OPEN],
                  ended[CASE_STATUS_IN_PROGRESS], LIVES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_must_hold_holds_in_every_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
