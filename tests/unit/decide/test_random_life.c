/* SPDX-License-Identifier: Apache-2.0 */

/* Lives made of random commands, most of which are refused. After every step, what must always hold
 * still holds. */

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "case/clocks/retarget.h"
#include "case/clocks/wait.h"
#include "clock_rig.h"
#include "contract/words.h"
#include "rig.h"

#define LIVES 200
#define STEPS 250

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

static struct uuid any_promise(const struct world *w)
{
    struct uuid nobody = {{1}};
    if (w->c.promises.n == 0)
        return nobody;
    return ROW_AT(&w->c.promises, struct promise_row, any((int)w->c.promises.n))->promise_id;
}

static bool may_come_back(const struct world *w)
{
    return w->c.row.status != CASE_STATUS_CLOSED ||
           w->now_us - w->c.row.closed_at <= w->policy->reopen_within_ms * US_PER_MS;
}

/* -- what people and timers do ----------------------------------------------------------------- */

static void claim_again(struct world *w)
{
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->severity = any(6);
    if (any(2) == 0)
        r->failure->money_at_stake = rig_money(w, "USD", any(2000));
    static const int triggers[] = {TRIGGER_COMPLAINT, TRIGGER_SURVEY, TRIGGER_DETECTED_FAILURE};
    r->trigger = (Amends__V1__Trigger)triggers[any(3)];
    if (may_come_back(w)) /* else it would be another case */
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

static void promise_something(struct world *w)
{
    struct uuid promise = any_promise(w);
    int64_t then = w->now_us + (int64_t)(any(40) - 4) * HOUR_US;
    switch (any(5)) {
    case 0:
        rig_promise(w, anybody(), then);
        break;
    case 1:
        rig_renegotiate(w, anybody(), &promise, then);
        break;
    case 2:
        rig_settle(w, anybody(), &promise, PROMISE_OUTCOME_BROKEN, 0);
        break;
    default:
        rig_settle(w, anybody(), &promise, PROMISE_OUTCOME_KEPT, w->now_us - any(5) * HOUR_US);
    }
}

static void pause_or_resume(struct world *w)
{
    if (any(2) == 0)
        rig_pause(w, anybody(), any(2) == 0 ? 0 : w->now_us + (int64_t)any(200) * HOUR_US);
    else
        rig_resume(w, anybody());
}

static void use_the_ladder(struct world *w)
{
    if (any(4) == 0)
        rig_escalate(w, anybody(), any(5));
    else
        rig_acknowledge(w, anybody());
}

static void correct_a_contact(struct world *w)
{
    if (w->c.contacts.n == 0)
        return;
    char of[UUID_TEXT_LEN + 1], id[UUID_TEXT_LEN + 1];
    Amends__V1__CorrectContactRequest r = AMENDS__V1__CORRECT_CONTACT_REQUEST__INIT;
    const struct contact_row *c =
        ROW_AT(&w->c.contacts, struct contact_row, any((int)w->c.contacts.n));
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, of);
    r.contact_id = uuid_format(&c->contact_id, id);
    r.asks = (Amends__V1__ContactAsk)(1 + any(2));
    world_run(w, &correct_contact_kind, anybody(), &r.base);
}

static const char *const denials[] = {"no", "not this", "nor that", "the warranty has ended"};

/* Its owner does what is missing, as far as it goes. */
static void finish(struct world *w)
{
    char reason[32];
    const char *owner = rig_text(w, w->c.row.owner_id);
    (void)snprintf(reason, sizeof(reason), "reason %d", any(1000));
    ROWS_EACH (k, const struct promise_row, &w->c.promises)
        if (k->state == PROMISE_STATE_OPEN) {
            const struct uuid id = k->promise_id;
            rig_settle(w, "ann", &id, PROMISE_OUTCOME_KEPT, 0);
            break;
        }
    ROWS_EACH (k, const struct remedy_row, &w->c.remedies)
        if (remedy_state(k->state)->is_owed) {
            const struct uuid id = k->remedy_id;
            rig_fulfil(w, "ann", &id, FULFILMENT_OUTCOME_FULFILLED, "r-3");
            break;
        }
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_act(w, "ann", ACT_KIND_APOLOGY);
    rig_root_cause(w, "ann", "process.handover");
    rig_deny(w, owner, rig_text(w, reason));
    rig_resolve(w, owner);
    if (any(3) == 0)
        world_fire_until(w, w->now_us + (int64_t)any(40) * DAY_US);
}

