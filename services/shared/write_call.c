/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "base/list.h"
#include "case/command/request.h"
#include "case/model/decision.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "shared/service.h"
#include "shared/show.h"

bool service_refuses_system(struct rpc_call *call)
{
    struct fault fault;
    const struct rpc_principal *who = rpc_call_principal(call);
    if (strcmp(who->id, SYSTEM_ACTOR) != 0 && strcmp(who->via, SYSTEM_ACTOR) != 0)
        return false;
    fault_init(&fault, rpc_call_arena(call));
    fault_set(&fault, FAULT_UNAUTHENTICATED, ERROR_REASON_PRINCIPAL_INVALID,
              "the principal '%s' is reserved for the system", SYSTEM_ACTOR);
    rpc_fail(call, &fault);
    return true;
}

/* A call that writes: its tenant, command and answer. */
struct write_call {
    struct service *service;
    struct rpc_call *call;
    const struct command_kind *kind;
    struct fault fault;
    struct submission sub;
    struct write_answer answer;
};

/* -- the response ------------------------------------------------------------------------------ */

/* The agent whom the command names, else the first one that it wrote. */
static const struct agent_row *agent_written(const struct decision *d)
{
    ROWS_EACH (agent, const struct agent_row, &d->agents_out)
        if (d->cmd->agent_id && strcmp(agent->agent_id, d->cmd->agent_id) == 0)
            return agent;
    return d->agents_out.n > 0 ? ROW_AT(&d->agents_out, const struct agent_row, 0) : NULL;
}

/* True when a replayed OpenCase has read no case, or another one than it opened. */
static bool shows_other_case(const struct command *cmd, const struct write_rows *rows)
{
    return cmd->replayed && !uuid_is_zero(&cmd->result_case_id) &&
           !(rows->c && uuid_eq(&rows->c->row.case_id, &cmd->result_case_id));
}

/* Builds the response while the command is decided, so that nothing is written whose response is
 * too large. */
static void make_response(struct command *cmd, const struct decision *d)
{
    struct write_call *w = CONTAINER_OF(cmd, struct write_call, sub.cmd);
    const struct write_rows rows = {.c = d->c && d->c->exists ? d->c : NULL,
                                    .agent = agent_written(d)};
    w->answer.response = NULL;
    if (!shows_other_case(cmd, &rows))
        write_answer_make(&w->answer, &rows, &cmd->fault);
}

/* Of a case that the call itself has opened the answer shows what the caller has just said. */
static bool shows_own_words(const struct write_call *w)
{
    const struct command *cmd = &w->sub.cmd;
    return cmd->kind->needs_customer && !cmd->joined && !cmd->replayed;
}

static void answer_write(struct write_call *w)
{
    if (!shows_own_words(w) &&
        !show_personal(w->service, w->call, w->sub.cmd.tenant_id, w->answer.response, NULL, false,
                       &w->answer.arena, &w->fault)) {
        rpc_fail(w->call, &w->fault);
        return;
    }
    if (w->sub.cmd.replayed)
        rpc_call_set_replayed(w->call);
    rpc_reply(w->call, w->answer.response);
}

static void replay_made(struct write_answer *answer, const struct fault *fault)
{
    struct write_call *w = CONTAINER_OF(answer, struct write_call, answer);
    if (fault)
        rpc_fail(w->call, fault);
    else
        answer_write(w);
}

/* OpenCase cannot know its case's id beforehand: what it has read for a replay may be another one.
 */
static void finished(struct submission *sub)
{
    struct write_call *w = sub->ctx;
    if (fault_is_set(&sub->cmd.fault))
        rpc_fail(w->call, &sub->cmd.fault);
    else if (!w->answer.response)
        write_answer_replay(&w->answer, replay_made);
    else
        answer_write(w);
}

/* -- the command ------------------------------------------------------------------------------- */

static void fill_command(struct write_call *w, const struct tenant *tenant, int64_t now_us)
{
    struct command *cmd = &w->sub.cmd;
    w->sub.seg.deadline_us = rpc_call_deadline_us(w->call);
    w->sub.seg.cls = PG_SEG_CALL;
    w->sub.finished = finished;
    w->sub.ctx = w;
    cmd->kind = w->kind;
    cmd->arena = rpc_call_arena(w->call);
    cmd->tenant_id = tenant->id;
    cmd->tenant = tenant->name;
    cmd->principal = rpc_call_principal(w->call)->id;
    cmd->via = rpc_call_principal(w->call)->via;
    cmd->for_customer = rpc_call_principal(w->call)->for_customer;
    cmd->roles = rpc_call_principal(w->call)->proved ? rpc_call_principal(w->call)->roles : 0;
    cmd->seed = uuid_new(now_us);
    cmd->answer = make_response;
    fault_init(&cmd->fault, cmd->arena);
}

static void validate_write(struct write_call *w, const struct policy *policy, int64_t now_us)
{
    const ProtobufCMessage *request = rpc_call_request(w->call);
    fault_init(&w->fault, w->sub.cmd.arena);
    command_from_request(&w->sub.cmd, request, &w->fault);
    w->kind->validate(request, now_us, policy, &w->fault);
}

/* A new case follows the policy that is current when it is decided, and a replay is answered
 * whatever the time is. So the policy known here, which may have been replaced a moment ago, and
 * the present time are used only to tell more about a request that is wrong anyway. */
static void submit_write(struct write_call *w, const struct tenant *tenant)
{
    const ProtobufCMessage *request = rpc_call_request(w->call);
    const int64_t now_us = time_now_us(loop_time(w->service->loop));
    const struct policy *known =
        tenants_policy(w->service->tenants, tenant->id, tenant->policy_version);
    fill_command(w, tenant, now_us);
    validate_write(w, w->kind->needs_customer ? NULL : known, CHECK_FORM_ONLY);
    if (fault_is_set(&w->fault)) {
        validate_write(w, known, now_us);
        rpc_fail(w->call, &w->fault);
        return;
    }
    if (!show_may_write(w->service, &w->fault)) {
        rpc_fail(w->call, &w->fault);
        return;
    }
    if (w->kind->name_agent)
        w->kind->name_agent(request, &w->sub.cmd);
    store_submit(w->service->store, &w->sub);
}

static void on_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct write_call *w = ctx;
    if (tenant && !service_refuses_system(w->call))
        submit_write(w, tenant);
    else if (!tenant)
        rpc_fail(w->call, fault);
}

void service_write(struct rpc_call *call, void *service)
{
    struct service *s = service;
    struct arena *arena = rpc_call_arena(call);
    struct write_call *w = ARENA_NEW(arena, struct write_call);
    *w = (struct write_call){.service = s, .call = call, .kind = rpc_call_about(call)};
    fault_init(&w->fault, arena);
    write_answer_begin(&w->answer, s, call, &w->sub.cmd, w->kind->response);
    tenants_get(s->tenants, rpc_call_principal(call)->tenant, arena, on_tenant, w);
}
