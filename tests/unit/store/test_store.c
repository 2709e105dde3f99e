/* SPDX-License-Identifier: Apache-2.0 */

/* Commands through the store: what is written, read again, repeated, joined and routed. */

#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assignment/decide/decide.h"
#include "case/history/chain.h"
#include "contract/reasons.h"
#include "intake/decide/decide.h"
#include "contract/word.h"

#define MANY 100

static struct rig *rig;
static struct call calls[2 * MANY];

/* What the last route said. */
static struct {
    size_t queued, removed, timers, agents, offers, room, feeds;
} routed;

static void on_route(void *ctx, const struct route *r)
{
    (void)ctx;
    memset(&routed, 0, sizeof(routed));
    for (size_t i = 0; i < r->n_queue; i++) {
        routed.queued += !r->queue[i].removed;
        routed.removed += r->queue[i].removed;
    }
    routed.timers = r->n_timers;
    routed.agents = r->n_agents, routed.feeds = r->n_feeds;
    for (size_t i = 0; i < r->n_agents; i++) {
        routed.offers += r->agents[i].offers_changed;
        routed.room += r->agents[i].room;
    }
}

static void assert_ok(const struct call *c)
{
    if (fault_is_set(&c->sub.cmd.fault))
        fail_msg("%s: %s", contract_reason(c->sub.cmd.fault.reason), c->sub.cmd.fault.message);
}

/* -- one case --------------------------------------------------------------------------------- */

static void chain_is_bad(void *ctx, int64_t seq, bool personal, const char *what)
{
    fail_msg("event %lld: %s %d %p", (long long)seq, what, personal, ctx);
}

static void assert_history(const struct uuid *case_id, int64_t events)
{
    struct reading x;
    struct chain_check chain = {.problem = chain_is_bad};
    reading_init(rig, &x);
    store_read_events(rig->store, &x.read, case_id, 0, 1000);
    rig_run(rig, &x.done);
    assert_false(fault_is_set(&x.read.fault));
    assert_int_equal(x.read.events.n, events);
    assert_int_equal(x.read.cases[0].row.last_seq, events);
    chain_begin(&chain, &x.read.cases[0].row);
    size_t p = x.read.privates.n;
    for (size_t i = x.read.events.n; i-- > 0;) {
        const struct event_row *e = ROW_AT(&x.read.events, struct event_row, i);
        const bool has = e->private_digest.len > 0 && p-- > 0;
        chain_next(&chain, "demo", e,
                   has ? ROW_AT(&x.read.privates, struct event_private_row, p) : NULL);
    }
    chain_end(&chain);
    reading_free(&x);
}

static void test_open_and_read(void **state)
{
    struct call *c = &calls[0];
    struct reading x;
    (void)state;
    call_open(rig, c, (struct opening){NULL, "ada", "billing.overcharge", "A-1"});
    call_run(rig, c);
    assert_ok(c);
    assert_true(c->answered);
    assert_int_equal(routed.queued, 1);
    assert_true(routed.timers == 2 && routed.feeds == 1);
    assert_int_equal(routed.removed + routed.agents, 0);

    reading_init(rig, &x);
    store_read_cases(rig->store, &x.read, &c->sub.cmd.result_case_id, 1, CASE_PARTS);
    rig_run(rig, &x.done);
    assert_false(fault_is_set(&x.read.fault));
    const struct case_state *is = &x.read.cases[0];
    assert_true(is->exists);
    assert_string_equal(is->row.customer_id, "ada");
    assert_string_equal(is->row.description, "the bill was wrong twice");
    assert_int_equal(is->signals.n, 1);
    assert_int_equal(is->clocks.n, 2);
    assert_int_equal(is->queue.n, 1);
    assert_history(&c->sub.cmd.result_case_id, is->row.last_seq);
    reading_free(&x);
    call_free(c);
    assert_sound(rig);
}

