/* SPDX-License-Identifier: Apache-2.0 */

/* MigrateCase: a case follows another policy version, its ladder and its clocks. */

#include <stdio.h>
#include <string.h>

#include "policy/compile/bundle.h"
#include "rig.h"

static struct migrate_result result;
static const struct migrate_args args = {.result = &result};
static struct policy *before; /* rows that were not read anew still have its texts */

static void with_args(struct command *cmd, void *ctx)
{
    const struct world *w = ctx;
    cmd->args = &args;
    cmd->case_id = w->c.row.case_id;
    cmd->policy_version = w->policy->version;
}

/* Makes these sections version 2, and moves the case to it. */
static void migrate(struct world *w, const char *sections)
{
    struct fault fault;
    char source[4096];
    fault_init(&fault, &w->arena);
    (void)snprintf(source, sizeof(source), "amends: 1\n%s", sections);
    struct policy *p = policy_compile(2, source, &fault);
    if (!p)
        fail_msg("%s: %s", fault.violations[0].key, fault.violations[0].text);
    before = w->policy;
    w->policy = p;
    memset(&result, 0xff, sizeof(result));
    world_run_with(w, &migrate_case_kind, "crm", NULL, with_args, w);
}

static void end(struct world *w)
{
    world_free(w);
    policy_free(before);
    before = NULL;
}

static struct clock_row *clock_named(struct world *w, const char *name)
{
    ROWS_EACH (k, struct clock_row, &w->c.clocks) {
        if (strcmp(k->name, name) == 0)
            return k;
    }
    fail_msg("no clock %s", name);
    return NULL;
}

static void a_deadline_moves(void **state)
{
    struct world *w = world_with_case();
    const int64_t seq = w->c.row.last_seq, start_us = clock_named(w, "resolution")->started_at;
    (void)state;
    w->now_us += HOUR_US;
    migrate(w, "clocks:\n  resolution: {kind: resolution, target: 2h}\n");
    assert_written(w);
    assert_true(result.moved && result.changed);
    assert_false(result.breaching);
    assert_int_equal(w->c.row.policy_version, 2);
    assert_int_equal(clock_named(w, "resolution")->due_at, start_us + 2 * HOUR_US);
    assert_int_equal(clock_named(w, "first_response")->state, CLOCK_STATE_CANCELLED);
    assert_int_equal(w->c.row.last_seq, seq + 1);
    const struct event_row *e = world_event(w, 0);
    assert_int_equal(e->kind, EVENT_KIND_POLICY_MIGRATED);
    assert_string_equal(e->actor, "crm");
    assert_int_equal(world_detail(w, e)->policy_version, 2);
    assert_chain_intact(w);
    end(w);
}

static void what_is_late_now_is_told(void **state)
{
    struct world *w = world_with_case();
    const int64_t old_us = clock_named(w, "resolution")->due_at;
    (void)state;
    w->now_us += 3 * HOUR_US;
    migrate(w, "clocks:\n  resolution: {kind: resolution, target: 2h}\n");
    const struct clock_row *k = clock_named(w, "resolution");
    assert_true(result.breaching);
    assert_true(uuid_eq(&result.clock_id, &k->clock_id));
    assert_string_equal(result.name, "resolution");
    assert_int_equal(result.old_due_us, old_us);
    assert_int_equal(result.new_due_us, k->due_at);
    /* It is looked at at once, and breaches by its deadline. */
    assert_int_equal(k->state, CLOCK_STATE_RUNNING);
    assert_true(k->next_at != 0 && k->next_at <= w->now_us);
    world_fire(w, clock_named(w, "resolution"));
    assert_int_equal(clock_named(w, "resolution")->state, CLOCK_STATE_BREACHED);
    assert_int_equal(clock_named(w, "resolution")->breached_at, result.new_due_us);
    end(w);
}

static void nothing_differs(void **state)
{
    struct world *w = world_with_case();
    (void)state;
    migrate(w, "promises: {ahead: 30d}\n");
    assert_written(w); /* of another version, that says the same about its clocks */
    assert_true(result.moved);
    assert_false(result.changed || result.breaching);
    const int64_t seq = w->c.row.last_seq;
    world_run_with(w, &migrate_case_kind, "crm", NULL, with_args, w);
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_false(result.moved || result.changed);
    assert_int_equal(w->c.row.last_seq, seq);
    end(w);
}

