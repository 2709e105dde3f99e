/* SPDX-License-Identifier: Apache-2.0 */

/* PutAgent and presence: decided under the agent's key. */

#include <stdio.h>
#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"
#include "assignment/decide/agent_change.h"
#include "assignment/validate.h"
#include "base/assert.h"
#include "case/people/agent_text.h"
#include "case/people/presence.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"

static bool require_version(struct decision *d)
{
    const int64_t version = d->agent ? d->agent->version : 0;
    const int64_t expected = d->cmd->expected_version;
    if (expected == 0 || expected == version)
        return true;
    fault_set(&d->cmd->fault, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH,
              "the agent has version %lld, not %lld", (long long)version, (long long)expected);
    fault_meta(&d->cmd->fault, "current_version", "%lld", (long long)version);
    fault_meta(&d->cmd->fault, "expected_version", "%lld", (long long)expected);
    return false;
}

/* Of the list of skills that a warning tells. */
#define SKILLS_TOLD_BYTES 512

/* -- PutAgent ---------------------------------------------------------------------------------- */

static const char *keep(struct decision *d, const char *text)
{
    char *copy = arena_strdup(d->arena, text);
    AM_ASSERT(copy != NULL);
    return copy;
}

/* The row to write: the agent's own, or a new one that is OFFLINE. */
static struct agent_row *row_to_put(struct decision *d, const char *agent_id)
{
    if (d->agent)
        return agent_change(d);
    struct agent_row *a = ROWS_ADD(&d->agents_out, struct agent_row, d->arena);
    a->tenant_id = d->cmd->tenant_id;
    a->agent_id = keep(d, agent_id);
    a->presence = PRESENCE_OFFLINE;
    a->presence_at = d->now_us;
    a->idle_since = d->now_us;
    d->cmd->created = true;
    return a;
}

static void copy_in(struct decision *d, struct agent_row *a, const Amends__V1__Agent *given)
{
    a->version++;
    a->display_name = keep(d, given->display_name);
    a->public_contact = keep(d, given->public_contact);
    a->team = keep(d, given->team);
    a->email = keep(d, given->email);
    a->notice_language = keep(d, given->notice_language);
    a->level = (int16_t)given->level;
    a->capacity = given->capacity;
    a->skills = agent_text_skills(given->skills, given->n_skills, d->arena);
    a->languages = agent_text_languages(given->languages, given->n_languages, d->arena);
    a->authorities = agent_text_authorities(given->authorities, given->n_authorities, d->arena);
    AM_ASSERT(a->skills && a->languages && a->authorities);
}

/* The skills that failures of the policy ask for, "billing, delivery", as far as they fit. */
static void list_skills(const struct policy *p, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < p->n_failures && used < size; i++) {
        const char *skill = p->failures[i].skill;
        size_t first = 0;
        while (strcmp(p->failures[first].skill, skill) != 0)
            first++;
        if (*skill && first == i)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", skill);
    }
}

static bool skill_is_asked_for(const struct policy *p, const char *skill)
{
    for (size_t i = 0; i < p->n_failures; i++)
        if (strcmp(p->failures[i].skill, skill) == 0)
            return true;
    return false;
}

/* A skill that no failure asks for brings the agent no case. It is stored all the same, because the
 * policy that asks for it may come later. */
static void warn_of_skills(struct decision *d, const Amends__V1__Agent *given)
{
    struct command *cmd = d->cmd;
    char known[SKILLS_TOLD_BYTES];
    list_skills(d->policy, known, sizeof known);
    cmd->warnings = ARENA_ARRAY(cmd->arena, char *, given->n_skills + 1);
    for (size_t i = 0; i < given->n_skills; i++) {
        const char *code = given->skills[i]->code;
        if (skill_is_asked_for(d->policy, code))
            continue;
        char *text =
            arena_printf(cmd->arena,
                         "agent.skills[%zu].code: no failure of policy version %d asks for "
                         "the skill %s; the skills asked for are: %s",
                         i, d->policy->version, code, *known ? known : "none");
        AM_ASSERT(text != NULL);
        cmd->warnings[cmd->n_warnings++] = text;
    }
}

/* Whether the actor is an agent and nothing more. Where callers are believed, agents are told from
 * applications by having a row; a credential says more: a lead may be an agent and put agents. */
static bool is_only_agent(const struct decision *d, uint32_t roles)
{
    return d->actor && !(d->cmd->roles & roles);
}