static void test_other_tenant_sees_nothing(void **state)
{
    struct reading x;
    (void)state;
    call_open(rig, &calls[0], (struct opening){NULL, "tess", "billing.overcharge", ""});
    call_run(rig, &calls[0]);
    assert_ok(&calls[0]);
    reading_init(rig, &x);
    x.read.tenant_id++;
    store_read_cases(rig->store, &x.read, &calls[0].sub.cmd.result_case_id, 1, CASE_PARTS);
    rig_run(rig, &x.done);
    assert_false(x.read.cases[0].exists);
    reading_free(&x);
    call_free(&calls[0]);
}

/* -- repeats ---------------------------------------------------------------------------------- */

#define REQUEST "7e57ab1e-0000-4000-8000-%012x"

static void test_replay(void **state)
{
    char id[64];
    (void)state;
    (void)snprintf(id, sizeof(id), REQUEST, 1);
    for (int i = 0; i < 2; i++) {
        call_open(rig, &calls[i], (struct opening){id, "bob", "billing.overcharge", "B-1"});
        call_run(rig, &calls[i]);
        assert_ok(&calls[i]);
        assert_int_equal(calls[i].sub.cmd.replayed, i == 1);
        assert_false(calls[i].sub.cmd.joined);
    }
    assert_true(uuid_eq(&calls[0].sub.cmd.result_case_id, &calls[1].sub.cmd.result_case_id));
    call_open(rig, &calls[2], (struct opening){id, "bob", "billing.overcharge", "B-2"});
    call_run(rig, &calls[2]);
    assert_int_equal(calls[2].sub.cmd.fault.code, FAULT_ALREADY_EXISTS);
    for (int i = 0; i < 3; i++)
        call_free(&calls[i]);
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'bob'"),
                     1);
    assert_sound(rig);
}

static void test_one_request_id_a_hundred_times(void **state)
{
    char id[64];
    size_t replayed = 0;
    (void)state;
    (void)snprintf(id, sizeof(id), REQUEST, 2);
    for (int i = 0; i < MANY; i++)
        call_open(rig, &calls[i], (struct opening){id, "carl", "delivery.late", "C-1"});
    calls_run(rig, calls, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_ok(&calls[i]);
        assert_true(uuid_eq(&calls[0].sub.cmd.result_case_id, &calls[i].sub.cmd.result_case_id));
        replayed += calls[i].sub.cmd.replayed;
        call_free(&calls[i]);
    }
    assert_int_equal(replayed, MANY - 1);
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'carl'"),
                     1);
    assert_int_equal(rig_int(rig, "select count(*) from signal s join recovery_case c using"
                                  " (tenant_id, case_id) where c.customer_id = 'carl'"),
                     1);
    assert_sound(rig);
}

static void test_repeat_claims_join(void **state)
{
    size_t joined = 0;
    (void)state;
    for (int i = 0; i < MANY; i++)
        call_open(rig, &calls[i], (struct opening){NULL, "dora", "delivery.late", "D-1"});
    calls_run(rig, calls, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_ok(&calls[i]);
        joined += calls[i].sub.cmd.joined;
    }
    assert_int_equal(joined, MANY - 1);
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'dora'"),
                     1);
    int64_t seq = rig_int(rig, "select last_seq from recovery_case where customer_id = 'dora'");
    assert_history(&calls[0].sub.cmd.result_case_id, seq);
    assert_int_equal(rig_int(rig, "select count(*) from signal s join recovery_case c using"
                                  " (tenant_id, case_id) where c.customer_id = 'dora'"),
                     MANY);
    for (int i = 0; i < MANY; i++)
        call_free(&calls[i]);
    assert_sound(rig);
}

/* A case and its parts are read at one instant, whatever happens meanwhile: each claim that joins
 * adds a contact on the row and a signal. */