static void step(struct world *w)
{
    struct uuid remedy = any_remedy(w);
    w->now_us += any(4) == 0 ? (int64_t)any(20) * HOUR_US : any(1000000);
    switch (any(18)) {
    case 17:
        correct_a_contact(w);
        break;
    case 13:
        promise_something(w);
        break;
    case 14:
        pause_or_resume(w);
        break;
    case 15:
        if (any(4) == 0)
            use_the_ladder(w);
        break;
    case 16:
        if (any(3) == 0)
            rig_reopen(w, anybody(), NULL);
        break;
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
        rig_contact(w, anybody(), 1 + (any(4) == 0), 1 + any(6), 1 + any(10));
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
        rig_deny(w, anybody(), denials[any(sizeof(denials) / sizeof(denials[0]))]);
        break;
    case 11:
        rig_resolve(w, anybody());
        break;
    default:
        rig_close(w, anybody());
    }
}

/* -- what always holds ------------------------------------------------------------------------- */

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

/* Clocks about the resolution end with it, and a breach is where the timestamps put it. */
static void assert_clocks(const struct world *w)
{
    ROWS_EACH (k, const struct clock_row, &w->c.clocks) {
        bool outlives = k->kind == CLOCK_KIND_FOLLOW_UP || k->kind == CLOCK_KIND_NEXT_CONTACT ||
                        k->kind == CLOCK_KIND_OFFER || k->kind == CLOCK_KIND_PROMISE;
        if (status_is_final(w->c.row.status) ||
            (w->c.row.status == CASE_STATUS_RESOLVED && !outlives))
            assert_true(k->stopped_at != 0);
        assert_true(clock_is_open(k) || k->next_at == 0);
        if (k->state == CLOCK_STATE_MET)
            assert_true(k->stopped_at <= k->due_at);
        assert_int_equal(k->breached_at, k->state == CLOCK_STATE_BREACHED ? k->due_at : 0);
    }
}

/* A target that was chosen anew makes no deadline later, and none that lies in the past. */
static int assert_retargets(const struct world *w)
{
    int moved = 0;
    ROWS_EACH (k, const struct clock_row, &w->c.clocks) {
        struct retarget all[RETARGETS_MAX];
        const size_t n = retargets_of(k, all);
        for (size_t i = 0; i < n; i++) {
            assert_true(all[i].due_us <= all[i].old_due_us);
            assert_true(all[i].due_us == all[i].old_due_us || all[i].due_us > all[i].at_us);
            moved += all[i].due_us < all[i].old_due_us;
        }
    }
    return moved;
}

/* The highest limit of anybody who plays is max's: 5,000. */
static void assert_limits(const struct world *w)
{
    int64_t sums[REMEDY_KIND_COUNT][2] = {{0}};
    ROWS_EACH (r, const struct remedy_row, &w->c.remedies)
        if (remedy_state(r->state)->is_live)
            sums[r->kind][r->currency[0] == 'E'] += r->micros;
    for (int kind = REMEDY_KIND_EXPEDITE; kind < REMEDY_KIND_COUNT; kind++)
        assert_true(sums[kind][0] <= 5000 * MONEY_MICROS && sums[kind][1] <= 5000 * MONEY_MICROS);
}