static void put_agent(struct decision *d)
{
    const Amends__V1__PutAgentRequest *r = (const void *)d->cmd->request;
    if (is_only_agent(d, ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_ADMIN))) {
        fault_set(&d->cmd->fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_A_CLIENT_APPLICATION,
                  "an agent may not change agents, unless a credential gives them the role CLIENT "
                  "or ADMIN");
        return;
    }
    if (!require_version(d))
        return;
    /* Policy may have named a steward since the request was validated. */
    if (steward_level(d->policy, r->agent->agent_id)) {
        fault_violation(&d->cmd->fault, "agent.agent_id", "is the steward of level %d",
                        steward_level(d->policy, r->agent->agent_id));
        return;
    }
    copy_in(d, row_to_put(d, r->agent->agent_id), r->agent);
    warn_of_skills(d, r->agent);
}

static void name_put_agent(const ProtobufCMessage *request, struct command *cmd)
{
    cmd->agent_id = ((const Amends__V1__PutAgentRequest *)request)->agent->agent_id;
}

const struct command_kind put_agent_kind = {
    .name = "PutAgent",
    .validate = put_agent_validate,
    .name_agent = name_put_agent,
    .decide = put_agent,
    .response = &amends__v1__put_agent_response__descriptor,
};

/* -- presence ---------------------------------------------------------------------------------- */

static bool require_agent(struct decision *d)
{
    if (d->agent)
        return true;
    fault_set(&d->cmd->fault, FAULT_NOT_FOUND, ERROR_REASON_AGENT_NOT_FOUND, "no agent %s",
              d->cmd->agent_id);
    fault_meta(&d->cmd->fault, "agent_id", "%s", d->cmd->agent_id);
    return false;
}

static void change_presence(struct decision *d, int presence, int cause)
{
    struct agent_row *a = agent_change(d);
    presence_change(a, presence, cause, d->now_us);
    a->version++;
}

static void set_presence(struct decision *d)
{
    const Amends__V1__SetPresenceRequest *r = (const void *)d->cmd->request;
    if (!require_agent(d))
        return;
    if (is_only_agent(d, ROLE_BIT(ROLE_CLIENT)) &&
        strcmp(d->actor->agent_id, d->agent->agent_id) != 0) {
        fault_set(&d->cmd->fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_A_CLIENT_APPLICATION,
                  "an agent may set its own presence only, unless a credential gives them the role "
                  "CLIENT");
        return;
    }
    if (require_version(d))
        change_presence(d, r->presence, PRESENCE_CAUSE_CALLER);
}

static void name_present_agent(const ProtobufCMessage *request, struct command *cmd)
{
    const char *id = ((const Amends__V1__SetPresenceRequest *)request)->agent_id;
    cmd->agent_id = *id ? id : cmd->principal;
}

const struct command_kind set_presence_kind = {
    .name = "SetPresence",
    .validate = set_presence_validate,
    .name_agent = name_present_agent,
    .decide = set_presence,
    .response = &amends__v1__set_presence_response__descriptor,
};

static bool require_available(struct decision *d)
{
    if (!require_agent(d))
        return false;
    if (d->agent->presence == PRESENCE_AVAILABLE)
        return true;
    fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
              "the agent is not available");
    return false;
}

static void stream_gone(struct decision *d)
{
    const struct stream_args *args = d->cmd->args;
    if (!require_available(d))
        return;
    if (d->agent->presence_at > args->seen_us)
        fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
                  "presence was set after the stream was last seen");
    else
        change_presence(d, PRESENCE_AWAY, args->cause);
}

const struct command_kind stream_gone_kind = {.name = "StreamGone", .decide = stream_gone};

/* Only what the loss of streams took is given back: an agent who leaves offers unanswered while the
 * stream is open would be asked for ever. */
static void stream_returned(struct decision *d)
{
    if (!require_agent(d))
        return;
    if (d->agent->presence == PRESENCE_AWAY &&
        presence_cause(d->agent) == PRESENCE_CAUSE_STREAMS_GONE)
        change_presence(d, PRESENCE_AVAILABLE, PRESENCE_CAUSE_STREAM_RETURNED);
    else
        fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
                  "presence was not taken by the system, or was set since");
}

const struct command_kind stream_returned_kind = {.name = "StreamReturned",
                                                  .decide = stream_returned};