static void test_reads_are_of_one_version(void **state)
{
    size_t left = MANY, seen = 0;
    (void)state;
    call_open(rig, &calls[MANY], (struct opening){NULL, "ron", "delivery.late", "R-1"});
    call_run(rig, &calls[MANY]);
    for (int i = 0; i < MANY; i++) {
        call_open(rig, &calls[i], (struct opening){NULL, "ron", "delivery.late", "R-1"});
        calls[i].left = &left;
        store_submit(rig->store, &calls[i].sub);
    }
    while (left > 0) {
        struct reading x, h;
        size_t before = left;
        reading_init(rig, &x);
        reading_init(rig, &h);
        store_read_cases(rig->store, &x.read, &calls[MANY].sub.cmd.result_case_id, 1, CASE_PARTS);
        store_read_events(rig->store, &h.read, &calls[MANY].sub.cmd.result_case_id, 0, 1000);
        rig_run(rig, &x.done);
        rig_run(rig, &h.done);
        assert_int_equal(x.read.cases[0].row.contacts, x.read.cases[0].signals.n);
        assert_int_equal(h.read.cases[0].row.last_seq, h.read.events.n);
        assert_int_equal(h.read.events.n, h.read.privates.n);
        seen += left != before;
        reading_free(&x);
        reading_free(&h);
    }
    assert_true(seen > 10);
    for (int i = 0; i <= MANY; i++)
        call_free(&calls[i]);
}

/* Two natural keys at once, each with a case, and a customer with two orders. */
static void test_customers_do_not_mix(void **state)
{
    char who[32];
    (void)state;
    for (int i = 0; i < 2 * MANY; i++) {
        (void)snprintf(who, sizeof(who), "eve%d", i % MANY);
        call_open(rig, &calls[i],
                  (struct opening){NULL, who, "delivery.late", i < MANY ? "E-1" : "E-2"});
    }
    calls_run(rig, calls, 2 * MANY);
    for (int i = 0; i < 2 * MANY; i++) {
        assert_ok(&calls[i]);
        assert_false(calls[i].sub.cmd.joined);
        call_free(&calls[i]);
    }
    assert_int_equal(
        rig_int(rig, "select count(*) from recovery_case where customer_id like 'eve%%'"),
        2 * MANY);
    assert_sound(rig);
}

/* A case that is not open any more is not joined. */
static void test_closed_case_is_not_joined(void **state)
{
    (void)state;
    call_open(rig, &calls[0], (struct opening){NULL, "fay", "delivery.late", "F-1"});
    call_run(rig, &calls[0]);
    rig_exec(rig, "update recovery_case set status = 7 where customer_id = 'fay';"
                  " delete from case_work where case_id in (select case_id from recovery_case"
                  " where customer_id = 'fay'); delete from open_claim where customer_id = 'fay';"
                  " insert into case_ended select tenant_id, owner_id, opened_at, case_id"
                  " from recovery_case where customer_id = 'fay'");
    call_open(rig, &calls[1], (struct opening){NULL, "fay", "delivery.late", "F-1"});
    call_run(rig, &calls[1]);
    assert_ok(&calls[1]);
    assert_false(calls[1].sub.cmd.joined);
    assert_false(uuid_eq(&calls[0].sub.cmd.result_case_id, &calls[1].sub.cmd.result_case_id));
    call_free(&calls[0]);
    call_free(&calls[1]);
    assert_sound(rig);
}

/* -- agents ----------------------------------------------------------------------------------- */

static void put_agent(const char *id, int capacity)
{
    Amends__V1__PutAgentRequest put = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    Amends__V1__SetPresenceRequest presence = AMENDS__V1__SET_PRESENCE_REQUEST__INIT;
    Amends__V1__Agent agent = AMENDS__V1__AGENT__INIT;
    Amends__V1__Skill skill = AMENDS__V1__SKILL__INIT, *skills[] = {&skill};
    char code[] = "information";
    struct call c;
    skill.code = code;
    skill.level = 1;
    agent.skills = skills;
    agent.n_skills = 1;
    agent.agent_id = strdup(id);
    agent.level = 1;
    agent.capacity = capacity;
    put.agent = &agent;
    call_init(rig, &c, &put_agent_kind, &put.base);
    c.sub.cmd.agent_id = id;
    call_run(rig, &c);
    assert_ok(&c);
    assert_true(c.sub.cmd.created);
    call_free(&c);
    presence.presence = AMENDS__V1__PRESENCE__PRESENCE_AVAILABLE;
    call_init(rig, &c, &set_presence_kind, &presence.base);
    c.sub.cmd.agent_id = id;
    c.sub.cmd.principal = id;
    call_run(rig, &c);
    assert_ok(&c);
    assert_true(c.answered);
    call_free(&c);
    free(agent.agent_id);
}