/* A promise and its clock tell the same story. */
static void assert_promises(struct world *w)
{
    ROWS_EACH (p, const struct promise_row, &w->c.promises) {
        const struct clock_row *k = clock_of_subject(&w->c, &p->promise_id);
        assert_non_null(k);
        assert_int_equal(k->due_at, p->due_at);
        assert_int_equal(p->state == PROMISE_STATE_OPEN, p->settled_at == 0);
        if (p->state == PROMISE_STATE_OPEN)
            assert_true(!status_is_final(w->c.row.status) && k->state == CLOCK_STATE_RUNNING);
        if (p->state == PROMISE_STATE_KEPT)
            assert_true(p->kept_at <= p->due_at && k->state != CLOCK_STATE_BREACHED);
        if (p->state == PROMISE_STATE_BROKEN)
            assert_true((p->kept_at == 0 || p->kept_at > p->due_at) && k->state != CLOCK_STATE_MET);
        assert_int_equal(p->state == PROMISE_STATE_RENEGOTIATED, !uuid_is_zero(&p->successor_id));
    }
}

/* Each step is recorded once, and within a round the steps go up. */
static void assert_steps(const struct world *w)
{
    int round = 1;
    int level = 1;
    ROWS_EACH (e, const struct escalation_row, &w->escalations) {
        assert_true(e->to_level >= e->from_level);
        ROWS_EACH (other, const struct escalation_row, &w->escalations)
            assert_true(other == e || e->round != other->round ||
                        !uuid_eq(&e->clock_id, &other->clock_id) ||
                        e->instance != other->instance || e->threshold != other->threshold);
        if (e->to_level == e->from_level)
            continue;
        assert_true(e->round >= round || e->cause == ESCALATION_CAUSE_CLOCK);
        assert_int_equal(e->from_level, level);
        level = e->to_level;
        round = e->round;
    }
    assert_int_equal(level, w->c.row.level);
}

static void assert_pause(struct world *w)
{
    const struct case_row *r = &w->c.row;
    assert_true(r->paused_at == 0 || r->resume_at > r->paused_at);
    assert_true(r->paused_at == 0 || status_is_waiting(r->status));
    assert_int_equal(r->round > 1, r->round_since != 0);
}

/* Somebody looks at it again, whatever it has come to, and no word lies where nobody answers. */
static void assert_heard(const struct world *w)
{
    bool watched = false;
    ROWS_EACH (k, const struct clock_row, &w->c.clocks)
        watched = watched || (k->next_at != 0 && k->kind != CLOCK_KIND_OFFER);
    assert_true(watched || w->c.row.status == CASE_STATUS_CLOSED);
    if (!status_is_waiting(w->c.row.status) && may_come_back(w))
        assert_false(case_wait(&w->c, w->policy, 0).waits);
}

static void assert_everything(struct world *w, int status_before)
{
    assert_heard(w);
    (void)assert_retargets(w);
    assert_clocks_whole(w);
    assert_promises(w);
    assert_steps(w);
    assert_pause(w);
    assert_one_owner(w);
    assert_status_and_queue(w);
    assert_clocks(w);
    assert_limits(w);
    assert_int_equal(w->c.row.last_seq, w->events.n);
    int status = w->c.row.status;
    if (status != status_before)
        assert_true(status_may_follow(status_before, status));
    if (status == CASE_STATUS_RESOLVED && status_before != status)
        assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
    assert_int_equal(world_detail(w, world_event(w, 0))->status, status);
}

/* How often each kind of event was written in all lives; a kind that was never written would not be
 * tested. */
static int written[EVENT_KIND_COUNT];
/* Deadlines that another target moved. */
static int moved;