#define TWO_LEVELS                                                                                 \
    "ladder:\n"                                                                                    \
    "  - {name: desk, steward: {id: desk, name: D, contact: c, hours: h}, action: inform,"         \
    " cost_per_touch: 1, authority: {all: 100, apology: unlimited, explanation: unlimited}}\n"     \
    "  - {name: board, steward: {id: board, name: B, contact: c, hours: h}, action: inform,"       \
    " cost_per_touch: 2, authority: {all: unlimited}, clock: {target: 8h}}\n"

static void the_new_stewards_desk(void **state)
{
    struct world *w = world_with_case();
    (void)state;
    migrate(w, TWO_LEVELS);
    assert_written(w);
    assert_string_equal(w->c.row.owner_id, "desk");
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_POLICY_MIGRATED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OWNER_CHANGED);
    assert_int_equal(w->c.queue.n, 1);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->generation,
                     w->c.row.assignment_generation);
    assert_int_equal(w->notifications.n, 1); /* the new desk; the old one was renamed by people */
    const struct notification_row *n = ROW_AT(&w->notifications, struct notification_row, 0);
    assert_string_equal(n->recipient, "desk");
    assert_int_equal(n->kind, NOTIFICATION_KIND_GIVEN);
    assert_int_equal(n->ask, NOTIFICATION_ASK_ASSIGN);
    assert_chain_intact(w);
    end(w);
}

/* The new ladder ends below the case. */
static void down_to_the_top(void **state)
{
    struct world *w = world_with_case();
    (void)state;
    struct decision *d = world_decision(w, "amends");
    ladder_climb(d, ESCALATION_CAUSE_HAND, 4, "amends", NULL);
    world_commit(w);
    w->now_us += HOUR_US;
    migrate(w, TWO_LEVELS);
    assert_written(w);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.level_since, w->now_us);
    assert_string_equal(w->c.row.owner_id, "board");
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->level, 2);
    assert_chain_intact(w);
    end(w);
}

/* The case was at this level before. The clock of that time has ended, and is not the one that runs
 * now. */
static void down_to_a_level_that_it_has_left(void **state)
{
    struct world *w = world_with_case();
    (void)state;
    for (int level = 2; level <= 4; level++) {
        w->now_us += HOUR_US;
        ladder_climb(world_decision(w, "amends"), ESCALATION_CAUSE_HAND, level, "amends", NULL);
        world_commit(w);
    }
    assert_false(clock_is_open(clock_named(w, "level.2")));
    w->now_us += HOUR_US;
    migrate(w, TWO_LEVELS);
    assert_written(w);
    const struct clock_row *k = clock_named(w, "level.2");
    assert_int_equal(k->state, CLOCK_STATE_RUNNING);
    assert_int_equal(k->instance, 2);
    assert_int_equal(k->started_at, w->now_us);
    assert_int_equal(k->next_at, w->now_us + 8 * HOUR_US);
    end(w);
}

static void an_agent_stays_the_owner(void **state)
{
    struct world *w = rig_owned();
    (void)state;
    migrate(w, TWO_LEVELS);
    assert_written(w);
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_POLICY_MIGRATED);
    end(w);
}

static void a_final_case_is_left_alone(void **state)
{
    struct world *w = rig_owned();
    (void)state;
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    rig_close(w, "ann");
    assert_written(w);
    const int64_t seq = w->c.row.last_seq;
    migrate(w, "clocks:\n  resolution: {kind: resolution, target: 2h}\n");
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_false(result.moved);
    assert_int_equal(w->c.row.last_seq, seq);
    assert_int_equal(w->c.row.policy_version, 1);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_moves),
        cmocka_unit_test(what_is_late_now_is_told),
        cmocka_unit_test(nothing_differs),
        cmocka_unit_test(the_new_stewards_desk),
        cmocka_unit_test(down_to_the_top),
        cmocka_unit_test(down_to_a_level_that_it_has_left),
        cmocka_unit_test(an_agent_stays_the_owner),
        cmocka_unit_test(a_final_case_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