static struct agent_row read_agent(struct reading *x, const char *id)
{
    const char *const ids[] = {"nobody", id};
    reading_init(rig, x);
    store_read_agents(rig->store, &x->read, ids, 2);
    rig_run(rig, &x->done);
    assert_false(fault_is_set(&x->read.fault));
    assert_int_equal(x->read.agents.n, 1);
    return *ROW_AT(&x->read.agents, struct agent_row, 0);
}

static void offer(const struct uuid *case_id, const char *agent_id, bool accepted)
{
    struct offer_case_args args = {.generation = 1, .accepted = accepted};
    struct call c;
    call_init(rig, &c, &offer_case_kind, NULL);
    c.sub.cmd.case_id = *case_id;
    c.sub.cmd.agent_id = agent_id;
    c.sub.cmd.args = &args;
    c.sub.cmd.principal = SYSTEM_ACTOR;
    call_run(rig, &c);
    assert_ok(&c);
    call_free(&c);
}

static void test_agent_takes_cases(void **state)
{
    struct reading x;
    (void)state;
    put_agent("gina", 2);
    assert_int_equal(routed.agents, 1);
    assert_int_equal(routed.room, 1);
    for (int i = 0; i < 2; i++) {
        call_open(rig, &calls[i], (struct opening){NULL, "gus", "information", i ? "G-1" : "G-2"});
        call_run(rig, &calls[i]);
        assert_ok(&calls[i]);
    }
    offer(&calls[0].sub.cmd.result_case_id, "gina", false);
    assert_int_equal(routed.removed, 1);
    assert_int_equal(routed.queued, 0);
    assert_int_equal(routed.offers, 1);
    assert_int_equal(routed.timers, 1);
    struct agent_row gina = read_agent(&x, "gina");
    assert_int_equal(gina.counted_cases, 0);
    assert_int_equal(gina.pending_weight, 1);
    reading_free(&x);
    offer(&calls[1].sub.cmd.result_case_id, "gina", true);
    assert_int_equal(routed.removed, 1);
    gina = read_agent(&x, "gina");
    assert_int_equal(gina.counted_cases, 1);
    assert_int_equal(gina.pending_weight, 1);
    reading_free(&x);
    assert_int_equal(rig_int(rig, "select count(*) from case_work where waits_since is not null"
                                  " and owner_id = 'gina'"),
                     0);
    call_free(&calls[0]);
    call_free(&calls[1]);
    assert_sound(rig);
}

/* An offer that ends unaccepted, and a case that is not the agent's any more, make room. */
static void test_room_is_told(void **state)
{
    Amends__V1__DeclineOfferRequest decline = AMENDS__V1__DECLINE_OFFER_REQUEST__INIT;
    char case_id[UUID_TEXT_LEN + 1], offer_id[UUID_TEXT_LEN + 1];
    char request_id[] = "7e57ab1e-0000-4000-8000-0000000000aa", reason[] = "busy";
    struct call c;
    (void)state;
    put_agent("rosa", 1);
    call_open(rig, &calls[0], (struct opening){NULL, "rudi", "information", "R-1"});
    call_run(rig, &calls[0]);
    offer(&calls[0].sub.cmd.result_case_id, "rosa", false);
    assert_int_equal(routed.room, 1); /* she is available: only a hint */
    const char *id = rig_value(rig, "select offer_id from offer where agent_id = 'rosa'");
    (void)snprintf(offer_id, sizeof(offer_id), "%s", id);
    decline.request_id = request_id;
    decline.case_id = uuid_format(&calls[0].sub.cmd.result_case_id, case_id);
    decline.offer_id = offer_id;
    decline.reason = reason;
    call_init(rig, &c, &decline_offer_kind, &decline.base);
    c.sub.cmd.principal = c.sub.cmd.agent_id = "rosa";
    call_run(rig, &c);
    assert_ok(&c);
    assert_int_equal(routed.offers, 1);
    assert_int_equal(routed.room, 1);
    assert_int_equal(routed.queued, 1); /* others may have it now */
    assert_int_equal(routed.removed, 0);
    call_free(&c);
    call_free(&calls[0]);
    assert_sound(rig);
}