/* Targets of all kinds that change with the severity, in office hours, and clocks that pause. */
static const char by_office_hours[] =
    "time_zone: Europe/Berlin\n"
    "calendars:\n"
    "  office: {weekly: {mon-fri: '09:00-17:00'}}\n"
    "clocks:\n"
    "  first_response:\n"
    "    kind: first_response\n"
    "    calendar: office\n"
    "    targets: [{severity: 4+, target: 4h}, {target: 8h}]\n"
    "  resolution:\n"
    "    kind: resolution\n"
    "    calendar: office\n"
    "    pause: {status: awaiting_customer}\n"
    "    pause_limit: {single: 5d, total: 10d}\n"
    "    targets: [{severity: 5, target: 6h}, {severity: 4, target: 16h}, {target: 40h}]\n"
    "  answer:\n"
    "    kind: resolution\n"
    "    calendar: office\n"
    "    targets: [{severity: 5, target: 12h}, {severity: 4, target: {business_days: 2}},"
    " {severity: 3, target: {business_days: 5}}, {target: {days: 9}}]\n"
    "  reply: {kind: next_contact, calendar: office, target: 8h}\n"
    "  cadence:\n"
    "    kind: next_contact\n"
    "    start: [{contact: reached, status: live}, {acknowledged: yes, status: live},"
    " {progress: yes, status: live}]\n"
    "    stop: never\n"
    "    reset: {contact: reached}\n"
    "    cancel: {status: resolved}\n"
    "    again: no\n"
    "    target: 3d\n"
    "    thresholds: [{at: 100%, do: restart, notify: owner}]\n"
    "  fulfilment: {kind: fulfilment, target: 7d}\n"
    "  promise: {kind: promise}\n"
    "  approval: {kind: approval, target: 8h}\n"
    "  follow_up: {kind: follow_up, target: 7d}\n";

/* Every row is as its events say. */
static void assert_proved(struct world *w)
{
    const struct proof *p = world_prove(w);
    if (p->n_found > 0)
        fail_msg("event %lld: %s %s", (long long)p->findings[0]->sequence, p->findings[0]->problem,
                 p->findings[0]->field);
    assert_true(p->rows > 0);
}

static int live(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15ull + 1;
    struct world *w = world_new();
    if (seed % 2 == 0)
        rig_policy(w, by_office_hours);
    (void)world_agent(w, "ann", 1);
    (void)world_agent(w, "bob", 1);
    (void)world_agent(w, "lea", 2);
    (void)world_agent(w, "max", 3);
    rig_open(w, rig_open_request(w));
    for (int i = 0; i < STEPS; i++) {
        int before = w->c.row.status;
        step(w);
        assert_everything(w, before);
        if (any(10) == 0)
            assert_proved(w);
        if (any(20) == 0) {
            finish(w);
            assert_everything(w, w->c.row.status);
        }
    }
    assert_chain_intact(w);
    assert_proved(w);
    moved += assert_retargets(w);
    int status = w->c.row.status;
    ROWS_EACH (e, const struct event_row, &w->events)
        written[e->kind]++;
    world_free(w);
    return status;
}

static void what_must_hold_holds_in_every_life(void **state)
{
    (void)state;
    int ended[CASE_STATUS_COUNT] = {0};
    for (uint64_t seed = 1; seed <= LIVES; seed++)
        ended[live(seed)]++;
    static const int must[] = {EVENT_KIND_CASE_RESOLVED,   EVENT_KIND_CASE_CLOSED,
                               EVENT_KIND_CASE_REOPENED,   EVENT_KIND_PROMISE_MADE,
                               EVENT_KIND_PROMISE_SETTLED, EVENT_KIND_CASE_PAUSED,
                               EVENT_KIND_CASE_RESUMED,    EVENT_KIND_ESCALATION_ACKNOWLEDGED,
                               EVENT_KIND_CLOCK_THRESHOLD, EVENT_KIND_CLOCK_BREACHED,
                               EVENT_KIND_CASE_RETURNED,   EVENT_KIND_CONTACT_CORRECTED,
                               EVENT_KIND_REMEDY_EXPIRED};
    for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
        print_message(
            "%s: %d\n",
            protobuf_c_enum_descriptor_get_value(&amends__v1__event_kind__descriptor, must[i])
                ->name,
            written[must[i]]);
        assert_true(written[must[i]] > 0);
    }
    assert_true(moved > 0);
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
