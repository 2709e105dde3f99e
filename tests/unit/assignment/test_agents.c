/* SPDX-License-Identifier: Apache-2.0 */

/* PutAgent, SetPresence, streams that are gone. */

#include "contract/reasons.h"
#include "world.h"

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"
#include "case/people/presence.h"
#include "contract/words.h"

static void name_agent(struct command *cmd, void *agent_id)
{
    cmd->agent_id = agent_id;
}

static void put(struct world *w, const char *principal, char *id, int capacity, int64_t version)
{
    Amends__V1__Agent agent = AMENDS__V1__AGENT__INIT;
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    char language[] = "de";
    char *languages[] = {language};
    agent.agent_id = id;
    agent.level = 1;
    agent.capacity = capacity;
    agent.languages = languages;
    agent.n_languages = 1;
    r.agent = &agent;
    r.expected_version = version;
    world_run_with(w, &put_agent_kind, principal, &r.base, name_agent, id);
}

static const struct agent_row *agent(struct world *w, const char *id)
{
    ROWS_EACH (a, const struct agent_row, &w->agents)
        if (strcmp(a->agent_id, id) == 0)
            return a;
    fail_msg("no agent %s", id);
    return NULL;
}

static void new_agent_is_offline(void **state)
{
    (void)state;
    struct world *w = world_new();
    char id[] = "ann";
    put(w, "crm", id, 3, 0);
    assert_written(w);
    assert_true(w->cmd.created);
    assert_int_equal(agent(w, "ann")->presence, PRESENCE_OFFLINE);
    assert_int_equal(agent(w, "ann")->version, 1);
    assert_string_equal(agent(w, "ann")->languages, "de");
    const Amends__V1__Agent *shown = w->agent_after;
    assert_string_equal(shown->agent_id, "ann");
    world_free(w);
}

static void put_with_skill(struct world *w, char *code)
{
    char id[] = "ann";
    Amends__V1__Agent agent = AMENDS__V1__AGENT__INIT;
    Amends__V1__Skill skill = AMENDS__V1__SKILL__INIT;
    Amends__V1__Skill *skills[] = {&skill};
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    skill.code = code;
    skill.level = 3;
    agent.agent_id = id;
    agent.level = 1;
    agent.skills = skills;
    agent.n_skills = 1;
    r.agent = &agent;
    world_run_with(w, &put_agent_kind, "crm", &r.base, name_agent, id);
    assert_written(w);
}

static void a_skill_that_nothing_asks_for_is_stored_and_doubted(void **state)
{
    (void)state;
    struct world *w = world_new();
    char misspelt[] = "biling";
    put_with_skill(w, misspelt);
    assert_string_equal(agent(w, "ann")->skills, "biling:3");
    assert_int_equal(w->cmd.n_warnings, 1);
    assert_non_null(strstr(w->cmd.warnings[0], "agent.skills[0].code"));
    assert_non_null(strstr(w->cmd.warnings[0], "biling; the skills asked for are: "));
    assert_non_null(strstr(w->cmd.warnings[0], "billing"));
    char right[] = "billing";
    put_with_skill(w, right);
    assert_int_equal(w->cmd.n_warnings, 0);
    world_free(w);
}

static void replacing_keeps_presence(void **state)
{
    (void)state;
    struct world *w = world_new();
    char id[] = "ann";
    world_agent(w, "ann", 2);
    put(w, "crm", id, 5, 1);
    assert_written(w);
    assert_false(w->cmd.created);
    assert_int_equal(agent(w, "ann")->presence, PRESENCE_AVAILABLE);
    assert_int_equal(agent(w, "ann")->version, 2);
    assert_int_equal(agent(w, "ann")->level, 1);
    assert_int_equal(agent(w, "ann")->capacity, 5);
    world_free(w);
}

static void version_is_checked(void **state)
{
    (void)state;
    struct world *w = world_new();
    char known[] = "ann", unknown[] = "bob";
    world_agent(w, "ann", 1);
    put(w, "crm", known, 5, 4);
    assert_refused(w, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH);
    put(w, "crm", unknown, 5, 1);
    assert_refused(w, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH);
    world_free(w);
}

static void an_agent_may_not_put_agents(void **state)
{
    (void)state;
    struct world *w = world_new();
    char id[] = "ann";
    world_agent(w, "ann", 1);
    put(w, "ann", id, 100, 0);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_A_CLIENT_APPLICATION);
    world_free(w);
}

static void a_steward_is_no_agent(void **state)
{
    (void)state;
    struct world *w = world_new();
    char id[] = "steward";
    put(w, "crm", id, 1, 0);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    world_free(w);
}

static void presence(struct world *w, const char *principal, char *id, int to)
{
    Amends__V1__SetPresenceRequest r = AMENDS__V1__SET_PRESENCE_REQUEST__INIT;
    r.agent_id = id;
    r.presence = (Amends__V1__Presence)to;
    world_run_with(w, &set_presence_kind, principal, &r.base, name_agent, id);
}