static void test_list_agents(void **state)
{
    struct reading x;
    (void)state;
    put_agent("zoe", 1);
    put_agent("zack", 1);
    reading_init(rig, &x);
    store_list_agents(rig->store, &x.read, "yann", 10);
    rig_run(rig, &x.done);
    assert_int_equal(x.read.agents.n, 2);
    assert_string_equal(ROW_AT(&x.read.agents, struct agent_row, 0)->agent_id, "zack");
    assert_string_equal(ROW_AT(&x.read.agents, struct agent_row, 1)->agent_id, "zoe");
    reading_free(&x);
    reading_init(rig, &x);
    store_list_agents(rig->store, &x.read, "yann", 1);
    rig_run(rig, &x.done);
    assert_int_equal(x.read.agents.n, 1);
    reading_free(&x);
}

/* -- refusals --------------------------------------------------------------------------------- */

static void test_unknown_case(void **state)
{
    struct offer_case_args args = {.generation = 1};
    struct call c;
    (void)state;
    call_init(rig, &c, &offer_case_kind, NULL);
    c.sub.cmd.case_id = (struct uuid){{9}};
    c.sub.cmd.agent_id = "nobody";
    c.sub.cmd.args = &args;
    c.sub.cmd.principal = SYSTEM_ACTOR;
    call_run(rig, &c);
    assert_int_equal(c.sub.cmd.fault.code, FAULT_NOT_FOUND);
    assert_int_equal(c.sub.cmd.fault.reason, ERROR_REASON_CASE_NOT_FOUND);
    call_free(&c);
}

/* Makes a version the current one, as another process would. */
static void move_policy(int version, const char *source)
{
    rig_exec(rig,
             "insert into policy_version select tenant_id, %d, '%s', created_at, created_by"
             " from policy_version where version = 1; update tenant set policy_version = %d",
             version, source, version);
}

static int64_t version_of(const char *customer)
{
    return rig_int(rig, "select policy_version from recovery_case where customer_id = '%s'",
                   customer);
}

/* The tenant's policy has moved on to a version that is not here yet: a case is opened under it as
 * soon as it has come, in the same call, and never under the old one. */
static void test_policy_moves(void **state)
{
    (void)state;
    move_policy(2, "default");
    call_open(rig, &calls[0], (struct opening){NULL, "hal", "delivery.late", "H-1"});
    call_run(rig, &calls[0]);
    assert_ok(&calls[0]);
    call_free(&calls[0]);
    assert_int_equal(version_of("hal"), 2);
    assert_int_equal(tenants_find(rig->tenants, "demo")->policy_version, 2);
    /* A case of before stays with its own. */
    call_open(rig, &calls[0], (struct opening){NULL, "ada", "billing.overcharge", "A-1"});
    call_run(rig, &calls[0]);
    assert_ok(&calls[0]);
    assert_true(calls[0].sub.cmd.joined);
    call_free(&calls[0]);
    assert_int_equal(version_of("ada"), 1);
    assert_sound(rig);
}

/* A process that has met the current version only decides a case of an older one. */
static void test_pinned_version_is_loaded(void **state)
{
    struct rig *other = rig_join(rig);
    (void)state;
    rig_connect(other, NULL);
    call_open(other, &calls[0], (struct opening){NULL, "ada", "billing.overcharge", "A-1"});
    call_run(other, &calls[0]);
    assert_ok(&calls[0]);
    assert_true(calls[0].sub.cmd.joined);
    call_free(&calls[0]);
    assert_int_equal(version_of("ada"), 1);
    rig_free(other);
}