static void presence_by_itself_and_by_applications(void **state)
{
    (void)state;
    struct world *w = world_new();
    char ann[] = "ann", nobody[] = "nobody";
    world_agent(w, "ann", 1);
    world_agent(w, "bob", 1);
    presence(w, "ann", ann, PRESENCE_AWAY);
    assert_written(w);
    presence(w, "bob", ann, PRESENCE_AVAILABLE);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_A_CLIENT_APPLICATION);
    w->now_us += HOUR_US;
    presence(w, "crm", ann, PRESENCE_AVAILABLE);
    assert_written(w);
    assert_int_equal(agent(w, "ann")->idle_since, w->now_us);
    assert_int_equal(agent(w, "ann")->version, 3);
    presence(w, "crm", nobody, PRESENCE_AWAY);
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_AGENT_NOT_FOUND);
    world_free(w);
}

struct gone {
    const char *agent_id;
    struct stream_args args;
};

static void gone_prepare(struct command *cmd, void *ctx)
{
    const struct gone *g = ctx;
    cmd->agent_id = g->agent_id;
    cmd->args = &g->args;
}

static void gone_stream_makes_away_once(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct gone g = {.agent_id = "ann", .args.seen_us = w->now_us + 1};
    world_agent(w, "ann", 1);
    w->now_us += HOUR_US;
    world_run_with(w, &stream_gone_kind, SYSTEM_ACTOR, NULL, gone_prepare, &g);
    assert_written(w);
    assert_int_equal(agent(w, "ann")->presence, PRESENCE_AWAY);
    world_run_with(w, &stream_gone_kind, SYSTEM_ACTOR, NULL, gone_prepare, &g);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

static void presence_set_after_the_stream_holds(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct gone g = {.agent_id = "ann", .args.seen_us = w->now_us + 1};
    char ann[] = "ann";
    world_agent(w, "ann", 1);
    w->now_us += HOUR_US;
    presence(w, "ann", ann, PRESENCE_AVAILABLE);
    world_run_with(w, &stream_gone_kind, SYSTEM_ACTOR, NULL, gone_prepare, &g);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_int_equal(agent(w, "ann")->presence, PRESENCE_AVAILABLE);
    world_free(w);
}

static void returned(struct world *w, struct gone *g)
{
    world_run_with(w, &stream_returned_kind, SYSTEM_ACTOR, NULL, gone_prepare, g);
}

static void what_the_loss_of_streams_took_is_given_back(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct gone g = {.agent_id = "ann",
                     .args = {.seen_us = w->now_us + 1, .cause = PRESENCE_CAUSE_STREAMS_GONE}};
    world_agent(w, "ann", 1);
    returned(w, &g);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    w->now_us += HOUR_US;
    world_run_with(w, &stream_gone_kind, SYSTEM_ACTOR, NULL, gone_prepare, &g);
    assert_int_equal(presence_cause(agent(w, "ann")), PRESENCE_CAUSE_STREAMS_GONE);
    w->now_us += HOUR_US;
    returned(w, &g);
    assert_written(w);
    assert_int_equal(agent(w, "ann")->presence, PRESENCE_AVAILABLE);
    assert_int_equal(agent(w, "ann")->idle_since, w->now_us);
    assert_int_equal(presence_cause(agent(w, "ann")), PRESENCE_CAUSE_STREAM_RETURNED);
    world_free(w);
}

static void what_somebody_set_is_not_given_back(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct gone g = {.agent_id = "ann",
                     .args = {.seen_us = w->now_us + 1, .cause = PRESENCE_CAUSE_OFFERS_UNANSWERED}};
    char ann[] = "ann";
    world_agent(w, "ann", 1);
    w->now_us += HOUR_US;
    world_run_with(w, &stream_gone_kind, SYSTEM_ACTOR, NULL, gone_prepare, &g);
    returned(w, &g); /* who does not answer is not there, stream or not */
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    presence(w, "crm", ann, PRESENCE_AWAY);
    assert_int_equal(presence_cause(agent(w, "ann")), PRESENCE_CAUSE_CALLER);
    returned(w, &g);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

/* A replica of the release before sets presence without its cause. */
static void an_old_replica_s_presence_counts(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct gone g = {.agent_id = "ann",
                     .args = {.seen_us = w->now_us + 1, .cause = PRESENCE_CAUSE_STREAMS_GONE}};
    world_agent(w, "ann", 1);
    w->now_us += HOUR_US;
    world_run_with(w, &stream_gone_kind, SYSTEM_ACTOR, NULL, gone_prepare, &g);
    (ROW_AT(&w->agents, struct agent_row, 0))->presence_at += HOUR_US;
    assert_int_equal(presence_cause(agent(w, "ann")), PRESENCE_CAUSE_CALLER);
    w->now_us += 2 * HOUR_US;
    returned(w, &g);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_int_equal(agent(w, "ann")->presence, PRESENCE_AWAY);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_agent_is_offline),
        cmocka_unit_test(a_skill_that_nothing_asks_for_is_stored_and_doubted),
        cmocka_unit_test(replacing_keeps_presence),
        cmocka_unit_test(version_is_checked),
        cmocka_unit_test(an_agent_may_not_put_agents),
        cmocka_unit_test(a_steward_is_no_agent),
        cmocka_unit_test(presence_by_itself_and_by_applications),
        cmocka_unit_test(gone_stream_makes_away_once),
        cmocka_unit_test(presence_set_after_the_stream_holds),
        cmocka_unit_test(what_the_loss_of_streams_took_is_given_back),
        cmocka_unit_test(what_somebody_set_is_not_given_back),
        cmocka_unit_test(an_old_replica_s_presence_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