/* Decided by the version the command names, and nothing of it is kept. */
static void test_dry_run_writes_nothing(void **state)
{
    (void)state;
    call_open(rig, &calls[0], (struct opening){NULL, "dry", "delivery.late", "D-1"});
    calls[0].sub.cmd.dry_run = true;
    calls[0].sub.cmd.policy_version = 1;
    call_run(rig, &calls[0]);
    assert_ok(&calls[0]);
    assert_true(calls[0].answered);
    call_free(&calls[0]);
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'dry'"),
                     0);
    assert_int_equal(rig_int(rig, "select count(*) from dedup d where not exists (select from"
                                  " recovery_case c where c.case_id = d.case_id)"),
                     0);
}

/* No case is opened under a version that this program cannot compile, nor under an older one. */
static void test_policy_that_does_not_compile(void **state)
{
    (void)state;
    move_policy(3, "no such bundle");
    for (int i = 0; i < 2; i++) {
        call_open(rig, &calls[0], (struct opening){NULL, "ivy", "delivery.late", "I-1"});
        call_run(rig, &calls[0]);
        assert_int_equal(calls[0].sub.cmd.fault.code, FAULT_INTERNAL);
        call_free(&calls[0]);
    }
    call_open(rig, &calls[0], (struct opening){NULL, "ivy", "delivery.late", "I-1"});
    calls[0].sub.cmd.policy_version = 77;
    call_run(rig, &calls[0]);
    assert_int_equal(calls[0].sub.cmd.fault.code, FAULT_NOT_FOUND);
    assert_int_equal(calls[0].sub.cmd.fault.reason, ERROR_REASON_POLICY_NOT_FOUND);
    call_free(&calls[0]);
    rig_exec(rig, "delete from policy_version where version = 3;"
                  " update tenant set policy_version = 2");
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'ivy'"),
                     0);
}

/* A command that the machinery gives up ends with its fault. */
static void test_deadline(void **state)
{
    (void)state;
    call_open(rig, &calls[0], (struct opening){NULL, "ida", "delivery.late", "I-1"});
    calls[0].sub.seg.deadline_us = time_mono_us() - 1;
    call_run(rig, &calls[0]);
    assert_int_equal(calls[0].sub.cmd.fault.code, FAULT_DEADLINE_EXCEEDED);
    assert_false(calls[0].answered);
    call_free(&calls[0]);
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'ida'"),
                     0);
}

static void declare_foreign_keys(void)
{
    static char sql[1 << 16];
    FILE *f = fopen(FOREIGN_KEYS, "r");
    assert_non_null(f);
    sql[fread(sql, 1, sizeof(sql) - 1, f)] = '\0';
    (void)fclose(f);
    rig_exec(rig, "%s", sql);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("store", NULL, 0);
    declare_foreign_keys();
    rig->route = on_route;
    rig_connect(rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_read),
        cmocka_unit_test(test_other_tenant_sees_nothing),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_one_request_id_a_hundred_times),
        cmocka_unit_test(test_repeat_claims_join),
        cmocka_unit_test(test_reads_are_of_one_version),
        cmocka_unit_test(test_customers_do_not_mix),
        cmocka_unit_test(test_closed_case_is_not_joined),
        cmocka_unit_test(test_agent_takes_cases),
        cmocka_unit_test(test_room_is_told),
        cmocka_unit_test(test_list_agents),
        cmocka_unit_test(test_unknown_case),
        cmocka_unit_test(test_policy_moves),
        cmocka_unit_test(test_pinned_version_is_loaded),
        cmocka_unit_test(test_dry_run_writes_nothing),
        cmocka_unit_test(test_policy_that_does_not_compile),
        cmocka_unit_test(test_deadline),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
